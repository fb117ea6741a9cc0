"""Several runs in the fast lane at once: what each has to store is stored with that of the others, in one commit.

A commit, a message to the database and its answer cost about as much as what a step stores. Each step is still stored
before the next one of its run begins. A run waits for the others no longer than a round: as soon as what has been done
for ROUND_SECONDS waits to be stored, it is stored.
"""

import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from orchestrator.runs.engine.lane import entering, statements
from orchestrator.runs.engine.lane.riding import Lane, Way
from orchestrator.runs.engine.lane.turns import turn

ROUND_SECONDS: Final = 0.02
SLOW_SECONDS: Final = 0.25
"""For the calls of one round. Then a tool is slow, and no run should wait for another."""
LONG_SECONDS: Final = 2.0
"""For all of it. Then others may have a part of the runs; the leases last longer."""

Ready = deque[tuple[Lane, Way, datetime | None]]


def ride(lanes: Sequence[Lane]) -> list[Lane]:
    """Drive these runs until each has ended or waits for a person; those that have to go on in the ordinary way.

    They are still this worker's. What the database says is raised: nobody knows then how far each run got.
    """
    ready: Ready = deque((lane, lane.ride(), None) for lane in lanes)
    left: list[Lane] = []
    late = time.monotonic() + LONG_SECONDS
    while ready:
        with turn():
            slow = _one_round(ready, left) > SLOW_SECONDS
        if slow:
            entering.keep_apart(lanes)
        if len(ready) > 1 and (slow or time.monotonic() > late):
            for lane, _, _ in ready:
                lane.given_up = True
    return left


def _one_round(ready: Ready, left: list[Lane]) -> float:
    """Make the next call of each run, as many as there is time for, and store them all. How long the calls took."""
    done: list[tuple[Lane, Way, statements.Stored | statements.Asking]] = []
    began = time.monotonic()
    while ready and (not done or time.monotonic() - began < ROUND_SECONDS):
        lane, way, clock = ready.popleft()
        try:
            done.append((lane, way, way.send(clock)))
        except StopIteration as end:
            if not end.value:
                left.append(lane)
    took = time.monotonic() - began
    done.sort(key=lambda each: each[0].run.pk)  # one order for all, so that no two wait for each other
    clocks = statements.store([change for _, _, change in done])
    ready.extend((lane, way, clock) for (lane, way, _), clock in zip(done, clocks, strict=True))
    return took
