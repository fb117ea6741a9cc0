"""Changing triggers. Whoever may change a workflow may change what starts it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404

from agents.access import may
from agents.contracts import BadArguments, prepare
from audit.clock import db_now
from audit.log import party, record
from orchestrator.accounts.models import User
from orchestrator.workflows import exceptions
from orchestrator.workflows.access import START, access_workflow
from orchestrator.workflows.models import Trigger, Workflow
from orchestrator.workflows.triggers import bells
from orchestrator.workflows.triggers.payloads import mapping_problems, refers
from orchestrator.workflows.triggers.schedules import BadSchedule, Schedule

MOST_TRIGGERS = 50
"""Of one workflow."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to be a trigger."""

    name: str
    kind: Trigger.Kind
    runs_as: User
    mapping: dict[str, Any] = field(default_factory=dict)
    event: str = ""
    schedule: Schedule | None = None


def access_trigger(user: User, name: str, ref: UUID, *, lock: bool = False) -> Trigger:
    """A trigger of a workflow that the person may change. Raises Http404, and PermissionDenied as `access_workflow`."""
    workflow = access_workflow(user, name, change=True)
    rows = Trigger.objects.select_for_update(no_key=True) if lock else Trigger.objects.select_related("runs_as")
    found = rows.filter(workflow=workflow, ref=ref).first()
    if found is None:
        raise Http404
    return found


@transaction.atomic(durable=True)
def add_trigger(*, workflow: str, wish: Wish, by: User) -> Trigger:
    """A new trigger, in force at once.

    Raises what `access_workflow` raises, and a NotChanged that names the field of what will not do.
    """
    row = access_workflow(by, workflow, change=True, lock=True)
    _check(row, wish)
    schedule = wish.schedule if wish.kind is Trigger.Kind.SCHEDULE else None
    now = db_now()
    trigger = Trigger.objects.create(
        workflow=row,
        kind=wish.kind,
        name=wish.name,
        runs_as=wish.runs_as,
        mapping=wish.mapping,
        event=wish.event if wish.kind is Trigger.Kind.EVENT else "",
        schedule=schedule.value if schedule else {},
        due_at=schedule.next_after(now, start=now) if schedule else None,
        created_by=by,
        created_at=now,
    )
    bells.hang(trigger)
    facts = {"kind": trigger.kind, "runs_as": str(wish.runs_as.ref), "mapping": wish.mapping}
    _record("workflow.trigger_added", trigger, by, facts | {"event": trigger.event, "schedule": trigger.schedule})
    return trigger


@transaction.atomic(durable=True)
def switch_trigger(*, workflow: str, ref: UUID, on: bool, by: User) -> Trigger:
    """Let a trigger start runs again, or no longer. A schedule that was off is next due at its next time."""
    trigger = access_trigger(by, workflow, ref, lock=True)
    if trigger.enabled == on:
        return trigger
    trigger.enabled = on
    if on and trigger.kind == Trigger.Kind.SCHEDULE:
        trigger.due_at = Schedule.of(trigger.schedule).next_after(db_now(), start=trigger.created_at)
    trigger.save(update_fields=["enabled", "due_at"])
    bells.hang(trigger)
    _record("workflow.trigger_enabled" if on else "workflow.trigger_disabled", trigger, by, {})
    return trigger


@transaction.atomic(durable=True)
def renew_secret(*, workflow: str, ref: UUID, by: User) -> Trigger:
    """Give a webhook a new secret. What is signed with the one before is refused from now on."""
    trigger = access_trigger(by, workflow, ref, lock=True)
    if trigger.kind != Trigger.Kind.WEBHOOK:
        raise Http404
    trigger.secret_number += 1
    trigger.save(update_fields=["secret_number"])
    _record("workflow.trigger_secret_renewed", trigger, by, {"number": trigger.secret_number})
    return trigger


def _check(workflow: Workflow, wish: Wish) -> None:
    if not wish.runs_as.is_active or not may(wish.runs_as, START, workflow):
        raise exceptions.MayNotStart
    taken = workflow.triggers.filter(name=wish.name).exists()
    if taken:
        raise exceptions.NameTaken
    if workflow.triggers.count() >= MOST_TRIGGERS:
        raise exceptions.TooManyTriggers
    if wish.kind is Trigger.Kind.EVENT and not wish.event:
        raise exceptions.NoEvent
    if wish.kind is Trigger.Kind.SCHEDULE:
        _check_schedule(wish.schedule)
    _check_mapping(workflow, wish)


def _check_mapping(workflow: Workflow, wish: Wish) -> None:
    assert workflow.current is not None
    schema = workflow.current.definition["input"]
    scheduled = wish.kind is Trigger.Kind.SCHEDULE
    sentences = list(mapping_problems(wish.mapping, schema, alone=scheduled))
    if not sentences and scheduled and not refers(wish.mapping):
        try:
            prepare(wish.mapping, schema)
        except BadArguments as error:
            sentences = [problem.sentence for problem in error.problems]
    if sentences:
        raise exceptions.BadMapping(" ".join(sentences[:5]))


def _check_schedule(schedule: Schedule | None) -> None:
    try:
        (schedule or Schedule()).check()
    except BadSchedule as error:
        raise exceptions.NoSchedule(str(error)) from error


def _record(verb: str, trigger: Trigger, by: User, data: dict[str, Any]) -> None:
    workflow = trigger.workflow
    about = {"trigger": str(trigger.ref), "name": trigger.name}
    record(verb, actor=party(by), subject=party(workflow), stream=f"workflow:{workflow.ref}", data=about | data)
