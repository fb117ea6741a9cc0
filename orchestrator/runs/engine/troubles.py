"""When driving a run breaks by a mistake of our own, or a worker does not come back: nobody is left unaware.

Each occurrence is recorded. After a mistake the run is tried again with a pause; after three in a row a person is asked
what to do with the step, and if even that breaks, the run fails. A database that was away or could store nothing is no
mistake and does not count: whatever was under way was rolled back, and the run goes on when the database does.

A worker that does not come back is hardly ever the run's doing, so the run goes on at once. But a step with which
MOST_LOST workers in a row were lost, and none came back, is put before a person. A run that gets anywhere in between
survives any number of them.
"""

import logging
import traceback
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit.clock import db_now
from audit.log import SYSTEM, party, record
from audit.outages import is_outage
from orchestrator.runs.engine import driving, liveness
from orchestrator.runs.engine.attempts import MOST_LOST
from orchestrator.runs.engine.board import Board, take
from orchestrator.runs.engine.endings import abandon, end_run, end_step
from orchestrator.runs.engine.escalating import escalate
from orchestrator.runs.engine.kinds import calls
from orchestrator.runs.engine.rows import Steps
from orchestrator.runs.engine.work import Returned, Work
from orchestrator.runs.models import Run, Step
from orchestrator.runs.signals import announce_run
from orchestrator.runs.states import RUN_ENDED, RunState, StepState

log = logging.getLogger(__name__)

MOST = 3
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
WHILE_AWAY = timedelta(seconds=1)
STOPPED = "Every worker process that was to drive this run on ended."
AWAY = "The database was away, could store nothing, or put others first, while a worker drove this run."
LOST = "The worker that had this step did not come back."


def note_lost(board: Board) -> None:
    """Record the workers that did not come back, in the transition that takes their steps over.

    A call that was being sent is not our business: it is repeated or looked up as its contract says.
    """
    if board.lane_lost:
        _record(board.run, LOST, None)
    for step in board.lost():
        step.release()
        step.losses += 1
        board.touch(step)
        _record(board.run, LOST, step, losses=step.losses)
        if step.losses >= MOST_LOST and not calls.being_sent(step):
            escalate(board.place(step.key), f"{LOST} This happened {step.losses} times in a row.")


def keep(ref: UUID, returned: Returned) -> None:
    """Store what a worker brought back although going on from there broke, so that it is not done again.

    Raises only what says that the database is away: it may be tried again. What is stored already is not stored twice.
    """
    try:
        with transaction.atomic():
            board = take(ref, wait=True)
            if board is not None and driving.settle(board, returned):
                board.store()
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("What a worker brought back for run %s could not be stored.", ref)


def note(ref: UUID, error: Exception, work: Work | None) -> None:
    """Record that driving a run broke, and when to try again; the third time in a row, ask a person or end the run."""
    if is_outage(error):
        _count(ref, AWAY, work, mistake=False)
        return
    why = f"Holdshort itself made a mistake here: {_place_of(error)}. The log of the workers tells more."
    _one_more(ref, why, work)


def give_up(ref: UUID, deaths: int) -> None:
    """Drive a run no further that has ended `deaths` processes in a row, at least MOST, all in the same transition.

    A person is asked. If whoever was to ask has died too, the run fails; it is left alone when even that has killed.
    """
    if deaths > MOST + 1:
        log.error("Run %s ends every process that touches it. Nobody does any more.", ref)
        return
    _put_before_a_person(ref, f"{STOPPED} This happened {deaths} times in a row.", fail=deaths > MOST)


def _one_more(ref: UUID, why: str, work: Work | None) -> None:
    if _count(ref, why, work) >= MOST:
        _put_before_a_person(ref, f"{why} This happened {MOST} times in a row.")


def _put_before_a_person(ref: UUID, why: str, *, fail: bool = False) -> None:
    """Ask about the step that is going on. Where that is not possible, or with `fail`, the run fails."""
    if fail:
        _fail(ref, why)
        return
    try:
        _ask(ref, why)
    except Exception:
        log.exception("Nobody could be asked about run %s, so it fails.", ref)
        _fail(ref, why)


@transaction.atomic
def _count(ref: UUID, why: str, work: Work | None, *, mistake: bool = True) -> int:
    """One more trouble in a row. What this thread has of the run is given back: it is at none of it any more.

    It may have leases that it never heard of, where a commit was acknowledged by nobody.
    """
    run = _locked(ref)
    if run is None:
        return 0
    known = Q(pk=work.step_id, fence=work.fence) if work else Q()
    mine = run.steps.filter(known | Q(lease_owner=liveness.owner()), state=StepState.RUNNING, lease_until__isnull=False)
    step = None
    for step in mine:
        step.release()
        step.save(update_fields=["lease_until", "lease_owner"])
    run.troubles += mistake
    if run.lane_owner == liveness.owner():
        run.lane_owner = run.lane_until = None
    pause = min(FIRST_PAUSE * 4 ** min(max(run.troubles - 1, 0), 10), LONGEST_PAUSE) if mistake else WHILE_AWAY
    leases = run.steps.filter(lease_until__isnull=False).values_list("lease_until", flat=True)
    run.wake_at = max([db_now() + pause, *(lease for lease in leases if lease is not None)])
    run.version += 1
    run.save(update_fields=["troubles", "wake_at", "version", "lane_owner", "lane_until"])
    _record(run, why, step, troubles=run.troubles)
    announce_run(run)
    return run.troubles


@transaction.atomic
def _ask(ref: UUID, why: str) -> None:
    """Put the step that is going on before a person; what it had under way is given up. Raises when there is none."""
    board = take(ref, wait=True)
    if board is None or board.someone_at_work():
        return
    (step, *_) = board.going_on()
    unsure = abandon(board, why="The step could not go on.", step=step)
    escalate(board.place(step.key), " ".join([why, *unsure]))
    board.rest()
    board.run.troubles = 0
    board.store()


@transaction.atomic
def _fail(ref: UUID, why: str) -> None:
    """End a run that even a person could not be asked about. Needs neither its definition nor its reviews."""
    run = _locked(ref)
    board = Board(run, db_now(), Steps(run, run.steps.all())) if run else None
    if board is None or board.someone_at_work():
        return
    board.run.lane_owner = board.run.lane_until = None
    abandon(board, why=why)
    for step in board.going_on():
        end_step(board, step, StepState.FAILED, reason=why)
    end_run(board, RunState.FAILED, reason=why)
    board.store()


def _locked(ref: UUID) -> Run | None:
    rows = Run.objects.select_for_update(of=("self",), no_key=True).exclude(state__in=RUN_ENDED)
    return rows.filter(ref=ref).first()


def _record(run: Run, why: str, step: Step | None, **count: int) -> None:
    where = {"step": str(step.ref), "step_title": step.title} if step else {}
    data = {**where, **count, "reason": why}
    record("run.troubled", actor=SYSTEM, subject=party(run), stream=f"run:{run.ref}", data=data)


def _place_of(error: Exception) -> str:
    """The kind of an error and the line that raised it. Not its message, which may hold what only a few may see."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
