"""A worker that starts gets each of its threads ready before it takes a task, whether or not the database is there."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from agents.models import ToolCall
from approvals.models import Review
from audit.models import Entry
from orchestrator.runs.engine import lane, liveness
from orchestrator.runs.models import Run
from orchestrator.warming import PATIENCE_SECONDS, Warm

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 3


@pytest.fixture
def worker() -> Iterator[Any]:
    """A worker as its step of the start gets it: with threads that are not there yet."""
    with ThreadPoolExecutor(THREADS) as executor:
        yield SimpleNamespace(pool=SimpleNamespace(limit=THREADS, executor=executor))
        in_each(executor, connections.close_all)


def in_each(executor: ThreadPoolExecutor, action: Any) -> list[Any]:
    """What an action gives in each of the threads."""
    together = Barrier(THREADS, timeout=20)

    def act() -> Any:
        together.wait()
        return action()

    return [each.result() for each in [executor.submit(act) for _ in range(THREADS)]]


def prepared() -> tuple[int, bool]:
    """How many statements this thread's connection has planned, and whether its worker is known to be alive."""
    assert connection.connection is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0]), liveness.is_alive(liveness._own.number)


def test_every_thread_has_its_connection_its_number_and_the_plans_of_the_lane(worker: Any) -> None:
    Warm(worker).start(worker)
    found = in_each(worker.pool.executor, prepared)
    assert all(alive and plans >= 10 for plans, alive in found), found


def test_trying_statements_out_stores_nothing() -> None:
    before = [model.objects.count() for model in (Run, Review, ToolCall, Entry)]
    lane.get_ready()
    assert [model.objects.count() for model in (Run, Review, ToolCall, Entry)] == before


def test_a_database_that_is_away_keeps_no_worker_from_starting(worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(lane, "get_ready", away)
    Warm(worker).start(worker)
    assert in_each(worker.pool.executor, lambda: 1) == [1] * THREADS


def test_a_mistake_of_ours_in_one_thread_is_told_and_keeps_no_other_waiting(
    worker: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistaken() -> None:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(lane, "get_ready", mistaken)
    began = time.monotonic()
    Warm(worker).start(worker)
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert sum("a mistake of ours" in (record.exc_text or "") for record in caplog.records) == THREADS
