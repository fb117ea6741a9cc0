"""What pages show of stops: the list, the control on the page of a thing, and the line above every page."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from agents.actions.stops import may_release
from agents.models import Stop
from agents.people import Person
from agents.states import StopScope
from agents.stop_forms import ReleaseForm, StopForm
from agents.stoppable import Thing, may_stop_anything, thing_of, url_of, visible_refs

PAGE = 50
MOST_OPEN = 200
PEOPLE = ("set_by", "release_asked_by", "released_by")


@dataclass(frozen=True)
class StopRow:
    """A stop as one reader sees it: where its thing is found, and whether they may release it."""

    stop: Stop
    url: str
    may_release: bool
    may_confirm: bool
    is_own_request: bool
    form: ReleaseForm

    @property
    def may_keep(self) -> bool:
        """Whether they may turn the request to release it down, or take their own back."""
        return self.may_confirm or self.is_own_request

    @property
    def scope(self) -> str:
        """What kind of thing is stopped."""
        return StopScope(self.stop.scope).label

    @classmethod
    def of(cls, stop: Stop, user: Person, *, allowed: bool, form: ReleaseForm | None = None) -> "StopRow":
        """A stop with what this person can do; `allowed` says whether they may release it."""
        asked_by = stop.release_asked_by_id
        return cls(
            stop=stop,
            url=url_of(StopScope(stop.scope), stop.thing),
            may_release=allowed and asked_by is None,
            may_confirm=allowed and asked_by is not None and asked_by != user.pk,
            is_own_request=allowed and asked_by == user.pk,
            form=form or ReleaseForm(auto_id=f"release_{stop.pk}_%s"),
        )


@dataclass(frozen=True)
class StopControl:
    """What the page of one thing shows: its open stop, or the form that stops it."""

    thing: Thing
    row: StopRow | None
    form: StopForm

    @classmethod
    def of(
        cls, thing: Thing, user: Person, form: StopForm | None = None, release: ReleaseForm | None = None
    ) -> "StopControl":
        """The control of a thing for a person who may see it. The forms are what they sent, when it was refused."""
        rows = Stop.objects.select_related(*PEOPLE).filter(scope=thing.scope, thing=thing.ref, released_at=None)
        found = rows.first()
        row = StopRow.of(found, user, allowed=may_release(user, found, thing), form=release) if found else None
        return cls(thing, row, form or StopForm.of(thing.scope, thing.ref))


def control_for(user: Person, scope: StopScope, ref: UUID | None) -> StopControl:
    """The control for the page of anything that can be stopped. Raises Http404 when it does not exist for them."""
    return StopControl.of(thing_of(user, scope, ref), user)


@dataclass(frozen=True)
class StopsPage:
    """All open stops that a person may see, and some of those before. `older` is where the next page begins."""

    open: list[StopRow]
    past: list[StopRow]
    older: int | None
    everything: StopControl

    @classmethod
    def of(cls, user: Person, before: int | None = None) -> "StopsPage":
        """The page; `before` is the number of the stop that the past begins before.

        A page of the past is cut before what this reader may not see is left out, so it may be short.
        """
        rows = Stop.objects.filter(released_at__isnull=False).select_related(*PEOPLE).order_by("-pk")
        past = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
        shown = past[:PAGE]
        return cls(
            open=[_row(stop, user) for stop in open_stops_for(user) if not stop.of_everything],
            past=[StopRow.of(stop, user, allowed=False) for stop in seen_by(user, shown)],
            older=shown[-1].pk if len(past) > PAGE else None,
            everything=control_for(user, StopScope.EVERYTHING, None),
        )


def open_stops_for(user: Person) -> list[Stop]:
    """The open stops that a person may see, everything first, then the newest. One query where nothing is stopped."""
    rows = Stop.objects.filter(released_at=None).select_related(*PEOPLE).order_by("-pk")[:MOST_OPEN]
    return sorted(seen_by(user, list(rows)), key=lambda stop: not stop.of_everything)


def seen_by(user: Person, stops: Iterable[Stop]) -> list[Stop]:
    """Those of several stops whose thing a person may see. A query for each kind of thing at most."""
    stops = list(stops)
    refs: dict[str, set[UUID]] = {}
    for stop in stops:
        if stop.thing is not None:
            refs.setdefault(stop.scope, set()).add(stop.thing)
    seen = {scope: visible_refs(user, StopScope(scope), found) for scope, found in refs.items()}
    return [stop for stop in stops if stop.of_everything or stop.thing in seen[stop.scope]]


def _row(stop: Stop, user: Person) -> StopRow:
    """A line of the list. Whether who set a stop may still release it is looked at when they do."""
    return StopRow.of(stop, user, allowed=may_stop_anything(user) or stop.set_by_id == user.pk)
