"""What workers do about decisions beside the run: note what they teach, once they can no longer be taken back."""

from uuid import UUID

from celery import shared_task

from approvals import noting


@shared_task(name="approvals.note_decision", ignore_result=True)
def note_decision(ref: str) -> None:
    """Propose the note of one decision, if it teaches something."""
    noting.note_decision(UUID(ref))


@shared_task(name="approvals.note_decisions", ignore_result=True)
def note_decisions() -> None:
    """Propose the notes of recent decisions whose bell was lost."""
    for ref in noting.missed():
        noting.note_decision(ref)
