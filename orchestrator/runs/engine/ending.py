"""Ending a run from outside its steps: somebody cancelled it, its time is over, or the run it is a part of ends."""

from typing import Any
from uuid import UUID

from django.db import transaction

from agents.people import Person
from audit import text
from audit.clock import db_now
from audit.log import party, record
from orchestrator.runs import exceptions
from orchestrator.runs.access import access_run, require_steering
from orchestrator.runs.engine import parts, planner
from orchestrator.runs.engine.board import Board
from orchestrator.runs.engine.driving import time_out
from orchestrator.runs.engine.endings import abandon, end_step
from orchestrator.runs.models import Run
from orchestrator.runs.signals import announce_due, announce_run
from orchestrator.runs.states import RUN_ENDED, RunState, StepState
from orchestrator.workflows.durations import duration_text
from orchestrator.workflows.schema import UNDO

MOST_REASON = 2_000


def ending_of(reason: str, state: RunState, *, now: bool) -> dict[str, Any]:
    """How a run is to end, as it is stored: why, in which state, and whether what waits is given up at once."""
    return {"reason": reason, "state": state.value, "now": now}


@transaction.atomic
def cancel_run(*, ref: UUID, by: Person, reason: str, now: bool) -> Run:
    """Have a run end: what is to be made good is made good, and then it is over. Asking twice changes nothing.

    With `now`, what waits for a person, a time or an event is given up; without, steps that have begun may end first.
    What a worker is doing at this moment is waited for in either case.

    Raises Http404 for a run that the person may not see, PermissionDenied where they may not end it, ReasonMissing,
    and AlreadyEnded.
    """
    run = access_run(by, ref, lock=True)
    require_steering(by, run)
    if not reason.strip():
        raise exceptions.ReasonMissing
    if run.state in RUN_ENDED:
        raise exceptions.AlreadyEnded
    said = text.escape(reason.strip())[:MOST_REASON]
    run.ending = ending_of(f"{by} ended the run: {said}", RunState.STOPPED, now=now)
    run.wake_at = db_now()
    run.save(update_fields=["ending", "wake_at"])
    data = {"reason": said, "at_once": now}
    record("run.cancelled", actor=party(by), subject=party(run), stream=f"run:{run.ref}", data=data)
    announce_due(run)
    announce_run(run)
    return run


def wanted(board: Board) -> planner.Fail | None:
    """How the run is to end whatever its steps do; None when it is to go on."""
    ending = board.run.ending
    return planner.Fail(ending["reason"], ending["state"] == RunState.STOPPED) if ending else None


def look_at_time(board: Board) -> None:
    """Take up what has taken too long, and give up what an ending run no longer waits for."""
    run = board.run
    if run.ending is None and run.deadline_at is not None and run.deadline_at <= board.now:
        limit = board.definition.timeout
        reason = f"The run took longer than {duration_text(limit)}." if limit else "The run took too long."
        run.ending = ending_of(reason, RunState.FAILED, now=True)
    for step in board.overdue():
        time_out(board, step.key)
    if run.ending is not None:
        _give_up(board)


def _give_up(board: Board) -> None:
    """End what waits. What a worker has at this moment is waited for, and what makes good is done to its end."""
    assert board.run.ending is not None
    for step in board.going_on():
        if step.key.startswith(UNDO) or (step.state == StepState.RUNNING and step.lease_until is not None):
            continue
        if step.total is not None or step.kind in parts.KINDS:
            parts.end_parts(step, board.run.ending)
            if parts.going_on(step):
                continue
        elif not board.run.ending["now"]:
            continue
        unsure = abandon(board, why=board.run.ending["reason"], step=step)
        end_step(board, step, StepState.STOPPED, reason=" ".join([board.run.ending["reason"], *unsure]))
