"""Taking in events that programs tell of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.access import may
from agents.contracts import BadArguments, Problem
from agents.people import Person
from audit import canonical
from audit.clock import db_now
from orchestrator.runs import exceptions
from orchestrator.runs.models import Event
from orchestrator.runs.signals import announce_event
from orchestrator.runs.starting.firing import fire_or_tell
from orchestrator.workflows.access import START
from orchestrator.workflows.models import Delivery, Trigger


@transaction.atomic
def receive_event(*, by: Person, sent_id: str, name: str, key: str, data: Mapping[str, Any]) -> tuple[Event, bool]:
    """The event that a program of this person tells of, and whether it is new: told again, it is the same one.

    A new one starts the runs of its triggers in the same transaction: of workflows that the person may start. Raises
    EventIdUsed when another event was told of under this id, BadArguments when the data cannot be kept.
    """
    try:
        digest = canonical.digest({"name": name, "key": key, "data": data})
    except canonical.NotCanonical as error:
        raise BadArguments([Problem("", f"The data can't be used. {error}")]) from error
    facts = {"name": name, "key": key, "data": data, "digest": digest, "received_at": db_now()}
    event, is_new = Event.objects.get_or_create(by=by, sent_id=sent_id, defaults=facts)
    if event.digest != digest:
        raise exceptions.EventIdUsed
    if is_new:
        for trigger in _triggers_of(event):
            fire_or_tell(trigger=trigger, key=f"event:{event.ref}", payload={"name": name, "key": key, "data": data})
        announce_event(event)
    return event, is_new


def runs_started_by(event: Event) -> list[UUID]:
    """The runs that triggers have started for an event."""
    found = Delivery.objects.filter(key=f"event:{event.ref}", run_ref__isnull=False)
    return [ref for ref in found.values_list("run_ref", flat=True) if ref is not None]


def _triggers_of(event: Event) -> list[Trigger]:
    """The triggers that wait for the event, of workflows that whoever tells of it may start."""
    listening = Trigger.objects.filter(kind=Trigger.Kind.EVENT, enabled=True, event=event.name)
    found = listening.select_related("workflow__current__withdrawal", "runs_as").order_by("pk")
    return [trigger for trigger in found if may(event.by, START, trigger.workflow)]
