"""The steps of a run as boxes and arrows. Pure: steps and what they need in, SVG geometry out.

Columns are dependency levels, so steps that need the same ones stand above each other. Today's workflows are sequential
and make one row; branches need no change here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.runs.states import StepState

WIDTH = 1112
BOX_HEIGHT = 40
ROW = 62
GAP = 13
TOP = 6
LEAST, MOST = 118, 190
CHARACTER = 5.6  # the width of an average character of a box's title, in pixels

CSS = {
    StepState.SUCCEEDED: "n-done",
    StepState.RUNNING: "n-run",
    StepState.WAITING: "n-wait",
    StepState.FAILED: "n-fail",
    StepState.STOPPED: "n-fail",
}
GLYPHS = {
    StepState.PENDING: "ring",
    StepState.SKIPPED: "dash",
    StepState.RUNNING: "runs",
    StepState.SUCCEEDED: "okc",
    StepState.FAILED: "fail",
    StepState.STOPPED: "stop",
}
DASHED = (StepState.PENDING, StepState.SKIPPED)


@dataclass(frozen=True)
class Node:
    """A step as the graph needs it. `caption` is the second line of its box."""

    key: str
    number: int
    title: str
    kind: str
    state: StepState
    caption: str


@dataclass(frozen=True)
class Box:
    """A drawn step: its top left corner and width in pixels, and the title as far as it fits."""

    node: Node
    x: int
    y: int
    width: int
    title: str

    @property
    def gate(self) -> bool:
        """Whether a person decides here: such boxes carry the hold line."""
        return self.node.kind == "human" or self.node.state == StepState.WAITING

    @property
    def css(self) -> str:
        """What the box is, for the stylesheet."""
        return CSS.get(self.node.state, "n-todo") + (" n-gate" if self.gate else "")

    @property
    def glyph(self) -> str:
        """The symbol of its state; a box that waits has the hold line instead."""
        return GLYPHS.get(self.node.state, "")

    @property
    def text_x(self) -> int:
        """Where the words begin."""
        return self.x + (20 if self.gate else 9)

    @property
    def glyph_x(self) -> int:
        """Where the glyph of the state stands."""
        return self.x + self.width - 18


@dataclass(frozen=True)
class Edge:
    """An arrow as the `d` of a path."""

    path: str
    dashed: bool


@dataclass(frozen=True)
class Graph:
    """The whole picture, in pixels, and in words for those who cannot see it."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    words: str


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


def draw(nodes: Sequence[Node], needs: Mapping[str, Sequence[str]]) -> Graph:
    """The picture of these steps. `needs` may name steps that are not shown; no arrow leads to those."""
    level = levels({node.key: needs.get(node.key, ()) for node in nodes})
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        columns.setdefault(level[node.key], []).append(node)
    tallest = max((len(column) for column in columns.values()), default=1)
    width = _box_width(len(columns))
    boxes = {
        node.key: _box(node, index, place, len(column), tallest, width)
        for index, column in columns.items()
        for place, node in enumerate(column)
    }
    arrows = [(before, key) for key in boxes for before in needs.get(key, ()) if before in boxes]
    return Graph(
        width=len(columns) * (width + GAP) + TOP,
        height=TOP * 2 + BOX_HEIGHT + (tallest - 1) * ROW,
        boxes=tuple(boxes.values()),
        edges=tuple(_edge(boxes[before], boxes[key]) for before, key in arrows),
        words=_words(nodes),
    )


def _box_width(columns: int) -> int:
    return max(LEAST, min(MOST, WIDTH // max(columns, 1) - GAP))


def _box(node: Node, column: int, place: int, of: int, tallest: int, width: int) -> Box:
    x = TOP + column * (width + GAP)
    y = TOP + round((tallest - of) * ROW / 2) + place * ROW
    words = f"{node.number} {node.title}"
    room = int((width - (28 if node.kind == "human" or node.state == StepState.WAITING else 14)) / CHARACTER)
    return Box(node, x, y, width, words if len(words) <= room else words[: room - 1].rstrip() + "…")


def _edge(start: Box, end: Box) -> Edge:
    x1, x2 = start.x + start.width, end.x - 1
    y1, y2 = start.y + BOX_HEIGHT // 2, end.y + BOX_HEIGHT // 2
    turn = end.x - GAP / 2
    path = f"M{x1} {y1}H{x2}" if y1 == y2 else f"M{x1} {y1}H{turn:g}V{y2}H{x2}"
    return Edge(path, end.node.state in DASHED)


def _words(nodes: Sequence[Node]) -> str:
    """The picture in sentences: how many steps, and which are in which state."""
    parts = [f"{len(nodes)} step{'' if len(nodes) == 1 else 's'}."]
    for state in StepState:
        numbers = [str(node.number) for node in nodes if node.state == state]
        if numbers:
            which = f"Step {numbers[0]}" if len(numbers) == 1 else f"Steps {_listed(numbers)}"
            parts.append(f"{which}: {state.label.lower()}.")
    return " ".join(parts)


def _listed(numbers: list[str]) -> str:
    if len(numbers) > 6:
        return f"{', '.join(numbers[:5])} and {len(numbers) - 5} more"
    return f"{', '.join(numbers[:-1])} and {numbers[-1]}"
