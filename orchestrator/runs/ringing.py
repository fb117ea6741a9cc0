"""The bell of the workers. A message is only a hint, and losing one costs only time: the sweep finds every row.

New runs are rung for at once, and those that are started within a moment together: a message costs more than what the
fast lane does with a step.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any

from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.03
MOST = 20
"""Runs in one message."""


def ring(task: Any, what: str | Sequence[str], *, countdown: float = 0, **known: bool) -> None:
    """Enqueue a task for a thing without ever waiting for the broker or failing because of it."""
    try:
        task.apply_async((what,), known, countdown=countdown or None, retry=False)
    except (OperationalError, OSError):
        log.warning("The broker did not take %s for %s; the sweep will find it.", task.name, what)


class Ringer:
    """Rings for what is handed to it, in a thread of its own. `send` must not raise."""

    def __init__(self, send: Callable[[Sequence[str]], None]) -> None:
        self._send = send
        self._waiting: deque[str] = deque()
        self._door = Lock()
        self._at_it = False

    def ring(self, ref: str) -> None:
        """Ring for this one now, or with others in a moment. Returns at once."""
        with self._door:
            self._waiting.append(ref)
            if self._at_it:
                return
            self._at_it = True
        _apart().submit(self._ring_all)

    def _ring_all(self) -> None:
        while refs := self._next():
            self._send(refs)
            time.sleep(PAUSE_SECONDS)

    def _next(self) -> list[str]:
        with self._door:
            refs = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            self._at_it = bool(refs)
        return refs


@cache
def _apart() -> ThreadPoolExecutor:
    """The thread that rings. A process that ends waits for it."""
    return ThreadPoolExecutor(1, thread_name_prefix="ringing")
