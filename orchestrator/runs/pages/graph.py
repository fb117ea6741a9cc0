"""The steps of a run as boxes and arrows. Pure: steps and what they need in, SVG geometry out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.runs.states import StepState
from orchestrator.workflows.drawing import BOX_HEIGHT, Place, arrange, levels

__all__ = ("BOX_HEIGHT", "Box", "Edge", "Graph", "Node", "draw", "levels")

CSS = {
    StepState.SUCCEEDED: "n-done",
    StepState.RUNNING: "n-run",
    StepState.WAITING: "n-wait",
    StepState.RESTING: "n-rest",
    StepState.FAILED: "n-fail",
    StepState.STOPPED: "n-fail",
}
GLYPHS = {
    StepState.PENDING: "ring",
    StepState.SKIPPED: "dash",
    StepState.RUNNING: "runs",
    StepState.RESTING: "clock",
    StepState.SUCCEEDED: "okc",
    StepState.FAILED: "fail",
    StepState.STOPPED: "stop",
}
DASHED = (StepState.PENDING, StepState.SKIPPED)
ROLES = {"undo": "undo", "fallback": "fork"}


@dataclass(frozen=True)
class Node:
    """A step as the graph needs it. `caption` is the second line of its box.

    role      "undo" for a step that makes good what another did, "fallback" for one that stands in for another.
    href      where its parts are found; such a step is drawn as a stack.
    progress  how much of it is done, from 0 to 1, where that is known.
    """

    key: str
    number: int
    title: str
    kind: str
    state: StepState
    caption: str
    role: str = ""
    href: str = ""
    stacked: bool = False
    progress: float | None = None


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
        return _is_gate(self.node)

    @property
    def css(self) -> str:
        """What the box is, for the stylesheet."""
        css = CSS.get(self.node.state, "n-todo") + (" n-gate" if self.gate else "")
        return f"{css} n-{self.node.role}" if self.node.role else css

    @property
    def glyph(self) -> str:
        """The symbol of its state; a box that waits has the hold line instead."""
        if self.node.role and self.node.state in (*DASHED, StepState.SUCCEEDED):
            return ROLES[self.node.role]
        return GLYPHS.get(self.node.state, "")

    @property
    def text_x(self) -> int:
        """Where the words begin."""
        return self.x + (20 if self.gate else 9)

    @property
    def glyph_x(self) -> int:
        """Where the glyph of the state stands."""
        return self.x + self.width - 18

    @property
    def done_width(self) -> float:
        """How wide the bar of what is done is."""
        return round((self.node.progress or 0) * self.width, 1)


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


def draw(nodes: Sequence[Node], needs: Mapping[str, Sequence[str]], *, detours: Collection[str] = ()) -> Graph:
    """The picture of these steps. `needs` may name steps that are not shown; no arrow leads to those.

    Arrows from and to `detours` are dashed until those steps have begun.
    """
    layout = arrange([node.key for node in nodes], needs)
    by_key = {node.key: node for node in nodes}
    return Graph(
        width=layout.width,
        height=layout.height,
        boxes=tuple(_box(node, layout.places[node.key]) for node in nodes),
        edges=tuple(
            Edge(arrow.path, _is_dashed(by_key[arrow.start], by_key[arrow.end], detours)) for arrow in layout.arrows
        ),
        words=_words(nodes),
    )


def _is_gate(node: Node) -> bool:
    return node.kind == "human" or node.state == StepState.WAITING


def _is_dashed(start: Node, end: Node, detours: Collection[str]) -> bool:
    return end.state in DASHED or (start.key in detours and start.state in DASHED) or start.state == StepState.SKIPPED


def _box(node: Node, place: Place) -> Box:
    words = place.fitting(f"{node.number} {node.title}", 28 if _is_gate(node) else 14)
    return Box(node, place.x, place.y, place.width, words)


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
