"""Turns in the fast lane: few at once, first come first served, and nobody waits for long."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event

import pytest

from orchestrator.runs.engine.lane.turns import Turns

FOREVER = 30.0


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(12) as pool:
        yield pool


@contextmanager
def taken(turns: Turns, threads: ThreadPoolExecutor) -> Iterator[None]:
    """Somebody else has a place while the block runs."""
    inside, leave = Event(), Event()

    def ride() -> None:
        with turns.turn():
            inside.set()
            assert leave.wait(FOREVER)

    other = threads.submit(ride)
    assert inside.wait(FOREVER)
    try:
        yield
    finally:
        leave.set()
        other.result()


def waiting(turns: Turns, number: int) -> None:
    """Wait until so many stand in the queue."""
    late = time.monotonic() + FOREVER
    while len(turns._queue) != number:
        assert time.monotonic() < late
        time.sleep(0.001)


def queue_up(turns: Turns, threads: ThreadPoolExecutor, action: Callable[[], None], behind: int) -> Future[None]:
    """Somebody who wants a turn behind so many others."""

    def ride() -> None:
        with turns.turn():
            action()

    asked = threads.submit(ride)
    waiting(turns, behind + 1)
    return asked


def test_never_more_at_once_than_there_are_places(threads: ThreadPoolExecutor) -> None:
    turns, inside, most = Turns(2, FOREVER), [0], [0]

    def ride() -> None:
        for _ in range(50):
            with turns.turn():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.0001)
                inside[0] -= 1

    for each in [threads.submit(ride) for _ in range(8)]:
        each.result()
    assert most == [2] and turns._free == 2 and not turns._queue


def test_who_came_first_goes_first(threads: ThreadPoolExecutor) -> None:
    turns, order = Turns(1, FOREVER), list[int]()
    with taken(turns, threads):
        each = [queue_up(turns, threads, partial(order.append, place), place) for place in range(5)]
        assert not order
    for one in each:
        one.result()
    assert order == [0, 1, 2, 3, 4]


def test_nobody_waits_longer_than_patience_and_their_place_in_the_queue_goes(threads: ThreadPoolExecutor) -> None:
    turns = Turns(1, 0.05)
    with taken(turns, threads):
        began = time.monotonic()
        with turns.turn():
            assert 0.04 < time.monotonic() - began < FOREVER
            assert not turns._queue
        assert turns._free == 0, "who went ahead without a place gave one back"
    assert turns._free == 1


def test_a_place_is_given_back_when_riding_breaks() -> None:
    turns = Turns(1, FOREVER)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), turns.turn():
            raise ZeroDivisionError
    assert turns._free == 1
