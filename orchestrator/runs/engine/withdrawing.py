"""A run whose version was withdrawn begins no further step until a person has said what is to become of it.

The question is put once, to the owner of the workflow, by the outermost run that follows the version: rounds, items and
plans within it wait for the same answer. What has begun may end. "Go on" holds for the run and all its parts to their
end, and nobody is asked again; "end" makes good what can be made good, like any other ending.
"""

from collections.abc import Sequence
from datetime import timedelta

from agents.verdicts import Route
from approvals.actions import open_review
from approvals.models import Decision, Review
from approvals.states import ReviewKind, ReviewState, Verdict
from audit.log import party, record
from orchestrator.runs.engine import asking, parts, planner
from orchestrator.runs.engine.board import Board
from orchestrator.runs.engine.ending import ending_of
from orchestrator.runs.models import Run, Step
from orchestrator.runs.signals import announce_due
from orchestrator.runs.states import RUN_ENDED, RunState
from orchestrator.workflows.schema import UNDO

LOOK_AGAIN = timedelta(seconds=60)
"""When a part looks again whether the run around it may go on. That rings; this is for when nobody hears it."""


def hear(board: Board) -> None:
    """Take up what a person said about a run whose version was withdrawn."""
    run = board.run
    review = _asked(run) if _in_question(run) else None
    if review is None or review.state == ReviewState.WITHDRAWN:
        return
    if review.state == ReviewState.OPEN or review.delivered_at is None:
        board.question, board.asked = review.expires_at, True
        return
    decision = review.closed_by()
    number = run.workflow_version.number
    if decision is None:
        reason = f"Version {number} was withdrawn, and nobody decided in time how to go on."
        run.ending = ending_of(reason, RunState.FAILED, now=True)
    elif decision.verdict == Verdict.GO_ON:
        _go_on(board, decision)
    else:
        reason = f"{decision.by} ended the run, because version {number} was withdrawn: {decision.reason}"
        run.ending = ending_of(reason, RunState.STOPPED, now=True)


def allowed(board: Board, actions: Sequence[planner.Action]) -> list[planner.Action]:
    """What of a plan may be begun. While the version is in question: nothing but what makes good what was done."""
    begun = [action for action in actions if isinstance(action, planner.Start) and not action.step_id.startswith(UNDO)]
    if not begun or not _held(board):
        return list(actions)
    _wait(board, begun[0].step_id)
    return [action for action in actions if action not in begun]


def while_parts_wait(board: Board) -> None:
    """Ask also where nothing but parts of this run has anything to begin."""
    going_on = [step for step in board.going_on() if not step.key.startswith(UNDO)]
    within = [step for step in going_on if step.kind in ("loop", "plan") or step.total is not None]
    if within and _held(board):
        _wait(board, within[0].key)


def _held(board: Board) -> bool:
    """Whether nothing more of a run may begin until a person has decided."""
    run = board.run
    if run.ending is not None or not _in_question(run):
        return False
    root = _root(run)
    run.goes_on = root is None or root.goes_on
    return not run.goes_on


def _in_question(run: Run) -> bool:
    return run.workflow_version.withdrawn is not None and not run.goes_on


def _wait(board: Board, key: str) -> None:
    """Have the run wait for the answer, and see to it that somebody is asked for one."""
    if board.question is not None:
        return
    root = _root(board.run)
    assert root is not None
    if root.pk == board.run.pk:
        board.question, board.asked = _ask(board, key).expires_at, True
        return
    board.question = board.now + LOOK_AGAIN
    if _asked(root) is None:
        announce_due(root)


def _root(run: Run) -> Run | None:
    """The outermost run that follows the same version: this one, or what it is a part of; None for what makes good."""
    while run.parent_id is not None:
        if Step.objects.filter(pk=run.parent_id, key__startswith=UNDO).exists():
            return None
        outer = Run.objects.only("ref", "parent", "workflow_version", "goes_on").get(steps=run.parent_id)
        if outer.workflow_version_id != run.workflow_version_id:
            break
        run = outer
    return run


def _asked(run: Run) -> Review | None:
    return Review.objects.filter(run_ref=run.ref, kind=ReviewKind.VERSION).order_by("-pk").first()


def _ask(board: Board, key: str) -> Review:
    version = board.run.workflow_version
    withdrawal = version.withdrawn
    assert withdrawal is not None
    why = f"Version {version.number} of {version.workflow.title} was withdrawn by {withdrawal.by}: {withdrawal.reason}"
    return open_review(asking.about_withdrawal(board.place(key), why, Route(user_id=version.workflow.owner_id)))


def _go_on(board: Board, decision: Decision) -> None:
    run = board.run
    run.goes_on = True
    data = {"version": run.workflow_version.number, "reason": decision.reason}
    record("run.goes_on", actor=party(decision.by), subject=party(run), stream=board.stream, data=data)
    level = [run.pk]
    for _ in range(parts.MOST_DEEP):
        within = Run.objects.filter(parent__run__in=level, workflow_version=run.workflow_version)
        waiting = list(within.exclude(state__in=RUN_ENDED))
        for part in waiting:
            announce_due(part)
        level = [part.pk for part in waiting]
