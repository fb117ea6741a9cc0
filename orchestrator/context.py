"""What every full page needs around its own content: the navigation, the theme and whom to ask."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from agents.models import Stop
from agents.stop_pages import open_stops_for
from approvals.queries import waiting_for
from orchestrator.accounts.models import User

THEMES = ("light", "dark")


@dataclass(frozen=True)
class Place:
    """One entry of the navigation.

    `key` is the second key of the shortcut that begins with G; `folders` are the first parts of the addresses below it.
    """

    name: str
    label: str
    icon: str
    key: str
    folders: tuple[str, ...]
    permission: str = ""


PLACES = (
    Place("inbox", "Inbox", "inbox", "i", ("inbox", "reviews")),
    Place("runs", "Runs", "runs", "r", ("runs", "batches")),
    Place("workflows", "Workflows", "flow", "w", ("workflows",), "workflows.view_workflow"),
    Place("agents", "Agents", "agent", "a", ("agents", "connections", "tools", "permissions"), "agents.view_agent"),
    Place("stops", "Stops", "stop", "s", ("stops",), "agents.view_agent"),
    Place("memory", "Memory", "think", "n", ("memory",), "agents.view_note"),
    Place("audit", "Audit", "audit", "u", ("audit",), "audit.read_audit"),
    Place("account", "Account", "user", "m", ("account",)),
)


@dataclass(frozen=True)
class Link:
    """A place as this reader sees it on this page."""

    place: Place
    url: str
    current: bool


class Shell:
    """The frame of a page. Everything in it is worked out when a template asks, so fragments cost nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.contact: str = settings.HOLDSHORT_SUPPORT_CONTACT

    @property
    def user(self) -> User | AnonymousUser:
        """The reader; anonymous when a page failed before anyone was recognised."""
        return getattr(self.request, "user", None) or AnonymousUser()

    @property
    def theme(self) -> str:
        """The theme the reader chose in this browser, or nothing when the system decides."""
        chosen = self.request.COOKIES.get("theme", "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def nav(self) -> list[Link]:
        """The places this reader may go to."""
        return [link for place in PLACES if self._may_go(place) and (link := self._link(place))]

    @cached_property
    def inbox_count(self) -> int:
        """How many open reviews wait for this reader or for a team of theirs."""
        if not self.user.is_authenticated:
            return 0
        mine, teams = waiting_for(self.user, self.user.groups.all())
        return mine.values("pk").union(teams.values("pk"), all=True).count()

    @cached_property
    def stops(self) -> list[Stop]:
        """What is stopped now, as far as this reader may know; a stop of everything comes first."""
        return open_stops_for(self.user) if self.user.is_authenticated else []

    def _may_go(self, place: Place) -> bool:
        return self.user.is_authenticated and (not place.permission or self.user.has_perm(place.permission))

    def _link(self, place: Place) -> Link | None:
        try:
            url = reverse(place.name)
        except NoReverseMatch:
            return None
        return Link(place, url, self.request.path.strip("/").partition("/")[0] in place.folders)


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `shell` for base.html and the error pages."""
    return {"shell": Shell(request)}
