"""Ringing the workers' bell after commit. Losing a message costs only time: the sweep finds the row."""

from functools import partial
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from agents.signals import stop_released
from approvals.models import Decision, Review
from approvals.signals import decision_recorded, review_changed
from approvals.states import ReviewKind
from orchestrator.runs.engine import sweeping
from orchestrator.runs.models import Batch, Event, Run
from orchestrator.runs.ringing import Ringer, ring
from orchestrator.runs.signals import batch_changed, event_received, run_due
from orchestrator.runs.stopping import wake
from orchestrator.runs.tasks import advance, begin, start_batch

SLACK_SECONDS = 0.1


@receiver(run_due, dispatch_uid="advance_due_run")
def advance_due_run(run: Run, **_: Any) -> None:
    """A run has just been made or became due."""
    if run.version == 0:
        _new.ring(str(run.ref))
    else:
        ring(advance, str(run.ref), begun=True)


@receiver(decision_recorded, dispatch_uid="advance_decided_run")
def advance_decided_run(review: Review, decision: Decision, **_: Any) -> None:
    """A person decided: look at the run when the hold is over."""
    hold = (decision.held_until - decision.at).total_seconds()
    answered = review.kind == ReviewKind.FORM
    ring(advance, str(review.run_ref), countdown=hold + SLACK_SECONDS if hold else 0, begun=True, answered=answered)


@receiver(review_changed, dispatch_uid="advance_changed_run")
def advance_changed_run(review: Review, **_: Any) -> None:
    """A review closed without a verdict: the run goes on without it."""
    if review.closed_at is not None:
        ring(advance, str(review.run_ref))


@receiver(batch_changed, dispatch_uid="start_new_batch")
def start_new_batch(batch: Batch, **_: Any) -> None:
    """A file was handed in."""
    if batch.done == 0:
        ring(start_batch, str(batch.ref))


@receiver(event_received, dispatch_uid="advance_runs_that_wait_for_event")
def advance_runs_that_wait(event: Event, **_: Any) -> None:
    """Something happened outside: the runs with a step that waits for it look at it now."""
    for ref in sweeping.waiting_for(event):
        ring(advance, str(ref))


@receiver(stop_released, dispatch_uid="advance_released_runs")
def advance_released_runs(ref: UUID, **_: Any) -> None:
    """What a stop kept back may go on."""
    for run in wake(ref):
        ring(advance, str(run))


_new = Ringer(partial(ring, begin))
