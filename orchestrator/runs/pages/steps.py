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
from orchestrator.workflows.windows import Window, window_at

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


def window_of(steps: Sequence[StepRow], first: int | None) -> Window[StepRow]:
    """The steps to show: those from `first` on, else those around where the run is."""
    if first is None:
        current = next((step for step in steps if step.going_on), None)
        first = current.number - 3 if current else 1
    return window_at(steps, first)
