"""Facts about reviews, sent after commit. The rows are the truth: who misses a signal finds them by looking.

`decision_recorded` comes with its `decision`.
"""

from typing import Any

from django.db import transaction
from django.dispatch import Signal

from approvals.models import Review

review_opened = Signal()
review_changed = Signal()
decision_recorded = Signal()


def announce(signal: Signal, review: Review, **more: Any) -> None:
    """Send a signal about a review once the transaction has committed; a receiver that fails does not undo anything."""
    transaction.on_commit(lambda: signal.send_robust(sender=Review, review=review, **more))
