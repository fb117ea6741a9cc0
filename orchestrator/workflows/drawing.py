"""Steps as boxes and arrows. Pure: what each step needs in, places and paths in pixels out.

Columns are dependency levels. Inside a column every box has a row; a box keeps to the row of the first step it needs,
so that a chain is a straight line. An arrow that passes columns runs along an empty row, or between two rows, so it
never runs behind a box.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

WIDTH = 1112
BOX_HEIGHT = 40
ROW, LANE = 62, 14
BETWEEN = (0.5, 0.25, 0.75)  # where lanes run between two rows, as parts of the space there
TOP = 6
GAP, TRACK, MOST_GAP = 13, 6, 90
LEAST, MOST = 118, 190
MOST_ARROWS = 300
CHARACTER = 5.6  # the width of an average character of a box's title, in pixels


@dataclass(frozen=True)
class Place:
    """Where a box stands: its top left corner and its width."""

    x: int
    y: int
    width: int

    def fitting(self, words: str, taken: int) -> str:
        """As much of some words as fits beside what already takes so many pixels."""
        room = int((self.width - taken) / CHARACTER)
        return words if len(words) <= room else words[: room - 1].rstrip() + "…"


@dataclass(frozen=True)
class Arrow:
    """An arrow between two steps, as the `d` of a path."""

    start: str
    end: str
    path: str


@dataclass(frozen=True)
class Layout:
    """The whole picture in pixels."""

    width: int
    height: int
    places: Mapping[str, Place]
    arrows: tuple[Arrow, ...]


def levels(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many steps at most lie before each step. Steps that `needs` does not list count as done before."""
    found: dict[str, int] = {}
    left = dict(needs)
    while left:
        ready = [key for key, before in left.items() if all(other not in left for other in before)]
        if not ready:
            raise ValueError(f"These steps wait for each other: {', '.join(sorted(left))}.")
        for key in ready:
            found[key] = max((found[other] + 1 for other in left[key] if other in found), default=0)
        for key in ready:
            del left[key]
    return found


def arrange(keys: Sequence[str], needs: Mapping[str, Sequence[str]]) -> Layout:
    """Places and arrows of these steps. `needs` may name steps that are not shown; no arrow leads to those.

    Where there would be too many arrows to follow, those that others imply are left out.
    """
    shown = set(keys)
    known = {key: tuple(dict.fromkeys(other for other in needs.get(key, ()) if other in shown)) for key in keys}
    return _Board(known if sum(map(len, known.values())) <= MOST_ARROWS else _reduced(known)).layout()


def _reduced(needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """What each step needs, less what anything else that it needs has needed already."""
    before: dict[str, frozenset[str]] = {}
    for key in sorted(needs, key=levels(needs).__getitem__):
        before[key] = frozenset(needs[key]).union(*(before[other] for other in needs[key]))
    return {
        key: tuple(other for other in needed if not any(other in before[each] for each in needed))
        for key, needed in needs.items()
    }


@dataclass
class _Board:
    """A grid that fills up: boxes first, then the arrows that pass them."""

    needs: Mapping[str, Sequence[str]]
    rows: dict[str, int] = field(default_factory=dict)
    taken: dict[tuple[int, float], str] = field(default_factory=dict)
    lanes: dict[tuple[str, str], float] = field(default_factory=dict)
    tracks: dict[int, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.level = levels(self.needs)
        self.columns = max(self.level.values(), default=-1) + 1
        for column in range(self.columns):
            self._fill(column)
        self.box_rows = max(self.rows.values(), default=-1) + 1
        for start, end in sorted(self._edges(), key=lambda edge: not self._is_straight(*edge)):
            self._lead(start, end)

    def layout(self) -> Layout:
        """The finished picture."""
        width = self._box_width()
        left = [TOP + column * width + sum(map(self._gap, range(column))) for column in range(self.columns)]
        places = {key: Place(left[self.level[key]], self._top(row), width) for key, row in self.rows.items()}
        arrows = tuple(Arrow(start, end, self._path(places, start, end)) for start, end in self._edges())
        last = max([self.box_rows - 1, *self.lanes.values()], default=0)
        height = max(self._middle(last) + LANE, self._top(self.box_rows - 1) + BOX_HEIGHT) + TOP
        return Layout((left[-1] + width if left else 0) + TOP, round(height), places, arrows)

    def _edges(self) -> Iterator[tuple[str, str]]:
        return ((before, key) for key, needed in self.needs.items() for before in needed)

    def _fill(self, column: int) -> None:
        """Give the boxes of a column their rows, those that stand higher before first."""
        here = [key for key in self.needs if self.level[key] == column]
        wanted = {key: min((self.rows[other] for other in self.needs[key]), default=0) for key in here}
        for key in sorted(here, key=lambda key: wanted[key]):
            row = wanted[key]
            while (column, row) in self.taken:
                row += 1
            self.rows[key], self.taken[column, row] = row, key

    def _lead(self, start: str, end: str) -> None:
        """Find the row in which an arrow passes the columns between, and note where it turns."""
        passed = range(self.level[start] + 1, self.level[end])
        lane = self._free(passed, start, end) if passed else self.rows[end]
        self.lanes[start, end] = lane
        for column in passed:
            self.taken[column, lane] = start
        if self.rows[start] != lane:
            self._turn(self.level[start], start)
        if lane != self.rows[end]:
            self._turn(self.level[end] - 1, start)

    def _is_straight(self, start: str, end: str) -> bool:
        """Whether an arrow can keep to the row of its start, so that others should leave that to it."""
        return self._passable(range(self.level[start] + 1, self.level[end]), self.rows[start], start)

    def _free(self, passed: range, start: str, end: str) -> float:
        """The lane of an arrow: the row of its start, else of its end, else the next space between rows."""
        here, there = self.rows[start], self.rows[end]
        ways: list[float] = [here]
        if (self.level[start], there) not in self.taken:
            ways.append(there)
        rows = sorted(range(self.box_rows), key=lambda row: (abs(row - min(here, there)), row))
        ways += [row + part for row in rows for part in BETWEEN]
        lane = next((lane for lane in ways if self._passable(passed, lane, start)), float(self.box_rows))
        while not self._passable(passed, lane, start):
            lane += 1
        return lane

    def _passable(self, passed: range, row: float, start: str) -> bool:
        return all(self.taken.get((column, row), start) == start for column in passed)

    def _turn(self, gap: int, start: str) -> None:
        if start not in self.tracks.setdefault(gap, []):
            self.tracks[gap].append(start)

    def _gap(self, column: int) -> int:
        """How wide the space after a column is."""
        turning = len(self.tracks.get(column, ()))
        return min(MOST_GAP, GAP + TRACK * (turning + 1)) if turning else GAP

    def _box_width(self) -> int:
        gaps = sum(map(self._gap, range(self.columns)))
        return max(LEAST, min(MOST, (WIDTH - gaps) // max(self.columns, 1)))

    def _top(self, row: int) -> int:
        return TOP + row * ROW

    def _middle(self, row: float) -> float:
        """How far down the middle of a row is, or a lane between two."""
        whole = int(row)
        if whole >= self.box_rows:
            return self._top(self.box_rows) + (whole - self.box_rows) * LANE + LANE // 2
        if row > whole:
            return self._top(whole) + BOX_HEIGHT + (ROW - BOX_HEIGHT) * (row - whole)
        return self._top(whole) + BOX_HEIGHT // 2

    def _track(self, places: Mapping[str, Place], column: int, start: str) -> float:
        """Where in the space after a column an arrow goes up or down: every start has a track of its own."""
        some = next(places[key] for key in self.needs if self.level[key] == column)
        tracks = self.tracks[column]
        return some.x + some.width + (self._gap(column) - 7) * (tracks.index(start) + 1) / (len(tracks) + 1)

    def _path(self, places: Mapping[str, Place], start: str, end: str) -> str:
        first, last, lane = places[start], places[end], self.lanes[start, end]
        path = f"M{first.x + first.width} {first.y + BOX_HEIGHT // 2}"
        if self.rows[start] != lane:
            path += f"H{self._track(places, self.level[start], start):g}V{self._middle(lane):g}"
        if self.rows[end] != lane:
            path += f"H{self._track(places, self.level[end] - 1, start):g}V{self._middle(self.rows[end]):g}"
        return f"{path}H{last.x - 1}"
