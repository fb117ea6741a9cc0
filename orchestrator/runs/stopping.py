"""Stopping one run, and waking what a stop kept back.

A run may be stopped by the person who started it, and by whoever may change its workflow.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from agents.access import may
from agents.models import ToolCall
from agents.people import Person
from agents.states import StopScope
from agents.stoppable import Kind, Thing, may_stop_anything, register
from orchestrator.runs.access import runs_for
from orchestrator.runs.engine.stopping import WHILE_STOPPED
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.workflows.access import CHANGE

MOST_RUNG = 200
"""Runs that are rung for at once after a release; the sweep gets to the others."""


def register_runs() -> None:
    """Let runs be stopped."""
    register(StopScope.RUN, Kind(_find, _visible, lambda ref: reverse("run", args=[ref])))


def wake(stop: UUID) -> list[UUID]:
    """Make the runs due that this stop held back; the refs of the first ones, to ring for.

    Those are the runs with calls that it kept, and among those that are looked at again within WHILE_STOPPED the ones
    that began nothing because of it. Looking at a run too early does no harm; a run in trouble keeps its pause.
    """
    kept = ToolCall.objects.filter(kept_by__ref=stop).order_by().values("run_ref")
    soon = Q(state__in=(RunState.WAITING, RunState.RESTING), wake_at__lte=Now() + WHILE_STOPPED)
    runs = Run.objects.filter(Q(ref__in=kept) | soon, wake_at__isnull=False, troubles=0)
    refs = list(runs.order_by("pk").values_list("ref", flat=True)[:MOST_RUNG])
    runs.update(wake_at=Now())
    return refs


def _find(user: Person, ref: UUID) -> Thing | None:
    run = runs_for(user).select_related("workflow_version__workflow").filter(ref=ref).first()
    if run is None:
        return None
    own = run.started_by_id == user.pk or may(user, CHANGE, run.workflow_version.workflow)
    return Thing(StopScope.RUN, run.ref, f"{run.code}, {run.title}", own or may_stop_anything(user))


def _visible(user: Person, refs: Collection[UUID]) -> set[UUID]:
    return set(runs_for(user).filter(ref__in=refs).values_list("ref", flat=True))
