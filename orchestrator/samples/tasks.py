"""A gentle stream of cases, so that the inbox of a demonstration is alive."""

from celery import shared_task

from approvals.models import Review
from approvals.states import ReviewState
from orchestrator.samples.sets import chosen

OPEN_REVIEWS = 12
"""With this many open reviews nobody needs another case."""


@shared_task(name="samples.trickle", ignore_result=True)
def trickle() -> None:
    """Start the next case unless enough waits for people already, and let a customer answer who was asked."""
    chosen().answer_one()
    if Review.objects.filter(state=ReviewState.OPEN).count() < OPEN_REVIEWS:
        chosen().start_next()
