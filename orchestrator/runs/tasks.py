"""What workers do when the bell rings. A message is only a hint: everything is read again from the rows."""

import logging
import time
from collections import deque
from uuid import UUID

from celery import shared_task

from orchestrator.celery import messages_waiting
from orchestrator.runs.engine import advancing, leaving, sweeping, troubles
from orchestrator.runs.ringing import ring
from orchestrator.runs.starting import actions, firing
from orchestrator.runs.watching import watched

log = logging.getLogger(__name__)
SLOW_SECONDS, MOMENT_SECONDS = 0.1, 0.5
"""For one run of a message, and for all of them. Most of it they may have waited for their turns in the fast lane."""
ENOUGH = 200
"""Messages that keep the workers busy until the next sweep, and some more."""


@shared_task(name="runs.advance", ignore_result=True)
def advance(ref: str, swept: bool = False, begun: bool = False, answered: bool = False) -> None:
    """Drive one run as far as it goes. One that the sweep had to find may be one that ends whoever drives it."""
    if not swept:
        advancing.advance(UUID(ref), begun=begun, answered=answered)
        return
    with watched(UUID(ref)) as deaths:
        if deaths < troubles.MOST:
            advancing.advance(UUID(ref))
        else:
            troubles.give_up(UUID(ref), deaths)


@shared_task(name="runs.begin", ignore_result=True)
def begin(refs: list[str]) -> None:
    """Drive runs that were just made: beside each other in the fast lane, the rest one after the other.

    As soon as one takes longer or needs more than the fast lane, the others are left to another worker. What has begun
    already, and what a person has decided, goes before what is new: not behind the rows of somebody's file.
    """
    others, late = deque(refs), time.monotonic() + MOMENT_SECONDS

    def leave_the_others() -> None:
        if others:
            ring(begin, list(others))
            others.clear()

    while others:
        began = time.monotonic()
        if leaving.is_leaving() or began > late:
            leave_the_others()
            return
        looked = len(others) > 1
        if looked:
            others = deque(map(str, advancing.advance_together([UUID(ref) for ref in others])))
            if not others:
                return
        advancing.advance(UUID(others.popleft()), begun=looked, beside=leave_the_others)
        if time.monotonic() - began > SLOW_SECONDS:
            leave_the_others()


@shared_task(name="runs.start_batch", ignore_result=True)
def start_batch(ref: str) -> None:
    """Start the rows of a batch, one after the other."""
    while not leaving.is_leaving() and actions.start_next_of(UUID(ref)):
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
        advance.delay(str(ref), swept=True)
    for ref in sweeping.unfinished_batches():
        start_batch.delay(str(ref))
    for ref in firing.due_triggers():
        fire_trigger.delay(str(ref))
