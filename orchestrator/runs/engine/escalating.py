"""Asking a person what to do about a step that cannot go on by itself, and doing what they say."""

from approvals.actions import open_review
from approvals.states import ReviewKind, ReviewState, Verdict
from audit.log import SYSTEM, party, record
from orchestrator.runs.engine import asking
from orchestrator.runs.engine.board import Place, current_version
from orchestrator.runs.engine.results import Over, Park, Result, Stop
from orchestrator.runs.models import Attempt, Step
from orchestrator.runs.states import StepState


def is_escalated(step: Step) -> bool:
    """Whether a person is asked, or was asked and has not been heard yet, how to go on with a step."""
    return step.review is not None and step.review.kind == ReviewKind.ESCALATION


def escalate(place: Place, reason: str) -> None:
    """Ask a person how to go on. What the step has done so far stays on record as a try that failed."""
    board, step = place.board, place.step
    begun, ended = step.started_at or board.now, board.now
    Attempt.objects.create(step=step, number=step.attempt, started_at=begun, ended_at=ended, reason=reason)
    record(
        "step.escalated",
        actor=SYSTEM,
        subject=party(step),
        stream=board.stream,
        data={"step": str(step.ref), "step_title": step.title, "attempt": step.attempt, "reason": reason},
    )
    step.review = open_review(asking.about_failure(place, reason))
    step.state, step.lease_until, step.retry_at, step.reason = StepState.WAITING, None, None, reason
    step.save()
    board.parked[step.key] = step.review.expires_at


def heard(place: Place) -> Result | None:
    """What a person said about an escalated step; None when they said that it is to be tried again from its start."""
    step = place.step
    review = step.review
    assert review is not None
    if review.state == ReviewState.OPEN or review.delivered_at is None:
        return Park(review.expires_at)
    decision = review.decisions.filter(undone_at=None).select_related("by").first()
    if decision is None:
        return Over(f"{step.reason} Nobody decided in time how to go on.")
    if decision.verdict == Verdict.TERMINATE:
        return Stop(f"{decision.by} ended the run: {decision.reason}")
    step.review, step.reason, step.attempt, step.tries = None, "", step.attempt + 1, 0
    step.started_at = place.board.now
    if place.spec.kind != "human":
        step.agent_version = current_version(place.spec.agent)
    return None
