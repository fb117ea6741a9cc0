"""The steps of a definition as a picture: boxes with what they do, and arrows for what they wait for. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.workflows.drawing import Place, arrange
from orchestrator.workflows.durations import duration_text
from orchestrator.workflows.schema import (
    AgentStep,
    Definition,
    HumanStep,
    LoopStep,
    PlanStep,
    StepSpec,
    ToolStep,
    WaitStep,
    WorkflowStep,
)

STACKED = (LoopStep, PlanStep, WorkflowStep)


@dataclass(frozen=True)
class Box:
    """One step. `caption` says in a few words what it does."""

    place: Place
    title: str
    caption: str
    gate: bool
    stacked: bool
    optional: bool

    @property
    def text_x(self) -> int:
        """Where the words begin."""
        return self.place.x + (20 if self.gate else 9)


@dataclass(frozen=True)
class Edge:
    """An arrow as the `d` of a path; dashed where what it leads to may not be done."""

    path: str
    dashed: bool


@dataclass(frozen=True)
class Picture:
    """The whole picture, in pixels, and in words for those who cannot see it."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    words: str


def needs_with_detours(definition: Definition, step_id: str) -> Iterable[str]:
    """What a step waits for, each followed by whatever is done instead when that fails."""
    for needed in definition.needs[step_id]:
        yield needed
        other = definition.step(needed).fallback
        while other is not None and other != step_id:
            yield other
            other = definition.step(other).fallback


def picture_of(definition: Definition, steps: Sequence[tuple[int, StepSpec]]) -> Picture:
    """The picture of these steps of a definition, with their numbers. Arrows to and from others are left out."""
    keys = [step.id for _, step in steps]
    layout = arrange(keys, {key: tuple(needs_with_detours(definition, key)) for key in keys})
    optional = {step.id for _, step in steps if step.when or step.id in definition.fallback_for}
    return Picture(
        width=layout.width,
        height=layout.height,
        boxes=tuple(_box(number, step, layout.places[step.id], optional=step.id in optional) for number, step in steps),
        edges=tuple(Edge(arrow.path, arrow.end in optional) for arrow in layout.arrows),
        words=_words(definition, steps),
    )


def _box(number: int, step: StepSpec, place: Place, *, optional: bool) -> Box:
    gate = isinstance(step, HumanStep)
    taken = 30 if gate else 16
    each = getattr(step, "for_each", None) is not None
    return Box(
        place=place,
        title=place.fitting(f"{number} {step.title}", taken),
        caption=place.fitting(("each: " if each else "") + caption_of(step), taken),
        gate=gate,
        stacked=each or isinstance(step, STACKED),
        optional=optional,
    )


def caption_of(step: StepSpec) -> str:
    """What a step does, in a few words."""
    match step:
        case AgentStep():
            return f"agent {step.agent}"
        case ToolStep():
            return step.tool
        case WorkflowStep():
            return f"workflow {step.workflow}"
        case LoopStep():
            return f"up to {step.max_rounds} rounds"
        case WaitStep():
            return _awaited(step)
    return f"a plan, up to {step.max_steps} steps" if isinstance(step, PlanStep) else "a person answers"


def _awaited(step: WaitStep) -> str:
    if step.event is not None:
        return f"event {step.event.name}"
    return f"waits {duration_text(step.duration)}" if step.duration else "waits for its time"


def _words(definition: Definition, steps: Sequence[tuple[int, StepSpec]]) -> str:
    """Which steps each step comes after, in sentences."""
    numbers = {step_id: str(place + 1) for step_id, place in definition.places.items()}
    said = []
    for _, step in steps:
        after = [numbers[key] for key in definition.needs[step.id]]
        where = f"after {' and '.join(after)}" if after else "at once"
        said.append(f"{numbers[step.id]} {step.title} {where}.")
    return " ".join(said)
