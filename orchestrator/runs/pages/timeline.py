"""A run's time as rows of bars: agents, tools and people told apart. Pure: values in, geometry out.

Positions are percentages of the width (see `scale`). A step that is still going on is drawn up to `now`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from orchestrator.runs.pages.scale import Interval, Scale, Tick, merged, scale, seconds_in, ticks, without
from orchestrator.runs.states import STEP_ENDED, StepState
from orchestrator.wording import duration, stopwatch

LEAST_WIDTH = 0.35
CHARACTER = 0.8  # percent of the width that one character of a note takes, at the narrowest the picture gets
ICONS = {
    **{"agent": "agent", "tool": "tool", "human": "hold", "workflow": "flow", "wait": "clock", "plan": "fork"},
    **{"loop": "retry", "undo": "undo"},
}


class Who(StrEnum):
    """Who was busy in a stretch of time: parts of a step count as one, and in a rest nobody was."""

    FAILED = "failed"
    PERSON = "person"
    AGENT = "agent"
    TOOL = "tool"
    PARTS = "parts"
    REST = "rest"


LAYERS = (Who.REST, Who.PARTS, Who.FAILED, Who.PERSON, Who.AGENT, Who.TOOL)  # what is drawn later lies on top
ASLEEP = (Who.PERSON, Who.REST)  # while only these last, nothing moves, and the time can be drawn short
PAINT = {
    Who.REST: ("p-rest", 7.0, 8.0),
    Who.PARTS: ("p-parts", 4.5, 13.0),
    Who.FAILED: ("p-fail", 3.5, 15.0),
    Who.PERSON: ("p-wait", 3.5, 15.0),
    Who.AGENT: ("p-agent", 5.0, 12.0),
    Who.TOOL: ("p-tool", 5.0, 12.0),
}


@dataclass(frozen=True)
class Span:
    """A stretch of time in which an agent thought, a tool or a part worked, a person was asked, or a try failed.

    `end` is None while it lasts. `label` says it in words, `name` who or what it was; both may hold foreign text.
    """

    who: Who
    start: datetime
    end: datetime | None
    label: str
    name: str = ""

    def until(self, now: datetime) -> Interval:
        """From when to when, as of `now`."""
        return self.start, self.end or now


@dataclass(frozen=True)
class StepTime:
    """A step with everything that happened in it. `number` counts from 1."""

    number: int
    key: str
    title: str
    kind: str
    state: StepState
    started_at: datetime | None
    finished_at: datetime | None
    spans: Sequence[Span] = ()

    @property
    def icon(self) -> str:
        """The symbol beside the title."""
        known = {StepState.PENDING: "ring", StepState.SKIPPED: "dash", StepState.WAITING: "hold"}
        known |= {StepState.FAILED: "fail", StepState.STOPPED: "stop"}
        return known[self.state] if self.state in known else ICONS.get(self.kind, "runs")


@dataclass(frozen=True)
class Bar:
    """One rectangle: place and width in percent, top and height in pixels."""

    css: str
    x: float
    width: float
    y: float
    height: float
    label: str


@dataclass(frozen=True)
class Note:
    """A few words beside the bars of a row."""

    x: float
    anchor: str
    text: str


@dataclass(frozen=True)
class Row:
    """One step in the picture. `took` is written as digits, empty when it has not started."""

    step: StepTime
    bars: tuple[Bar, ...]
    note: Note | None
    took: str
    label: str

    @property
    def css(self) -> str:
        """What the row is, for the stylesheet."""
        if self.step.state == StepState.PENDING:
            return "is-todo"
        return "is-wait" if self.step.state == StepState.WAITING or self.step.kind == "human" else ""

    @property
    def icon_css(self) -> str:
        """The colour of the symbol beside the title."""
        if self.step.state in (StepState.FAILED, StepState.STOPPED):
            return "is-crit"
        return "is-hold" if self.css == "is-wait" else ""


@dataclass(frozen=True)
class Share:
    """How long somebody was busy, in seconds, and what part of the run that is, in percent."""

    seconds: float
    percent: int


@dataclass(frozen=True)
class Timeline:
    """The whole picture. `now` is where the present is, None once the run has ended."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    bands: tuple[tuple[float, float], ...]
    now: float | None
    squeezed: bool


def shares(spans: Iterable[Span], elapsed: timedelta, now: datetime) -> dict[Who, Share]:
    """How long agents, tools and people were busy in a run. Time that two agents share counts once for agents."""
    by_who: dict[Who, list[Interval]] = {who: [] for who in Who}
    for span in spans:
        by_who[span.who].append(span.until(now))
    whole = max(elapsed.total_seconds(), 0.001)
    return {who: _share(seconds_in(intervals), whole) for who, intervals in by_who.items()}


def _share(seconds: float, whole: float) -> Share:
    return Share(seconds, min(100, round(100 * seconds / whole)))


def draw(
    steps: Sequence[StepTime],
    *,
    start: datetime,
    end: datetime | None,
    now: datetime,
    zone: tzinfo,
    squeeze: bool = True,
) -> Timeline:
    """The picture of these steps between `start` and `end`, or `now` while the run goes on.

    With `squeeze`, times in which everything waited for a person, a time or an event are drawn short and marked.
    """
    spans = [span for step in steps for span in step.spans]
    busy = [who for who in Who if who not in ASLEEP and who is not Who.FAILED]
    waits = without(_times(spans, now, *ASLEEP), _times(spans, now, *busy)) if squeeze else []
    axis = scale(start, end or now, waits)
    return Timeline(
        rows=tuple(_row(step, axis, now) for step in steps),
        ticks=tuple(ticks(axis, zone, now="" if end else "now")),
        bands=tuple((round(piece.x, 2), round(piece.width, 2)) for piece in axis.squeezed),
        now=None if end else round(axis.x(now), 2),
        squeezed=bool(axis.squeezed),
    )


def _times(spans: Iterable[Span], now: datetime, *who: Who) -> list[Interval]:
    return merged(span.until(now) for span in spans if span.who in who)


def _row(step: StepTime, axis: Scale, now: datetime) -> Row:
    bars = tuple(
        _bar(span, axis, now) for who in LAYERS for span in sorted(step.spans, key=lambda s: s.start) if span.who is who
    )
    labels = [bar.label for bar in sorted(bars, key=lambda bar: bar.x)]
    shown = "; ".join(labels[:6]) + (f"; and {len(labels) - 6} more" if len(labels) > 6 else "")
    return Row(step, bars, _note(step, bars, now), _took(step, now), shown or _idle(step))


def _bar(span: Span, axis: Scale, now: datetime) -> Bar:
    css, y, height = PAINT[span.who]
    start, end = span.until(now)
    x = axis.x(start)
    width = max(axis.x(end) - x, LEAST_WIDTH)
    length = duration((end - start).total_seconds())
    return Bar(css, round(x, 2), round(width, 2), y, height, f"{span.label}, {length}")


def _took(step: StepTime, now: datetime) -> str:
    if step.started_at is None:
        return ""
    return stopwatch(((step.finished_at or now) - step.started_at).total_seconds())


def _idle(step: StepTime) -> str:
    return step.state.label if step.state in (*STEP_ENDED, StepState.PENDING) else "Started"


def _note(step: StepTime, bars: Sequence[Bar], now: datetime) -> Note | None:
    """The most telling words about a row, on the side where they fit; nowhere when they fit on neither."""
    text = _telling(step, now)
    if not text or not bars:
        return None
    needed = len(text) * CHARACTER
    left, right = min(bar.x for bar in bars), max(bar.x + bar.width for bar in bars)
    if right + needed < 95:
        return Note(round(right + 0.6, 2), "start", text)
    return Note(round(left - 0.6, 2), "end", text) if left > needed else None


def _telling(step: StepTime, now: datetime) -> str:
    failed = sum(span.who is Who.FAILED for span in step.spans)
    if failed:
        return f"{failed} failed {'try' if failed == 1 else 'tries'}" + (
            ", then done" if step.state == StepState.SUCCEEDED else ""
        )
    asked = [span for span in step.spans if span.who is Who.PERSON]
    if not asked:
        return ""
    start, end = asked[-1].until(now)
    return f"{asked[-1].name[:40]}, {stopwatch((end - start).total_seconds())}"
