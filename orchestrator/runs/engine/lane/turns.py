"""Taking turns in the fast lane.

A worker has many threads because most of them wait: for models, for other programs. The fast lane hardly waits, and
more threads in it than it keeps busy are only in each other's way, at the interpreter and at PostgreSQL (two workers on
two cores: a quarter to a half more steps a second with two threads than with eight). So a few ride at a time and the
others queue, who came first before who came next. Nobody waits long: a tool that takes its time, or a database that
hangs, holds up those behind it for a moment only.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

AT_ONCE: Final = 2
"""Threads: one at the interpreter while PostgreSQL is at work for another."""
PATIENCE_SECONDS: Final = 0.05
TOGETHER_SECONDS: Final = 0.5
"""For those about to take several runs: what is taken and not driven only has to be found again after a kill."""


class Turns:
    """A few places, and a queue for them that nobody stands in for longer than `patience` seconds."""

    def __init__(self, places: int, patience: float) -> None:
        self._free, self._patience = places, patience
        self._queue: deque[Lock] = deque()
        self._door = Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a place while the block runs, or go ahead without one after having waited long enough."""
        held = self._take()
        try:
            yield
        finally:
            if held:
                self._give_back()

    def _take(self) -> bool:
        with self._door:
            if self._free:
                self._free -= 1
                return True
            mine = Lock()
            mine.acquire()
            self._queue.append(mine)
        if mine.acquire(timeout=self._patience):
            return True
        with self._door:
            if mine not in self._queue:  # it was handed over just now
                return True
            self._queue.remove(mine)
            return False

    def _give_back(self) -> None:
        with self._door:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._free += 1


turn = Turns(AT_ONCE, PATIENCE_SECONDS).turn
turn_together = Turns(AT_ONCE, TOGETHER_SECONDS).turn
