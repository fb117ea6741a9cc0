"""Driving runs.

One transition, one transaction: what came back, the record of it, the plan, and the claim of what is next.

A worker calls `advance`. It takes what `transition` hands it, does that outside any transaction, and gives the result
to the next transition, until there is nothing left that a worker could do. It may be called for any run, at any time,
by any number of workers at once: the run's row decides who goes on, and a fencing token who may write.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from django.db import connection, transaction

from audit.outages import is_outage
from orchestrator.runs.engine import beginning, driving, ending, lane, leaving, parts, planner, troubles, withdrawing
from orchestrator.runs.engine.board import Board, take
from orchestrator.runs.engine.endings import end_run
from orchestrator.runs.engine.lane import Lane
from orchestrator.runs.engine.outlasting import outlast
from orchestrator.runs.engine.work import Returned, Work
from orchestrator.runs.states import RunState

log = logging.getLogger(__name__)


def advance(
    ref: UUID, *, begun: bool = False, answered: bool = False, beside: Callable[[], None] = lambda: None
) -> None:
    """Drive a run as far as it goes without waiting for a person. What breaks on the way is recorded with the run.

    One that is known to have `begun` is not looked for among the new ones first, and one whose question was `answered`
    among those that the fast lane takes up. `beside` is called before anything is done outside the fast lane, which
    may take long.
    """
    if leaving.is_leaving():
        return
    work: Work | Lane | None = None
    fast: Lane | None = None
    returned: Returned | None = None
    take_into_lane = lane.resume if answered else None if begun else lane.claim
    try:
        if take_into_lane is not None:
            with lane.turn():
                work = fast = take_into_lane(ref)
                if fast is not None and fast.perform():
                    return
        beside()
        work = transition(ref, fast=fast is None)
        while work is not None:
            returned = None
            if isinstance(work, Lane):
                with lane.turn():
                    done = work.perform()
                work = None if done else transition(ref, fast=False)
            else:
                returned = work.perform()
                work = transition(ref, returned)
    except Exception as error:
        log.exception("Run %s could not go on.", ref)
        _save(ref, error, None if isinstance(work, Lane) else work, returned)


def advance_together(refs: Sequence[UUID]) -> list[UUID]:
    """Drive runs that were just made beside each other in the fast lane. Those that somebody still has to drive."""
    lanes: Sequence[Lane] = ()
    try:
        with lane.turn_together():
            lanes = lane.claim_together(refs)
            left = lane.ride(lanes)
        if left:
            lane.give_back(left)
    except Exception as error:
        log.exception("Runs could not go on beside each other, so each goes on alone.")
        if is_outage(error):
            connection.close()  # the next statement gets a new one
        if lanes:
            outlast(partial(lane.give_back, lanes))
        return list(refs)
    over = {each.run.ref for each in lanes} - {each.run.ref for each in left}
    return [ref for ref in refs if ref not in over]


def _save(ref: UUID, error: Exception, work: Work | None, returned: Returned | None) -> None:
    """Store what a worker has brought back, and that going on from there broke. The database may be away just now."""
    if is_outage(error):
        connection.close()  # the next statement gets a new one
    if returned is not None:
        outlast(partial(troubles.keep, ref, returned))
    outlast(partial(troubles.note, ref, error, work))


@transaction.atomic
def transition(ref: UUID, returned: Returned | None = None, *, fast: bool = True) -> Work | Lane | None:
    """One step of a run's life, in the fast lane where that may be and the run is fit for it.

    Returns what this worker now has to do outside, or None when there is nothing for it.
    """
    board = take(ref, wait=returned is not None)
    if board is None:
        return None
    if returned is None and board.all_at_work():
        return None
    if returned is not None and not driving.settle(board, returned):
        log.warning("A late result for run %s was not written: another worker has taken the step over.", ref)
    troubles.note_lost(board)
    parts.take_up(board)
    withdrawing.hear(board)
    ending.look_at_time(board)
    work: Work | Lane | None = None
    if leaving.is_leaving():
        leaving.hand_over(board)
    else:
        work = _move_on(board, fast=fast and not board.lane_lost)  # what lost a worker there is watched step by step
    if work is None:
        board.run.troubles = 0
    board.store()
    return work


def _move_on(board: Board, *, fast: bool) -> Work | Lane | None:
    """Drive what is going on and begin what is ready, until nothing is left but to wait or to work, or it has ended.

    This worker takes one piece of work with it. Where there is more, another is rung for.
    """
    work: Work | Lane | None = None
    while True:
        work = work or _next_work(board) or (lane.enter(board) if fast else None)
        if isinstance(work, Lane):
            return work
        plan = planner.plan(board.definition, board.views(), board.run.input, ending=ending.wanted(board))
        match plan.actions[0]:
            case planner.Finish(output):
                end_run(board, RunState.SUCCEEDED, output=output)
                return None
            case planner.Fail(reason, stopped):
                end_run(board, RunState.STOPPED if stopped else RunState.FAILED, reason=reason)
                return None
            case planner.Wait():
                withdrawing.while_parts_wait(board)
                board.rest()
                return work
        allowed = withdrawing.allowed(board, plan.actions)
        for action in allowed:
            beginning.begin(board, action)
        if not allowed:
            board.rest()
            return work


def _next_work(board: Board) -> Work | None:
    """Drive steps until one of them needs a worker."""
    for step in board.to_drive():
        work = driving.drive(board, step.key)
        if work is not None:
            return work
    return None
