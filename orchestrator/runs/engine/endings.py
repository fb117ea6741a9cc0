"""How steps and runs end. Silence is a bug: every end has a state, a reason where there is one, and an entry.

Outputs and reasons are storable already: hostile text is escaped once, where it comes in.
"""

from typing import Any

from agents.gateway.trail import masked
from approvals.actions import drop
from audit.log import SYSTEM, party, record
from orchestrator.runs.engine import parts
from orchestrator.runs.engine.board import Board
from orchestrator.runs.engine.kinds import calls
from orchestrator.runs.models import Step
from orchestrator.runs.states import RunState, StepState, can_move

_STEP_VERBS = {
    StepState.SUCCEEDED: "step.finished",
    StepState.FAILED: "step.failed",
    StepState.STOPPED: "step.stopped",
    StepState.SKIPPED: "step.skipped",
}
_RUN_VERBS = {RunState.SUCCEEDED: "run.finished", RunState.FAILED: "run.failed", RunState.STOPPED: "run.stopped"}


def end_step(board: Board, step: Step, state: StepState, *, output: Any = None, reason: str = "") -> None:
    """End a step. Raises ValueError for a move that the state table does not know."""
    if not can_move(StepState(step.state), state):
        raise ValueError(f"A step cannot go from {step.state} to {state}.")
    step.release()
    step.state, step.retry_at, step.finished_at = state, None, board.now
    step.output, step.reason = output, reason
    board.touch(step)
    record(
        _STEP_VERBS[state],
        actor=SYSTEM,
        subject=party(step),
        stream=board.stream,
        data={
            "step": str(step.ref),
            "step_title": step.title,
            "output": masked(step.output, calls.sensitive_of(step)),
            "reason": step.reason,
        },
    )


def abandon(board: Board, *, why: str, step: Step | None = None) -> list[str]:
    """Close the questions and the calls of a run, or of one of its steps, that nobody will come back to.

    Returns a sentence for each call of which nobody knows whether it had its effect.
    """
    steps = [step.ref] if step else board.steps.refs()
    drop(board.run.ref, steps, why=why, now=board.now)
    return calls.abandon(steps, why=why)


def end_run(board: Board, state: RunState, *, output: Any = None, reason: str = "") -> None:
    """End a run; nobody has to look at it again, so nothing of it may wait any longer."""
    run = board.run
    if not can_move(RunState(run.state), state):
        raise ValueError(f"A run cannot go from {run.state} to {state}.")
    abandon(board, why="The run has ended.")
    run.state, run.wake_at, run.finished_at = state, None, board.now
    run.output, run.reason = output, reason
    data = {"output": run.output, "reason": run.reason, "tokens": run.input_tokens + run.output_tokens}
    record(_RUN_VERBS[state], actor=SYSTEM, subject=party(run), stream=board.stream, data=data)
    parts.announce_end(run)
