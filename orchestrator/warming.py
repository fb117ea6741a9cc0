"""A worker gets ready before it takes its first task: all of its threads, their connections, and the fast lane's plans.

Opening a connection and meeting each table for the first time costs about as much as twenty steps of the fast lane.
Nobody has to wait for that who has just decided something.
"""

import logging
from concurrent.futures import wait
from threading import Barrier, BrokenBarrierError
from typing import Any

from celery import bootsteps

from audit.outages import is_outage

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 10.0


class Warm(bootsteps.StartStopStep):
    """A step of the worker's start, behind that of its threads."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        """Have each thread get ready, and wait for them. A database that is away keeps no worker from starting."""
        threads = parent.pool.limit
        together = Barrier(threads)
        wait([parent.pool.executor.submit(_get_ready, together) for _ in range(threads)], PATIENCE_SECONDS)


def _get_ready(together: Barrier) -> None:
    """Open this thread's connection and use what the fast lane uses. Then wait, so that every thread does it once."""
    from orchestrator.runs.engine import lane

    try:
        lane.get_ready()
    except Exception as error:  # the others wait for this thread, and its first task finds out the same
        if is_outage(error):
            log.warning("The database does not answer yet.")
        else:
            log.exception("A thread of this worker could not get ready.")
    try:
        together.wait(PATIENCE_SECONDS)
    except BrokenBarrierError:
        log.warning("Another thread of this worker took too long to get ready.")
