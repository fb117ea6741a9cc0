"""The events of a run as people read them: the entries of its stream, filtered, some at a time, each with its details.

Nothing here trusts what an entry holds. Its data is foreign text, and when somebody changed it past Holdshort it may be
anything at all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import BinaryField, Count, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower, StrIndex

from audit import canonical, text
from audit.lines import Line, Words, lines_of, sentence_of
from audit.models import Entry
from orchestrator.runs.models import Run
from orchestrator.runs.pages.event_looks import Look, groups_of, look_of
from orchestrator.runs.pages.event_parts import Parts, parts_of

PAGE = 60
MOST_DATA = 64_000  # bytes of one event that the list reads
INLINE = 6_000  # bytes of one event that the list shows in full
SHORT, LONG = 2_000, 400_000  # characters shown of one value, in the list and on the page of one event


@dataclass(frozen=True)
class Event:
    """One entry of a run's stream. `seconds` is how long it took, where the page knows both ends."""

    line: Line
    data: Mapping[str, Any]
    seconds: float | None
    full: bool

    @property
    def unreadable(self) -> bool:
        """Whether the data is not the JSON that Holdshort writes; it is shown raw then."""
        return _read(self.line) is None

    @cached_property
    def sentence(self) -> tuple[Words, ...]:
        """What happened. A step is called by its title."""
        title = self.data.get("step_title")
        subject = title if self.line.subject.kind == "step" and isinstance(title, str) else self.line.subject.name
        return sentence_of(self.line.verb, self.line.actor.name, subject)

    @property
    def look(self) -> Look:
        """Its symbol, colour and tag."""
        return look_of(self.line.verb, self.data)

    @cached_property
    def parts(self) -> Parts:
        """Its inputs, outputs, reasoning and other facts."""
        return parts_of(self.data)

    @property
    def cost(self) -> str | None:
        """What a model charged, in USD; None where the event has no price or cost nothing."""
        cost = str(self.data.get("cost") or "")
        return cost if cost.strip("0.") else None

    @property
    def limit(self) -> int:
        """How many characters of each value are shown."""
        return LONG if self.full or self.line.size <= INLINE else SHORT

    @property
    def cut(self) -> bool:
        """Whether the page of this event shows more than the list does."""
        return not self.full and self.line.size > INLINE


@dataclass(frozen=True)
class Chip:
    """A filter that can be chosen, and how many events it would show."""

    name: str
    label: str
    count: int


@dataclass(frozen=True)
class EventsPage:
    """Some events, oldest first.

    earlier  where the events before these are found, None when there are none.
    later    whether there are events after these.
    last     the place of the newest one shown, from which the page goes on.
    """

    events: tuple[Event, ...]
    chips: tuple[Chip, ...]
    group: str
    q: str
    earlier: int | None
    later: bool
    last: int

    @property
    def total(self) -> int:
        """How many events the run has."""
        return self.chips[0].count


def events_page(
    run: Run, *, group: str = "", q: str = "", before: int | None = None, after: int | None = None
) -> EventsPage:
    """The newest events that match; with `before` those that precede an event, with `after` those that follow one.

    `before` and `after` are places in the stream. The same number of queries at any length.
    """
    stream = Entry.objects.filter(stream__key=f"run:{run.ref}")
    counts = dict(stream.order_by().values_list("verb").annotate(Count("pk")))
    groups = groups_of(counts)
    q = text.escape(q)[:200].strip()
    group = group if group in groups else ""
    found = stream.filter(verb__in=groups[group].verbs) if group else stream
    found = _containing(found, q) if q else found
    lines, more = _some(found, before, after)
    chips = tuple(Chip(name, each.label, sum(counts[verb] for verb in each.verbs)) for name, each in groups.items())
    return EventsPage(
        events=events_of(lines),
        chips=chips,
        group=group,
        q=q,
        earlier=lines[0].seq if lines and (after > 0 if after is not None else more) else None,
        later=more if after is not None else before is not None,
        last=lines[-1].seq if lines else after or 0,
    )


def event_at(run: Run, seq: int) -> Event | None:
    """One event of a run with everything it holds; None when there is no such event."""
    entries = Entry.objects.filter(stream__key=f"run:{run.ref}", seq=seq)
    return next(iter(events_of(lines_of(entries, data_up_to=2**31 - 1), full=True)), None)


def events_of(lines: Sequence[Line], *, full: bool = False) -> tuple[Event, ...]:
    """These lines of one stream, oldest first, as events."""
    begun: dict[object, Line] = {}
    events = []
    for line in lines:
        data = _read(line) or {}
        thing = data.get("call") or data.get("review")
        thing = thing if isinstance(thing, str) else None
        seconds = None
        if line.verb in ("call.intended", "review.opened"):
            begun[thing] = line
        elif thing in begun and (line.verb.startswith("call.") or line.verb in _CLOSING):
            seconds = (line.at - begun[thing].at).total_seconds()
        events.append(Event(line, data, seconds, full))
    return tuple(events)


_CLOSING = frozenset(
    f"review.{ended}" for ended in ("approved", "edited", "rejected", "answered", "expired", "withdrawn", "superseded")
)


def _some(found: QuerySet[Entry], before: int | None, after: int | None) -> tuple[list[Line], bool]:
    """A page of lines in order, and whether there are more beyond it, in the direction that was asked for."""
    if after is not None:
        lines = lines_of(found.filter(seq__gt=after).order_by("seq")[: PAGE + 1], data_up_to=MOST_DATA)
        return lines[:PAGE], len(lines) > PAGE
    found = found.filter(seq__lt=before) if before is not None else found
    lines = lines_of(found.order_by("-seq")[: PAGE + 1], data_up_to=MOST_DATA)
    return lines[:PAGE][::-1], len(lines) > PAGE


def _containing(entries: QuerySet[Entry], q: str) -> QuerySet[Entry]:
    """Entries whose data, actor or subject contains a text: as a value, or as JSON in the form in which pages show it.

    The data is compared as escaped ASCII: that cannot fail, even for bytes that are no text.
    """
    wanted = Q(actor_name__icontains=q) | Q(subject_name__icontains=q)
    forms = {json.dumps(q, ensure_ascii=False)[1:-1], q.replace('": ', '":').replace('", "', '","')}
    for number, form in enumerate(sorted(forms)):
        needle = Value(form.encode(), output_field=BinaryField())
        place = StrIndex(Lower(_ascii(F("payload"))), Lower(_ascii(needle)))
        entries = entries.annotate(**{f"place_{number}": place})
        wanted |= Q(**{f"place_{number}__gt": 0})
    return entries.filter(wanted)


def _ascii(value: F | Value) -> Func:
    return Func(value, Value("escape"), function="encode", output_field=TextField())


def _read(line: Line) -> dict[str, Any] | None:
    """The data of a line; None when it is too large for this page or not what Holdshort writes."""
    try:
        data = canonical.parse(line.data or b"{}")
    except canonical.NotCanonical:
        return None
    return data if isinstance(data, dict) else None
