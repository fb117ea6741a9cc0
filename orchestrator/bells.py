"""Which tabs hear of what. The facts come as signals after commit; what is rung is only that there is news."""

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.dispatch import receiver

from agents.signals import stop_released, stop_set
from approvals.models import Review
from approvals.signals import decision_recorded, review_changed, review_opened
from orchestrator.accounts.roles import ADMINS, AUDITORS, REVIEWERS
from orchestrator.live import ring, run_group, team_group, user_group
from orchestrator.runs.models import Batch, Run
from orchestrator.runs.signals import batch_changed, run_changed


@receiver(review_opened, dispatch_uid="ring_review_opened")
def ring_review_opened(review: Review, **_: Any) -> None:
    """A new question waits for somebody."""
    ring("review.opened", review.ref, review.version, groups=_groups_of(review))


@receiver([review_changed, decision_recorded], dispatch_uid="ring_review_changed")
def ring_review_changed(review: Review, **_: Any) -> None:
    """A review was decided, closed, opened again, or talked about."""
    ring("review.changed", review.ref, review.version, groups=_groups_of(review))


@receiver(run_changed, dispatch_uid="ring_run_changed")
def ring_run_changed(run: Run, **_: Any) -> None:
    """A run has moved."""
    ring("run.changed", run.ref, run.version, groups=[run_group(run.ref), user_group(run.started_by_id), *_overseers()])


@receiver(batch_changed, dispatch_uid="ring_batch_changed")
def ring_batch_changed(batch: Batch, **_: Any) -> None:
    """Another row of a file was started."""
    ring("batch.changed", batch.ref, batch.done, groups=[user_group(batch.started_by_id), *_overseers()])


@receiver([stop_set, stop_released], dispatch_uid="ring_stop_changed")
def ring_stop_changed(ref: UUID, **_: Any) -> None:
    """Something is stopped or goes on again. Everybody asks again; each is told what they may know."""
    everybody = Group.objects.filter(name__in=(ADMINS, AUDITORS, REVIEWERS)).values_list("pk", flat=True)
    ring("stop.changed", ref, 0, groups=[team_group(pk) for pk in everybody])


def _groups_of(review: Review) -> Iterable[str]:
    """The tabs of those who were asked, of those who oversee everything, and of whoever has the run open."""
    asked = team_group(review.team_id) if review.team_id else user_group(review.person_id or 0)
    return [asked, run_group(review.run_ref), *_overseers()]


@cache
def _overseers() -> list[str]:
    """The groups of those who may see every run. The roles are made once and never deleted."""
    found = Group.objects.filter(name__in=(ADMINS, AUDITORS)).values_list("pk", flat=True)
    return [team_group(pk) for pk in found]
