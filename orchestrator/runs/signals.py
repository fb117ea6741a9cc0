"""Facts about runs, sent after commit. The rows are the truth: who misses a signal finds them by looking."""

from django.db import transaction
from django.dispatch import Signal

from orchestrator.runs.models import Batch, Event, Run

run_changed = Signal()
run_due = Signal()
batch_changed = Signal()
event_received = Signal()


def announce_run(run: Run) -> None:
    """Say, once the transaction has committed, that a run has moved."""
    transaction.on_commit(lambda: run_changed.send_robust(sender=Run, run=run))


def announce_due(run: Run) -> None:
    """Say, once the transaction has committed, that a worker should look at a run."""
    transaction.on_commit(lambda: run_due.send_robust(sender=Run, run=run))


def announce_changed_batch(batch: Batch) -> None:
    """Say, once the transaction has committed, that a batch has moved or was made."""
    transaction.on_commit(lambda: batch_changed.send_robust(sender=Batch, batch=batch))


def announce_event(event: Event) -> None:
    """Say, once the transaction has committed, that something happened outside."""
    transaction.on_commit(lambda: event_received.send_robust(sender=Event, event=event))
