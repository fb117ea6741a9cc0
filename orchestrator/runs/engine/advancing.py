"""Driving runs.

One transition, one transaction: what came back, the record of it, the plan, and the claim of what is next.

A worker calls `advance`. It takes what `transition` hands it, does that outside any transaction, and gives the result
to the next transition, until there is nothing left that a worker could do. It may be called for any run, at any time,
by any number of workers at once: the run's row decides who goes on, and a fencing token who may write.
"""

import logging
from uuid import UUID

from django.db import transaction

from audit.log import SYSTEM, party, record
from orchestrator.runs.engine import asking, driving, planner, troubles
from orchestrator.runs.engine.board import Board, current_version, take
from orchestrator.runs.engine.endings import end_run, end_step
from orchestrator.runs.engine.work import Returned, Work
from orchestrator.runs.states import RunState, StepState

log = logging.getLogger(__name__)


def advance(ref: UUID) -> None:
    """Drive a run as far as it goes without waiting for a person. What breaks on the way is recorded with the run."""
    work: Work | None = None
    returned: Returned | None = None
    try:
        work = transition(ref)
        while work is not None:
            returned = None
            returned = work.perform()
            work = transition(ref, returned)
    except Exception as error:
        log.exception("Run %s could not go on.", ref)
        if returned is not None:
            troubles.keep(ref, returned)
        troubles.note(ref, error, work)


@transaction.atomic
def transition(ref: UUID, returned: Returned | None = None) -> Work | None:
    """One step of a run's life.

    Returns what this worker now has to do outside, or None when there is nothing for it.
    """
    board = take(ref, wait=returned is not None)
    if board is None:
        return None
    settled = returned is not None and driving.settle(board, returned)
    if returned is not None and not settled:
        log.warning("A late result for run %s was not written: another worker has taken the step over.", ref)
    if not settled and board.someone_at_work():
        return None
    troubles.note_lost(board)
    work = _move_on(board)
    if work is None:
        board.run.troubles = 0
    board.store()
    return work


def _move_on(board: Board) -> Work | None:
    """Drive what is going on and start what is ready, until a worker is needed, a person is, or the run has ended."""
    while True:
        for step in board.to_drive():
            work = driving.drive(board, step.key)
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
