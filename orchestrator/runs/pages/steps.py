"""The steps of a run as its page knows them, and the window of those that are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.runs.models import Run
from orchestrator.runs.pages.outline import Outline
from orchestrator.runs.pages.timeline import ICONS
from orchestrator.runs.states import STEP_ENDED, StepState
from orchestrator.workflows.schema import UNDO

STEPS_SHOWN = 60
GOING_ON = (StepState.RUNNING, StepState.WAITING, StepState.RESTING)
FIELDS = (
    *("key", "title", "kind", "state", "ref", "pk", "started_at", "finished_at", "attempt", "retries", "retry_at"),
    *("total", "awaited", "reason"),
)


@dataclass(frozen=True)
class StepRow:
    """A step of a run, or one that its definition still has in store. `number` counts from 1."""

    number: int
    key: str
    title: str
    kind: str
    state: StepState
    ref: UUID | None = None
    pk: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempt: int = 1
    retries: int = 0
    retry_at: datetime | None = None
    total: int | None = None
    awaited: str = ""
    reason: str = ""

    @property
    def going_on(self) -> bool:
        """Whether it has begun and not ended."""
        return self.state in GOING_ON

    @property
    def ended(self) -> bool:
        """Whether nothing more happens in it."""
        return self.state in STEP_ENDED

    @property
    def icon(self) -> str:
        """The symbol of its kind."""
        return "undo" if self.undoes else ICONS.get(self.kind, "runs")

    @property
    def undoes(self) -> bool:
        """Whether it makes good what another step did."""
        return self.key.startswith(UNDO)


@dataclass(frozen=True)
class Window:
    """The steps that the pictures show: all of them, or those around `first` in a long run."""

    steps: Sequence[StepRow]
    first: int
    total: int

    @property
    def partial(self) -> bool:
        """Whether there are more steps than are shown."""
        return len(self.steps) < self.total

    @property
    def last(self) -> int:
        """The number of the last step shown."""
        return self.first + len(self.steps) - 1

    @property
    def earlier(self) -> int | None:
        """Where the window before this one begins."""
        return max(1, self.first - STEPS_SHOWN) if self.first > 1 else None

    @property
    def later(self) -> int | None:
        """Where the window after this one begins."""
        return self.last + 1 if self.last < self.total else None


def steps_of(run: Run, outline: Outline) -> list[StepRow]:
    """All steps in order: those that exist, then those the definition still has in store. One query."""
    steps = []
    for number, (key, title, kind, state, *rest) in enumerate(
        run.steps.order_by("position").values_list(*FIELDS), start=1
    ):
        steps.append(StepRow(number, key, title, kind, StepState(state), *rest))
    known = {step.key for step in steps}
    to_come = [each for each in outline.names if each.key not in known]
    for number, each in enumerate(to_come, start=len(steps) + 1):
        steps.append(StepRow(number, each.key, each.title, each.kind, StepState.PENDING))
    return steps


def window_of(steps: Sequence[StepRow], first: int | None) -> Window:
    """The steps to show: those from `first` on, else those around where the run is."""
    total = len(steps)
    if total <= STEPS_SHOWN:
        return Window(steps, 1, total)
    current = next((step for step in steps if step.going_on), None)
    first = first or (current.number - 10 if current else 1)
    first = max(1, min(first, total - STEPS_SHOWN + 1))
    return Window(steps[first - 1 : first - 1 + STEPS_SHOWN], first, total)
