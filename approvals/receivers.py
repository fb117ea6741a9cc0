"""Ringing a worker's bell once a decision can no longer be taken back. Losing it costs only time."""

import logging
from typing import Any

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from approvals.models import Decision, Review
from approvals.noting import TEACHING
from approvals.signals import decision_recorded
from approvals.states import OUTCOME, ReviewKind
from approvals.tasks import note_decision

log = logging.getLogger(__name__)
SLACK_SECONDS = 1.0
TEACHING_STATES = {OUTCOME[verdict] for verdict in TEACHING}


@receiver(decision_recorded, dispatch_uid="note_teaching_decision")
def note_teaching_decision(review: Review, decision: Decision, **_: Any) -> None:
    """Somebody edited or rejected an action: have it noted when the hold is over."""
    if review.kind != ReviewKind.ACTION or review.state not in TEACHING_STATES:
        return
    hold = (decision.held_until - decision.at).total_seconds()
    try:
        note_decision.apply_async((str(decision.ref),), countdown=hold + SLACK_SECONDS, retry=False)
    except (OperationalError, OSError):
        log.warning("The broker did not take the note of %s; the sweep will find it.", decision)
