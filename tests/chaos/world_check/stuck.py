"""I3: every run that has not ended is with a live worker, is due soon, or waits for something that can be named."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from agents.models import ToolCall
from agents.states import CallState
from approvals.models import Review
from approvals.states import ReviewKind, ReviewState
from audit.clock import db_now
from orchestrator.runs.engine import liveness, parts, sweeping
from orchestrator.runs.engine.planner import IN_FLIGHT
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RUN_ENDED, RunState, StepState

SOON = timedelta(minutes=3)
"""The longest lease of the tests, and the longest pause after three mistakes in a row."""
LONGEST = timedelta(days=31)
UNSURE = (CallState.OUTCOME_UNKNOWN, CallState.EXECUTING)


def stuck() -> Iterator[str]:
    """Runs and steps that nobody would come back to."""
    now = db_now()
    due = set(sweeping.due_runs())
    live = Run.objects.exclude(state__in=RUN_ENDED).select_related("parent__run").prefetch_related("steps__review")
    for run in live.iterator(chunk_size=200):
        yield from _run(run, now, run.ref in due)
    for run in Run.objects.filter(state__in=RUN_ENDED, lane_owner__isnull=False):
        yield f"I3: {run.code} has ended, and a worker still has it."
    for step in Step.objects.filter(run__state__in=RUN_ENDED, state__in=IN_FLIGHT).select_related("run"):
        yield f"I3: {step.run.code} has ended, and its step {step.key} is {step.state}."


def unattended() -> Iterator[str]:
    """What is still due although the workers had time for everything."""
    for ref in sweeping.due_runs():
        yield f"I3: {Run.objects.get(ref=ref).code} is due, and nobody comes."
    for run in Run.objects.exclude(state__in=RUN_ENDED).filter(lane_owner__isnull=False):
        if not liveness.is_alive(run.lane_owner):
            yield f"I3: the worker that had {run.code} is dead, and nobody took it over."
    for call in ToolCall.objects.filter(state=CallState.EXECUTING):
        yield f"I3: {call} is being sent for ever."
    for step in Step.objects.filter(lease_until__lte=db_now()):
        yield f"I3: the lease of step {step.key} has run out, and nobody took it over."


def _run(run: Run, now: datetime, due: bool) -> Iterator[str]:
    if run.wake_at is None or run.wake_at > now + LONGEST:
        yield f"I3: {run.code} is {run.state}, and nobody will look at it again before {run.wake_at}."
    if run.parent is not None and run.parent.run.state in RUN_ENDED:
        yield f"I3: {run.code} goes on, and the run that it is a part of has ended."
    going_on = [step for step in run.steps.all() if step.state in IN_FLIGHT]
    soon = due or (run.wake_at is not None and run.wake_at <= now + SOON)
    asked = Review.objects.filter(run_ref=run.ref, kind=ReviewKind.VERSION, state=ReviewState.OPEN).exists()
    if not going_on and not soon and not asked:
        yield f"I3: {run.code} is {run.state}, none of its steps goes on, and it is not due."
    waiting = asked or any(step.state == StepState.WAITING for step in going_on)
    if run.state == RunState.WAITING and not soon and not waiting:
        yield f"I3: {run.code} waits for a person, and none of its steps does."
    for step in going_on:
        if not soon and not _named(run, step, now):
            yield f"I3: step {step.key} of {run.code} is {step.state} and waits for nothing that could be named."


def _named(run: Run, step: Step, now: datetime) -> bool:
    """Whether there is something that will move a step: a worker, a moment, a person, an event or its parts."""
    assert run.wake_at is not None
    if step.state == StepState.WAITING:
        mine = Review.objects.filter(run_ref=run.ref, step_ref=step.ref, delivered_at=None)
        return mine.filter(expires_at__gte=run.wake_at).exists() or mine.exclude(closed_at=None).exists()
    if step.lease_until or step.retry_at:
        return max(time for time in (step.lease_until, step.retry_at) if time) >= now - SOON
    if step.state != StepState.RESTING:
        return False
    return bool(step.awaited) or step.kind == "wait" or parts.going_on(step) or _unsure(step)


def _unsure(step: Step) -> bool:
    return ToolCall.objects.filter(step_ref=step.ref, state__in=UNSURE).exists()
