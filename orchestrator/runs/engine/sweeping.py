"""Finding what the bell missed: runs that are due, decisions not taken up, files not started to the end."""

from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from approvals.models import Decision, Review
from approvals.states import ReviewState
from orchestrator.runs.engine.kinds.wait import awaited
from orchestrator.runs.engine.liveness import ALIVE
from orchestrator.runs.engine.planner import IN_FLIGHT
from orchestrator.runs.models import Batch, Event, Run, Step
from orchestrator.runs.states import RUN_ENDED, RunState, StepState

MOST = 200


def due_runs() -> list[UUID]:
    """The runs that somebody must look at now: their time has come, a closed review of theirs may take effect, a part
    of theirs has ended, or the worker that had them is dead.

    What was interrupted comes first. A run in trouble is left alone until its time has come, whatever else speaks for
    it.
    """
    woken = Run.objects.filter(wake_at__lte=Now()).order_by("wake_at").values_list("ref", flat=True)[:MOST]
    on_hold = Decision.objects.filter(review=OuterRef("pk"), undone_at=None, held_until__gt=Now())
    closed = Review.objects.filter(~Q(state=ReviewState.OPEN), ~Exists(on_hold), delivered_at=None)
    refs = list(closed.order_by("pk").values_list("run_ref", flat=True)[:MOST])
    calm = Run.objects.filter(ref__in=refs, troubles=0, wake_at__isnull=False).values_list("ref", flat=True)
    untold = Run.objects.filter(parent__isnull=False, told=False, state__in=RUN_ENDED, parent__state__in=IN_FLIGHT)
    parents = untold.order_by("pk").values_list("parent__run__ref", flat=True)[:MOST]
    abandoned = Run.objects.filter(lane_owner__isnull=False).exclude(lane_owner__in=RawSQL(ALIVE, ()))  # noqa: S611
    lanes = abandoned.order_by("pk").values_list("ref", flat=True)[:MOST]
    return list(dict.fromkeys([*lanes, *_left_behind(), *calm, *parents, *woken]))


def _left_behind() -> list[UUID]:
    """The runs with a step whose worker is dead, and that another may do at once. Few runs are running at one time."""
    running = Step.objects.filter(run__state=RunState.RUNNING, run__troubles=0, lease_owner__isnull=False)
    dead = running.exclude(lease_owner__in=RawSQL(ALIVE, ()))  # noqa: S611
    return list(dead.order_by().values_list("run__ref", flat=True).distinct()[:MOST])


def waiting_for(event: Event) -> list[UUID]:
    """The runs with a step that rests until an event of this name and key is there."""
    resting = Step.objects.filter(kind="wait", state=StepState.RESTING, awaited=awaited(event.name, event.key))
    return list(resting.values_list("run__ref", flat=True))


def unfinished_batches() -> list[UUID]:
    """The files whose rows are not all started."""
    return list(Batch.objects.filter(done__lt=F("total")).order_by("pk").values_list("ref", flat=True)[:20])
