"""States of runs and steps, and which may follow which. Pure values."""

from django.db.models import TextChoices


class RunState(TextChoices):
    """Where a run is. The last three are final."""

    PENDING = "pending", "Not started"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting for a person"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped by a person"


class StepState(TextChoices):
    """Where a step is. `running` means that a worker holds its lease or may take it."""

    PENDING = "pending", "Not started"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting for a person"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped by a person"
    SKIPPED = "skipped", "Skipped"


RUN_ENDED = (RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED)
STEP_ENDED = (StepState.SUCCEEDED, StepState.FAILED, StepState.STOPPED, StepState.SKIPPED)

_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"running", "waiting", "skipped", "succeeded", "failed", "stopped"}),
    "running": frozenset({"waiting", "succeeded", "failed", "stopped"}),
    "waiting": frozenset({"running", "succeeded", "failed", "stopped"}),
}


def can_move(old: RunState | StepState, new: RunState | StepState) -> bool:
    """Whether a run or step in state `old` may go to `new`. Ended ones never move."""
    return new.value in _MOVES.get(old.value, frozenset())
