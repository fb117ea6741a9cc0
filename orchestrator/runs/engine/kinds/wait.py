"""Steps that wait for a time or an event. They cost a row."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import get_default_timezone, is_naive, make_aware

from agents.access import may
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.results import Broke, Done, Park, Result
from orchestrator.runs.models import Event
from orchestrator.workflows.access import START
from orchestrator.workflows.schema import WaitStep

FIRST_LOOK = timedelta(seconds=10)
"""An event that was being stored in the very moment in which a step began to wait is found by looking again once."""
LONG = timedelta(days=1)


def proceed(place: Place) -> Result:
    """Done when the time has come or the event is there."""
    spec = place.spec
    assert isinstance(spec, WaitStep)
    return _event(place) if spec.event is not None else _time(place, spec)


def _time(place: Place, spec: WaitStep) -> Result:
    now, begun = place.board.now, place.step.started_at or place.board.now
    until: datetime | None = begun + spec.duration if spec.duration else _moment((place.step.input or {}).get("until"))
    if until is None:
        return Broke("What this step waits for is not a date or a time. Write it like 2026-03-01T09:00:00Z.", "garbage")
    return Done(None) if until <= now else Park(until, person=False)


def _moment(value: Any) -> datetime | None:
    """The time that a text names (RFC 3339, or a date alone, which means its first moment)."""
    if not isinstance(value, str):
        return None
    try:
        moment = parse_datetime(value)
        day = parse_date(value) if moment is None else None
    except ValueError:
        return None
    if day is not None:
        moment = datetime(day.year, day.month, day.day)
    return make_aware(moment, get_default_timezone()) if moment is not None and is_naive(moment) else moment


def awaited(name: str, key: str) -> str:
    """What a step that waits for this event is found by."""
    return f"{name} {key}"


def _counts(event: Event, place: Place) -> bool:
    """Whether whoever sent the event may move this run on: they started it, or may start runs of its workflow."""
    run = place.run
    return event.by_id == run.started_by_id or may(event.by, START, run.workflow_version.workflow)


def _event(place: Place) -> Result:
    """The oldest event of the name and key since the run began."""
    asked = place.step.input or {}
    name, key = str(asked.get("event", "")), str(asked.get("key", ""))[:300]
    place.step.awaited = awaited(name, key)
    found = Event.objects.filter(name=name, key=key, received_at__gte=place.run.created_at).select_related("by")
    event = next((each for each in found.order_by("pk") if _counts(each, place)), None)
    if event is not None:
        return Done(event.data)
    begun = place.step.started_at or place.board.now
    early = place.board.now - begun < FIRST_LOOK
    return Park(place.board.now + (FIRST_LOOK if early else LONG), person=False)
