"""What workers do when the bell rings. A message is only a hint: everything is read again from the rows."""

import logging
from uuid import UUID

from celery import Task, shared_task

from orchestrator.celery import messages_waiting
from orchestrator.runs.engine import advancing, sweeping, troubles
from orchestrator.runs.starting import actions, firing

log = logging.getLogger(__name__)
ENOUGH = 200
"""Messages that keep the workers busy until the next sweep, and some more."""


@shared_task(name="runs.advance", ignore_result=True, bind=True)
def advance(self: "Task[[str], None]", ref: str) -> None:
    """Drive one run as far as it goes; not at once when the process that had this message before has ended."""
    again = (self.request.delivery_info or {}).get("redelivered")
    if not (again and troubles.note_stopped(UUID(ref))):
        advancing.advance(UUID(ref))


@shared_task(name="runs.start_batch", ignore_result=True)
def start_batch(ref: str) -> None:
    """Start the rows of a batch, one after the other."""
    while actions.start_next_of(UUID(ref)):
        pass


@shared_task(name="runs.fire_trigger", ignore_result=True)
def fire_trigger(ref: str) -> None:
    """A schedule may be due."""
    firing.fire_due(UUID(ref))


@shared_task(name="runs.sweep", ignore_result=True)
def sweep() -> None:
    """Ring for everything that is due and that nobody is at. Two sweepers do no harm.

    What is due stays so until a worker gets to it: while many messages wait, ringing would only make more of them.
    """
    if messages_waiting() >= ENOUGH:
        return
    for ref in sweeping.due_runs():
        advance.delay(str(ref))
    for ref in sweeping.unfinished_batches():
        start_batch.delay(str(ref))
    for ref in firing.due_triggers():
        fire_trigger.delay(str(ref))
