"""What can be stopped, and who may. Apps above this one say so for their own things when they start."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404
from django.urls import reverse

from agents.access import Row, may, visible
from agents.models import Agent, Connection, Tool
from agents.people import Person
from agents.states import StopScope

ANYTHING = "agents.stop_everything"


@dataclass(frozen=True)
class Thing:
    """Something that can be stopped, as one person sees it. `ref` is None for everything there is."""

    scope: StopScope
    ref: UUID | None
    name: str
    may_stop: bool

    @property
    def url(self) -> str:
        """The address of its page."""
        return url_of(self.scope, self.ref)

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return "everything" if self.ref is None else f"the {self.scope.label.lower()} {self.name}"

    @property
    def stream(self) -> str:
        """The stream of the record that its stops are written to."""
        return f"{self.scope}:{self.ref or 'all'}"


@dataclass(frozen=True)
class Kind:
    """How things of one kind are found.

    find     the thing that this person may see, by its ref, with their right to stop it; None when there is none.
    visible  which of these refs this person may see. Two queries at most.
    url      the address of its page, by its ref.
    """

    find: Callable[[Person, UUID], Thing | None]
    visible: Callable[[Person, Collection[UUID]], set[UUID]]
    url: Callable[[UUID], str]


_kinds: dict[StopScope, Kind] = {}


def register(scope: StopScope, kind: Kind) -> None:
    """Make things of a kind known."""
    _kinds[scope] = kind


def may_stop_anything(user: Person) -> bool:
    """Whether a person may stop everything, and with it every single thing."""
    return user.is_active and user.has_perm(ANYTHING)


def thing_of(user: Person, scope: StopScope, ref: UUID | None) -> Thing:
    """What a person wants to stop. Raises Http404 when it does not exist for them."""
    if scope == StopScope.EVERYTHING and ref is None and user.is_active:
        return Thing(scope, None, "Everything", may_stop_anything(user))
    kind = _kinds.get(scope)
    found = kind.find(user, ref) if kind and ref and user.is_active else None
    if found is None:
        raise Http404
    return found


def url_of(scope: StopScope, ref: UUID | None) -> str:
    """The address of the page of a thing; the page of stops for everything, and for what nobody knows."""
    return _kinds[scope].url(ref) if ref and scope in _kinds else reverse("stops")


def visible_refs(user: Person, scope: StopScope, refs: Collection[UUID]) -> set[UUID]:
    """Which things of one kind a person may see."""
    kind = _kinds.get(scope)
    return kind.visible(user, refs) if kind and refs and user.is_active else set()


def _agent(user: Person, ref: UUID) -> Thing | None:
    """An agent may be stopped by its owner, and by whoever may change it."""
    agent = visible(user, Agent).filter(ref=ref).first() or Agent.objects.filter(ref=ref, owner=user).first()
    if agent is None:
        return None
    allowed = agent.owner_id == user.pk or may_stop_anything(user) or may(user, "agents.change_agent", agent)
    return Thing(StopScope.AGENT, agent.ref, agent.title, allowed)


def _tool(user: Person, ref: UUID) -> Thing | None:
    """A tool may be stopped by whoever may change it or its connection."""
    tool = visible(user, Tool).select_related("connection").filter(ref=ref).first()
    if tool is None:
        return None
    rights = (("agents.change_tool", tool), ("agents.change_connection", tool.connection))
    allowed = may_stop_anything(user) or any(may(user, permission, row) for permission, row in rights)
    return Thing(StopScope.TOOL, tool.ref, tool.full_name, allowed)


def _connection(user: Person, ref: UUID) -> Thing | None:
    """A connection may be stopped by whoever may change it."""
    connection = visible(user, Connection).filter(ref=ref).first()
    if connection is None:
        return None
    allowed = may_stop_anything(user) or may(user, "agents.change_connection", connection)
    return Thing(StopScope.CONNECTION, connection.ref, str(connection), allowed)


def _visible_in(model: type[Row]) -> Callable[[Person, Collection[UUID]], set[UUID]]:
    def look(user: Person, refs: Collection[UUID]) -> set[UUID]:
        if user.has_perm(f"agents.view_{model._meta.model_name}"):
            return set(refs)
        return set(visible(user, model).filter(ref__in=refs).values_list("ref", flat=True))

    return look


def _page(name: str) -> Callable[[UUID], str]:
    return lambda ref: reverse(name, args=[ref])


def register_own() -> None:
    """Make agents, tools and connections known."""
    register(StopScope.AGENT, Kind(_agent, _visible_in(Agent), _page("agent")))
    register(StopScope.TOOL, Kind(_tool, _visible_in(Tool), _page("tool")))
    register(StopScope.CONNECTION, Kind(_connection, _visible_in(Connection), _page("connection")))
