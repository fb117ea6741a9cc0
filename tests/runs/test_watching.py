"""A run that ends every process which drives it is not tried for ever (F10)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from redis import Redis

from approvals.states import ReviewKind
from orchestrator.runs.engine import advancing, liveness, troubles
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.runs.tasks import advance
from orchestrator.runs.watching import watched
from tests.scenes import a_run, open_reviews
from tests.workshop import LEDGER, Workshop, step


@pytest.fixture
def notes() -> Iterator[Any]:
    """A client of the broker, which is empty."""
    with Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


def dies(run: Run, notes: Any, number: int) -> None:
    """A thread of this number, which is dead, has noted that it drives the run as it is now."""
    notes.hset(f"holdshort:driven:{run.ref}", str(number), Run.objects.get(pk=run.pk).version)


def a_new_run(workshop: Workshop) -> Run:
    return a_run(workshop.workflow(step("one", tool="make")), workshop.world.otto)


def test_a_run_that_ends_every_process_fails_when_there_is_no_step_to_ask_about(workshop: Workshop, notes: Any) -> None:
    run = a_new_run(workshop)
    for number in range(1, troubles.MOST + 1):
        dies(run, notes, number)
    advance.run(str(run.ref), swept=True)
    run.refresh_from_db()
    assert (run.state, LEDGER) == (RunState.FAILED, [])
    assert "Every worker process that was to drive this run on ended." in run.reason


def test_a_person_is_asked_about_the_step_that_is_going_on(workshop: Workshop, notes: Any) -> None:
    run = a_new_run(workshop)
    work = advancing.transition(run.ref)
    assert work is not None
    run.steps.update(lease_until=run.created_at)
    for number in range(1, troubles.MOST + 1):
        dies(run, notes, number)
    advance.run(str(run.ref), swept=True)
    (review,) = open_reviews(run)
    assert (review.kind, LEDGER) == (ReviewKind.ESCALATION, [])


@pytest.mark.parametrize(("more", "state"), [(1, RunState.FAILED), (2, RunState.PENDING)])
def test_it_is_left_alone_when_even_that_ends_processes(
    workshop: Workshop, notes: Any, more: int, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_new_run(workshop)
    monkeypatch.setattr(troubles, "_ask", lambda *_: pytest.fail("that has ended a process before"))
    for number in range(1, troubles.MOST + more + 1):
        dies(run, notes, number)
    advance.run(str(run.ref), swept=True)
    assert Run.objects.get(pk=run.pk).state == state


def test_deaths_before_the_run_moved_on_do_not_count(workshop: Workshop, notes: Any) -> None:
    run = a_new_run(workshop)
    for number in range(1, 9):
        dies(run, notes, number)
    Run.objects.filter(pk=run.pk).update(version=1)
    advance.run(str(run.ref), swept=True)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED


def test_a_run_that_others_drive_at_the_same_time_is_not_taken_for_deadly(workshop: Workshop, notes: Any) -> None:
    run = a_new_run(workshop)
    with watched(run.ref) as deaths:
        assert deaths == 0
        notes.hset(f"holdshort:driven:{run.ref}", str(liveness.owner()), 0)
        with watched(run.ref) as again:
            assert again == 0
    assert not notes.exists(f"holdshort:driven:{run.ref}")


def test_without_a_broker_runs_are_driven_all_the_same(workshop: Workshop, settings: Any) -> None:
    run = a_new_run(workshop)
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    advance.run(str(run.ref), swept=True)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED
