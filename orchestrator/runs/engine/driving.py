"""Moving one step on, and writing down what a worker brings back for it."""

from agents import gateway
from agents.states import CallState
from orchestrator.runs.engine import kinds
from orchestrator.runs.engine.board import Board, Place
from orchestrator.runs.engine.endings import end_step
from orchestrator.runs.engine.escalating import escalate, heard, is_escalated
from orchestrator.runs.engine.results import Again, Broke, Done, Execute, Over, Park, Result, Stop
from orchestrator.runs.engine.work import CallReturned, Returned, Work
from orchestrator.runs.states import StepState


def drive(board: Board, key: str) -> Work | None:
    """Move one step on; what a worker has to do for it, if anything."""
    place = board.place(key)
    place.step.fence += 1
    result = heard(place) if is_escalated(place.step) else None
    return _apply(place, result or kinds.PROCEED[place.step.kind](place))


def settle(board: Board, returned: Returned) -> bool:
    """Store what a worker brings back; False when its fencing token is old, because then somebody else has the step."""
    step = next((each for each in board.steps.values() if each.pk == returned.step_id), None)
    if step is None or step.state != StepState.RUNNING or step.fence != returned.fence:
        return False
    step.lease_until, board.run.troubles = None, 0
    if isinstance(returned, CallReturned):
        call = gateway.settle(returned.effected)
        if call is not None and call.state != CallState.OUTCOME_UNKNOWN:
            step.tries = 0
    else:
        place = board.place(step.key)
        result = kinds.agent.accept(place, returned)
        if result is not None:
            _apply(place, result)
    step.save()
    return True


def _apply(place: Place, result: Result) -> Work | None:
    """Write down what driving a step led to."""
    board, step = place.board, place.step
    step.retry_at = None
    match result:
        case Execute(work):
            step.state = StepState.RUNNING
            place.lease(work)
            step.save()
            return work
        case Park(until):
            step.state, step.lease_until = StepState.WAITING, None
            board.parked[step.key] = until
        case Again(at):
            step.state, step.lease_until, step.retry_at = StepState.RUNNING, None, at
        case Done(output):
            end_step(board, step, StepState.SUCCEEDED, output=output)
        case Stop(reason):
            end_step(board, step, StepState.STOPPED, reason=reason)
        case Over(reason):
            end_step(board, step, StepState.FAILED, reason=reason)
        case Broke(reason):
            escalate(place, reason)
    step.save()
    return None
