"""Finding what the bell missed: runs that are due, decisions not taken up, files not started to the end."""

from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from approvals.models import Decision, Review
from approvals.states import ReviewState
from orchestrator.runs.models import Batch, Run

MOST = 200


def due_runs() -> list[UUID]:
    """The runs that somebody must look at now: their time has come, or a closed review of theirs may take effect.

    A run in trouble is left alone until its time has come, whatever else speaks for it.
    """
    woken = Run.objects.filter(wake_at__lte=Now()).order_by("wake_at").values_list("ref", flat=True)[:MOST]
    on_hold = Decision.objects.filter(review=OuterRef("pk"), undone_at=None, held_until__gt=Now())
    closed = Review.objects.filter(~Q(state=ReviewState.OPEN), ~Exists(on_hold), delivered_at=None)
    refs = list(closed.order_by("pk").values_list("run_ref", flat=True)[:MOST])
    calm = Run.objects.filter(ref__in=refs, troubles=0, wake_at__isnull=False).values_list("ref", flat=True)
    return list(dict.fromkeys([*woken, *calm]))


def unfinished_batches() -> list[UUID]:
    """The files whose rows are not all started."""
    return list(Batch.objects.filter(done__lt=F("total")).order_by("pk").values_list("ref", flat=True)[:20])
