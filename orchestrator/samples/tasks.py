"""A gentle stream of cases, so that the inbox of a demonstration is alive."""

from celery import shared_task

from orchestrator.samples import loading


@shared_task(name="samples.trickle", ignore_result=True)
def trickle() -> None:
    """Start the next case unless enough waits for people already."""
    if loading.wanted():
        loading.start_next()
