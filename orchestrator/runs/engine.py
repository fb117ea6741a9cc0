"""Driving runs.

One transition, one transaction: what came back, the record of it, the plan, and the claim of what is next.

A worker calls `advance`. It takes what `transition` hands it, does that outside any transaction, and gives the result
to the next transition, until there is nothing left that a worker could do. It may be called for any run, at any time,
by any number of workers at once: the run's row decides who goes on, and a fencing token who may write.
"""

import logging
from uuid import UUID

from django.db import transaction

from agents import gateway
from approvals.actions import open_review
from approvals.models import Review
from approvals.states import ReviewKind, ReviewState, Verdict
from audit.log import SYSTEM, party, record
from orchestrator.runs import asking, kinds, planner
from orchestrator.runs.board import Board, Place, current_version, take
from orchestrator.runs.endings import end_run, end_step
from orchestrator.runs.models import Attempt, Step
from orchestrator.runs.results import Again, Broke, Done, Execute, Over, Park, Result, Stop
from orchestrator.runs.signals import announce_run
from orchestrator.runs.states import RunState, StepState
from orchestrator.runs.work import CallReturned, Returned, Work

log = logging.getLogger(__name__)


def advance(ref: UUID) -> None:
    """Drive a run as far as it goes without waiting for a person."""
    work = transition(ref)
    while work is not None:
        work = transition(ref, work.perform())


@transaction.atomic
def transition(ref: UUID, returned: Returned | None = None) -> Work | None:
    """One step of a run's life.

    Returns what this worker now has to do outside, or None when there is nothing for it.
    """
    board = take(ref, wait=returned is not None)
    if board is None or (returned is None and board.someone_at_work()):
        return None
    if returned is not None and not _settle(board, returned):
        log.warning("A late result for run %s was not written: another worker has taken the step over.", ref)
        return None
    work = _move_on(board)
    board.run.version += 1
    board.run.save()
    announce_run(board.run)
    return work


def _settle(board: Board, returned: Returned) -> bool:
    """Store what a worker brings back; False when its fencing token is old, because then somebody else has the step."""
    step = next((each for each in board.steps.values() if each.pk == returned.step_id), None)
    if step is None or step.state != StepState.RUNNING or step.fence != returned.fence:
        return False
    step.lease_until = None
    if isinstance(returned, CallReturned):
        return gateway.settle(returned.effected) is not None
    place = board.place(step.key)
    result = kinds.agent.accept(place, returned)
    if result is not None:
        _apply(place, result)
    return True


def _move_on(board: Board) -> Work | None:
    """Drive what is going on and start what is ready, until a worker is needed, a person is, or the run has ended."""
    while True:
        for step in board.to_drive():
            work = _drive(board, step.key)
            if work is not None:
                board.run.state, board.run.wake_at = RunState.RUNNING, step.lease_until
                return work
        plan = planner.plan(board.definition, board.views(), board.run.input)
        match plan.actions[0]:
            case planner.Finish(output):
                end_run(board, RunState.SUCCEEDED, output=output)
                return None
            case planner.Fail(reason):
                stopped = any(step.state == StepState.STOPPED for step in board.steps.values())
                end_run(board, RunState.STOPPED if stopped else RunState.FAILED, reason=reason)
                return None
            case planner.Wait():
                board.rest()
                return None
        for key in plan.starts:
            _start(board, key)


def _start(board: Board, key: str) -> None:
    """Begin a step: it gets exactly the inputs its definition maps, and keeps the agent's version of this moment."""
    step, spec = board.steps[key], board.definition.step(key)
    step.state, step.started_at = StepState.RUNNING, board.now
    if spec.kind != "human":
        step.agent_version = current_version(spec.agent)
    data = {"step": str(step.ref), "step_title": step.title, "kind": step.kind}
    try:
        step.input = asking.input_of(spec, board.run.input, board.outputs())
    except planner.MissingReference as error:
        record("step.started", actor=SYSTEM, subject=party(step), stream=board.stream, data=data)
        end_step(board, step, StepState.FAILED, reason=str(error))
        return
    version = step.agent_version
    more = {"agent": version.agent.title, "agent_version": version.number, "model": version.model} if version else {}
    record(
        "step.started",
        actor=SYSTEM,
        subject=party(step),
        stream=board.stream,
        data={**data, **more, "input": step.input},
    )
    step.save()


def _drive(board: Board, key: str) -> Work | None:
    """Move one step on; what a worker has to do for it, if anything."""
    place = board.place(key)
    step = place.step
    step.fence += 1
    result = _after_failure(place) if _is_escalated(step) else kinds.PROCEED[step.kind](place)
    return _apply(place, result)


def _apply(place: Place, result: Result) -> Work | None:
    """Write down what driving a step led to."""
    board, step = place.board, place.step
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
            step.state, step.lease_until = StepState.RUNNING, at
        case Done(output):
            end_step(board, step, StepState.SUCCEEDED, output=output)
        case Stop(reason):
            end_step(board, step, StepState.STOPPED, reason=reason)
        case Over(reason):
            end_step(board, step, StepState.FAILED, reason=reason)
        case Broke(reason):
            _escalate(place, reason)
    step.save()
    return None


def _is_escalated(step: Step) -> bool:
    return step.review is not None and step.review.kind == ReviewKind.ESCALATION


def _escalate(place: Place, reason: str) -> None:
    """Ask a person what to do about a step that cannot go on by itself."""
    board, step = place.board, place.step
    Attempt.objects.create(step=step, number=step.attempt, started_at=step.started_at or board.now, reason=reason)
    record(
        "step.escalated",
        actor=SYSTEM,
        subject=party(step),
        stream=board.stream,
        data={"step": str(step.ref), "step_title": step.title, "attempt": step.attempt, "reason": reason},
    )
    step.review = open_review(asking.about_failure(place, reason))
    step.state, step.lease_until, step.reason = StepState.WAITING, None, reason
    board.parked[step.key] = step.review.expires_at


def _after_failure(place: Place) -> Result:
    """What a person said about a failed step: try again from the beginning, or give up."""
    step = place.step
    review: Review = step.review  # type: ignore[assignment]  # _is_escalated has looked
    if review.state == ReviewState.OPEN or review.delivered_at is None:
        return Park(review.expires_at)
    decision = review.decisions.filter(undone_at=None).select_related("by").first()
    if decision is None:
        return Over(f"{step.reason} Nobody decided in time how to go on.")
    if decision.verdict == Verdict.TERMINATE:
        return Stop(f"{decision.by} ended the run: {decision.reason}")
    step.review, step.reason, step.attempt, step.tries = None, "", step.attempt + 1, 0
    step.started_at = place.board.now
    spec = place.spec
    if spec.kind != "human":
        step.agent_version = current_version(spec.agent)
    return kinds.PROCEED[step.kind](place)
