"""A time axis: moments to percentages of a width, with long waits drawn short where that is wanted. Pure.

A compressed axis is piecewise linear. A wait that would take more than its share is given that share, and the rest of
the run spreads over what is left, so that seconds of work stay visible beside days of waiting.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

FULL = 96.0  # the remaining 4 % keep the label of the last moment inside the picture
WAIT_SHARE = 14.0
ALL_WAITS = 42.0
SECOND = timedelta(seconds=1)
NICE = [
    timedelta(seconds=seconds)
    for seconds in (
        *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
        *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
        *(3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000),
    )
]

Interval = tuple[datetime, datetime]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time as intervals that neither overlap nor touch, in order. Empty and backward ones add nothing."""
    result: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def seconds_in(intervals: Iterable[Interval]) -> float:
    """How many seconds the intervals cover; time they share counts once."""
    return sum((end - start).total_seconds() for start, end in merged(intervals))


def without(intervals: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """The parts of the intervals that no interval of `taken` covers."""
    holes, result = merged(taken), []
    for start, end in merged(intervals):
        for hole_start, hole_end in holes:
            if hole_end <= start or hole_start >= end:
                continue
            if start < hole_start:
                result.append((start, hole_start))
            start = max(start, hole_end)  # noqa: PLW2901  what is left of this interval
        if start < end:
            result.append((start, end))
    return result


@dataclass(frozen=True)
class Piece:
    """A stretch of time drawn at one speed, from `x` over `width` percent."""

    start: datetime
    end: datetime
    x: float
    width: float
    squeezed: bool


@dataclass(frozen=True)
class Scale:
    """Where moments are. Made by `scale`."""

    pieces: tuple[Piece, ...]

    def x(self, moment: datetime) -> float:
        """The place of a moment in percent; moments outside are at the ends."""
        for piece in self.pieces:
            if moment < piece.end:
                share = (moment - piece.start) / (piece.end - piece.start)
                return piece.x + piece.width * max(0.0, share)
        return FULL

    @property
    def squeezed(self) -> list[Piece]:
        """The waits that were drawn short."""
        return [piece for piece in self.pieces if piece.squeezed]


def scale(start: datetime, end: datetime, waits: Iterable[Interval] = ()) -> Scale:
    """The axis from `start` to `end`. `waits` are drawn short where they would take more than their share."""
    end = max(end, start + timedelta(milliseconds=1))
    waits = merged((max(a, start), min(b, end)) for a, b in waits)
    share = min(WAIT_SHARE, ALL_WAITS / len(waits)) if waits else 0.0
    short = [wait for wait in waits if _natural(wait, end - start) > share]
    work = (end - start) - sum((b - a for a, b in short), timedelta())
    if not work:
        short = []
        work = end - start
    left = FULL - share * len(short)
    pieces, x = [], 0.0
    for a, b, squeezed in _stretches(start, end, short):
        width = share if squeezed else left * ((b - a) / work)
        pieces.append(Piece(a, b, x, width, squeezed))
        x += width
    return Scale(tuple(pieces))


def _natural(wait: Interval, whole: timedelta) -> float:
    return FULL * ((wait[1] - wait[0]) / whole)


def _stretches(start: datetime, end: datetime, short: list[Interval]) -> Iterator[tuple[datetime, datetime, bool]]:
    for a, b in short:
        if start < a:
            yield start, a, False
        yield a, b, True
        start = b
    if start < end:
        yield start, end, False


@dataclass(frozen=True)
class Tick:
    """A moment with its label under the axis. `css` says what kind of label it is."""

    x: float
    label: str
    anchor: str
    css: str


def ticks(axis: Scale, zone: tzinfo, *, now: str = "") -> list[Tick]:
    """Labels that do not touch each other, the important ones first: the ends, the edges of waits, then round times.

    `now` is the word before the last label where the run is still going on.
    """
    first, last = axis.pieces[0], axis.pieces[-1]
    step = _step(axis)
    form, room = _form(step, last.end - first.start)

    def tick(x: float, at: datetime, anchor: str = "middle") -> Tick:
        return Tick(round(x, 2), _write(form, at.astimezone(zone)), anchor, "t-3")

    present = _write(_form(max(step, SECOND), last.end - first.start)[0], last.end.astimezone(zone))
    taken = [Tick(FULL, f"{now} {present}", "middle", "t-now") if now else tick(FULL, last.end)]
    candidates = [tick(0.0, first.start, "start")]
    candidates += [tick(x, at) for x, at in _edges(axis)]
    candidates += [tick(axis.x(at), at) for at in _round_times(axis, step, zone)]
    for candidate in candidates:
        if all(abs(candidate.x - other.x) >= room * (1.5 if other.css == "t-now" else 1) for other in taken):
            taken.append(candidate)
    taken += [_wait_tick(piece) for piece in axis.squeezed if piece.width >= WAIT_SHARE * 0.75]
    return sorted(taken, key=lambda tick: tick.x)


def _wait_tick(piece: Piece) -> Tick:
    return Tick(round(piece.x + piece.width / 2, 2), f"// {_about(piece.end - piece.start)}", "middle", "t-hold")


def _about(length: timedelta) -> str:
    seconds = length.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"


def _edges(axis: Scale) -> Iterator[tuple[float, datetime]]:
    for piece in axis.squeezed:
        yield piece.x, piece.start
        yield piece.x + piece.width, piece.end


def _step(axis: Scale) -> timedelta:
    """A round length of about a tenth of the width, where time runs at its usual speed."""
    usual = [piece for piece in axis.pieces if not piece.squeezed]
    length = sum((piece.end - piece.start for piece in usual), timedelta())
    tenth = length * (10.0 / max(sum(piece.width for piece in usual), 1.0))
    return next((nice for nice in NICE if nice >= tenth), NICE[-1])


def _round_times(axis: Scale, step: timedelta, zone: tzinfo) -> Iterator[datetime]:
    for piece in axis.pieces:
        if piece.squeezed:
            continue
        local = piece.start.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight + step * -(-(local - midnight) // step)
        while at < piece.end:
            yield at
            at += step


def _write(form: str, at: datetime) -> str:
    return form.format(at=at, ms=at.microsecond // 1000)


def _form(step: timedelta, whole: timedelta) -> tuple[str, float]:
    """How moments are written where labels are `step` apart, and the room one of them needs, in percent."""
    if step >= timedelta(days=1):
        return "{at.day} {at:%b}", 7.0
    if whole >= timedelta(days=1):
        return "{at.day} {at:%b, %H:%M}", 11.0
    if step >= timedelta(minutes=1):
        return "{at:%H:%M}", 7.0
    return ("{at:%H:%M:%S}", 9.0) if step >= SECOND else ("{at:%H:%M:%S}.{ms:03}", 11.0)
