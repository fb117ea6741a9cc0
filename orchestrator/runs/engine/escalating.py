"""Asking a person what to do about a step that cannot go on by itself, and doing what they say."""

from approvals.actions import open_review
from approvals.models import Decision
from approvals.states import ReviewState, Verdict
from audit.log import SYSTEM, party, record
from orchestrator.runs.engine import asking
from orchestrator.runs.engine.attempts import begin_again, remember_try
from orchestrator.runs.engine.board import Place, current_version
from orchestrator.runs.engine.results import Done, Over, Park, Result, Stop
from orchestrator.runs.states import StepState
from orchestrator.workflows.schema import AgentStep, ToolStep


def escalate(place: Place, reason: str) -> None:
    """Ask a person how to go on. What the step has done so far stays on record as a try that failed."""
    board, step = place.board, place.step
    remember_try(place, reason)
    record(
        "step.escalated",
        actor=SYSTEM,
        subject=party(step),
        stream=board.stream,
        data={"step": str(step.ref), "step_title": step.title, "attempt": step.attempt, "reason": reason},
    )
    step.review = open_review(asking.about_failure(place, reason))
    step.release()
    step.state, step.retry_at, step.reason = StepState.WAITING, None, reason
    step.deadline_at = None
    board.touch(step)
    board.parked[step.key] = step.review.expires_at


def heard(place: Place) -> Result | None:
    """What a person said about an escalated step; None when they said that it is to be tried again from its start."""
    step = place.step
    review = step.review
    assert review is not None
    if review.state == ReviewState.OPEN or review.delivered_at is None:
        return Park(review.expires_at)
    decision = review.closed_by()
    if decision is None:
        return Over(f"{step.reason} Nobody decided in time how to go on.")
    match decision.verdict:
        case Verdict.TERMINATE:
            return Stop(f"{decision.by} ended the run: {decision.reason}")
        case Verdict.SKIP:
            return Done((decision.answer or {}).get("value"))
        case Verdict.FALL_BACK:
            return Over(f"{decision.by} chose to do another step instead: {step.reason}")
    _again(place, decision)
    return None


def _again(place: Place, decision: Decision) -> None:
    """Begin the step from its start, with the input that the person put in its place where they did."""
    step, spec, now = place.step, place.spec, place.board.now
    begin_again(step)
    step.review, step.reason, step.retries = None, "", 0
    step.deadline_at = now + spec.timeout if spec.timeout else None
    if step.started_at is None or step.input is None:  # it never got as far as its input
        step.state = StepState.PENDING
        return
    step.started_at = now
    if decision.verdict == Verdict.RETRY_EDITED:
        step.input = (decision.answer or {}).get("input", step.input)
        place.board.touch(step, given=True)
    if isinstance(spec, AgentStep | ToolStep):
        step.agent_version = current_version(spec.agent)
