"""Finding what the bell missed: runs that are due, decisions not taken up, files not started to the end."""

from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from approvals.models import Review
from approvals.states import ReviewState
from orchestrator.runs.models import Batch, Run

MOST = 500


def due_runs() -> list[UUID]:
    """The runs that somebody must look at now: their time has come, or a decision about them may take effect."""
    woken = Run.objects.filter(wake_at__lte=Now()).order_by("wake_at").values_list("ref", flat=True)[:MOST]
    decided = Review.objects.filter(~Q(state=ReviewState.OPEN), delivered_at=None)
    ripe = decided.filter(Q(decisions__undone_at=None, decisions__held_until__lte=Now()) | Q(decisions=None))
    refs = ripe.order_by("pk").values_list("run_ref", flat=True)[:MOST]
    return list(dict.fromkeys([*woken, *refs]))


def unfinished_batches() -> list[UUID]:
    """The files whose rows are not all started."""
    return list(Batch.objects.filter(done__lt=F("total")).order_by("pk").values_list("ref", flat=True)[:20])
