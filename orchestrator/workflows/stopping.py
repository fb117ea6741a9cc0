"""Stopping a workflow holds back the calls of all its runs. Whoever may change it may stop it."""

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from agents.access import may
from agents.people import Person
from agents.states import StopScope
from agents.stoppable import Kind, Thing, may_stop_anything, register
from orchestrator.workflows.access import CHANGE, workflows_for


def register_workflows() -> None:
    """Let workflows be stopped."""
    register(StopScope.WORKFLOW, Kind(_find, _visible, lambda ref: reverse("workflow-by-ref", args=[ref])))


def _find(user: Person, ref: UUID) -> Thing | None:
    workflow = workflows_for(user).filter(ref=ref).first()
    if workflow is None:
        return None
    allowed = may_stop_anything(user) or may(user, CHANGE, workflow)
    return Thing(StopScope.WORKFLOW, workflow.ref, workflow.title, allowed)


def _visible(user: Person, refs: Collection[UUID]) -> set[UUID]:
    return set(workflows_for(user).filter(ref__in=refs).values_list("ref", flat=True))
