"""Moving one step on, and writing down what a worker brings back for it."""

from agents import gateway
from agents.states import CallState
from orchestrator.runs.engine import kinds, stopping
from orchestrator.runs.engine.board import Board, Place, is_escalated
from orchestrator.runs.engine.endings import abandon, end_step
from orchestrator.runs.engine.escalating import heard
from orchestrator.runs.engine.failing import fail
from orchestrator.runs.engine.results import Again, Broke, Done, Execute, Over, Park, Result, Stop
from orchestrator.runs.engine.work import CallReturned, Returned, Work
from orchestrator.runs.states import StepState
from orchestrator.workflows.durations import duration_text


def drive(board: Board, key: str) -> Work | None:
    """Move one step on; what a worker has to do for it, if anything."""
    place = board.place(key)
    place.step.fence += 1
    result = heard(place) if is_escalated(place.step) else None
    if result is None and place.step.state == StepState.PENDING:
        board.touch(place.step)
        return None
    goes_on = place.step.state == StepState.WAITING  # what a person has decided is taken up, whatever is stopped
    stopped = None if result or goes_on else stopping.held_back(place)
    return apply(place, result or stopped or kinds.proceed(place))


def settle(board: Board, returned: Returned) -> bool:
    """Store what a worker brings back; False when its fencing token is old, because then somebody else has the step."""
    step = next((each for each in board.steps.values() if each.pk == returned.step_id), None)
    if step is None or step.state != StepState.RUNNING or step.fence != returned.fence:
        return False
    step.release()
    step.losses = board.run.troubles = 0
    if isinstance(returned, CallReturned):
        call = gateway.settle(returned.effected)
        if call is not None and call.state != CallState.OUTCOME_UNKNOWN:
            step.tries = 0
    else:
        place = board.place(step.key)
        result = kinds.agent.accept(place, returned)
        if result is not None:
            apply(place, result)
    board.touch(step)
    return True


def time_out(board: Board, key: str) -> None:
    """A step took longer than its definition allows: what is open of it is withdrawn, and its rules say the rest."""
    place = board.place(key)
    assert place.spec.timeout is not None
    unsure = abandon(board, why="The step took too long.", step=place.step)
    reason = f"It took longer than {duration_text(place.spec.timeout)}."
    apply(place, Broke(" ".join([reason, *unsure]), "failed" if unsure else "timeout"))


def apply(place: Place, result: Result) -> Work | None:
    """Write down what driving a step led to."""
    board, step = place.board, place.step
    step.retry_at = None
    step.release()
    match result:
        case Execute(work):
            step.state = StepState.RUNNING
            place.lease(work)
            board.touch(step)
            return work
        case Park(until, person):
            step.state = StepState.WAITING if person else StepState.RESTING
            board.parked[step.key] = until
        case Again(at):
            step.state, step.retry_at = StepState.RUNNING, at
        case Done(output):
            end_step(board, step, StepState.SUCCEEDED, output=output)
        case Stop(reason):
            end_step(board, step, StepState.STOPPED, reason=reason)
        case Over(reason):
            end_step(board, step, StepState.FAILED, reason=reason)
        case Broke():
            fail(place, result)
    board.touch(step)
    return None
