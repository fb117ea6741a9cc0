"""States of runs and steps, and which may follow which. Pure values."""

from django.db.models import TextChoices


class RunState(TextChoices):
    """Where a run is: `resting` waits for a time, an event or its parts. The last three are final."""

    PENDING = "pending", "Not started"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting for a person"
    RESTING = "resting", "Waiting"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped by a person"


class StepState(TextChoices):
    """Where a step is. `running` means that a worker holds its lease or may take it; `resting`, as for a run."""

    PENDING = "pending", "Not started"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting for a person"
    RESTING = "resting", "Waiting"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped by a person"
    SKIPPED = "skipped", "Skipped"


RUN_ENDED = (RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED)
STEP_ENDED = (StepState.SUCCEEDED, StepState.FAILED, StepState.STOPPED, StepState.SKIPPED)

_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"running", "waiting", "resting", "skipped", "succeeded", "failed", "stopped"}),
    "running": frozenset({"pending", "waiting", "resting", "succeeded", "failed", "stopped"}),
    "waiting": frozenset({"pending", "running", "resting", "succeeded", "failed", "stopped"}),
    "resting": frozenset({"pending", "running", "waiting", "succeeded", "failed", "stopped"}),
}


def can_move(old: RunState | StepState, new: RunState | StepState) -> bool:
    """Whether a run or step in state `old` may go to `new`. Ended ones never move."""
    return new.value in _MOVES.get(old.value, frozenset())
