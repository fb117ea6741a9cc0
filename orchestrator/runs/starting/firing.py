"""Starting the runs of triggers: once for each thing that came in, in the name of the person whom the trigger names."""

import logging
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from agents.access import may
from agents.contracts import BadArguments, Problem
from audit.clock import db_now
from orchestrator.runs.models import Run
from orchestrator.runs.starting.actions import start_run
from orchestrator.workflows.access import START
from orchestrator.workflows.models import Delivery, Trigger
from orchestrator.workflows.triggers.payloads import BadPayload, fitted
from orchestrator.workflows.triggers.schedules import Schedule

log = logging.getLogger(__name__)
MOST_AT_ONCE = 100
NOT_ALLOWED = "The person in whose name this trigger starts runs may no longer start them. Choose another."
OUR_MISTAKE = "Holdshort itself made a mistake here. The log tells more."


@transaction.atomic
def fire(*, trigger: Trigger, key: str, payload: Any, digest: str = "") -> tuple[Delivery, bool]:
    """What became of one thing that came in: a run, or why there is none; and whether the run is new.

    Of two with the same key, one starts it. What was refused may come again and is then tried anew. Whatever breaks
    here breaks the caller's transaction too.
    """
    # The unique key makes the second of two wait here until the first has committed.
    Delivery.objects.get_or_create(trigger=trigger, key=key, defaults={"digest": digest})
    delivery = Delivery.objects.select_for_update().get(trigger=trigger, key=key)
    delivery.times += 1
    known = delivery.outcome == Delivery.Outcome.STARTED
    if not known:
        delivery.digest, delivery.at = digest, db_now()
        _start(delivery, trigger, payload)
    delivery.save()
    return delivery, not known


def fire_or_tell(*, trigger: Trigger, key: str, payload: Any) -> None:
    """Fire a trigger; where that breaks by a mistake of ours, its page tells of it, and nothing else breaks with it.

    Raises only what may be over the next time.
    """
    try:
        with transaction.atomic():
            fire(trigger=trigger, key=key, payload=payload)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("The trigger %s could not start a run.", trigger.ref)
        told = [{"path": "", "sentence": OUR_MISTAKE}]
        Delivery.objects.get_or_create(trigger=trigger, key=key, defaults={"problems": told, "times": 1})


def due_triggers() -> list[UUID]:
    """The schedules that are due, the longest overdue first."""
    due = Trigger.objects.filter(kind=Trigger.Kind.SCHEDULE, enabled=True, due_at__lte=db_now())
    return list(due.order_by("due_at").values_list("ref", flat=True)[:MOST_AT_ONCE])


@transaction.atomic
def fire_due(ref: UUID) -> bool:
    """Start the run of a schedule when it is due; False when it is not, or somebody else is at it.

    However many times were missed, one run is started, and the next time lies ahead.
    """
    rows = Trigger.objects.select_for_update(skip_locked=True, no_key=True)
    now = db_now()
    due = rows.filter(ref=ref, kind=Trigger.Kind.SCHEDULE, enabled=True, due_at__lte=now).first()
    if due is None or due.due_at is None:
        return False
    moment = due.due_at.isoformat()
    fire_or_tell(trigger=due, key=f"due:{moment}", payload={"due_at": moment})
    due.due_at = Schedule.of(due.schedule).next_after(now, start=due.created_at)
    due.save(update_fields=["due_at"])
    return True


def _start(delivery: Delivery, trigger: Trigger, payload: Any) -> None:
    version = trigger.workflow.current
    if version is None or not trigger.runs_as.is_active or not may(trigger.runs_as, START, trigger.workflow):
        _refuse(delivery, [Problem("", NOT_ALLOWED)])
        return
    alone = trigger.kind == Trigger.Kind.SCHEDULE and not trigger.mapping
    try:
        with transaction.atomic():
            values = {} if alone else fitted(trigger.mapping, payload)
            run = start_run(version=version, by=trigger.runs_as, values=values, trigger=Run.Trigger(trigger.kind))
    except BadPayload as error:
        _refuse(delivery, error.problems)
    except BadArguments as error:
        _refuse(delivery, error.problems)
    else:
        delivery.outcome, delivery.problems = Delivery.Outcome.STARTED, []
        delivery.run_ref, delivery.run_code = run.ref, run.code
        trigger.last_started_at = delivery.at
        trigger.save(update_fields=["last_started_at"])


def _refuse(delivery: Delivery, problems: list[Problem]) -> None:
    delivery.problems = [{"path": problem.path, "sentence": problem.sentence} for problem in problems]
