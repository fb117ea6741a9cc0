"""A connection to the database that is cut is nobody's mistake: the run goes on, however often it happens (F11)."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.db import connection

from approvals.models import Review
from audit.models import Entry
from orchestrator.runs.engine import driving, ending, lane, liveness, outlasting, troubles
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from tests.chaos.world_check import verify_world
from tests.runs.test_taking_over import pays_without_keys
from tests.scenes import Company, a_run, drive
from tests.workshop import Workshop, states, step, words

pytestmark = pytest.mark.django_db(transaction=True)
TWO = step("one") + step("two")


def cut() -> None:
    """End this thread's connection as an administrator would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    url = configured.HOLDSHORT_PLACES.database_url(connection.settings_dict["NAME"])
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def cut_before(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, times: int) -> None:
    """Cut the connection before each of the first calls of something."""
    real: Callable[..., Any] = getattr(owner, name)
    left = [times]

    def run(*args: Any, **kwargs: Any) -> Any:
        if left[0]:
            left[0] -= 1
            cut()
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, run)


def test_a_run_whose_connection_is_cut_again_and_again_still_ends_well(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(workshop.workflow(TWO), workshop.world.otto)
    cut_before(monkeypatch, ending, "look_at_time", times=5)
    for _ in range(5):
        assert drive(run).state == RunState.PENDING
    assert run.troubles == 0
    drive(run)
    assert run.state == RunState.SUCCEEDED, run.reason
    assert Entry.objects.filter(verb="run.troubled").count() == 5


def test_a_run_whose_connection_is_cut_in_the_fast_lane_is_free_at_once(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(workshop.workflow(TWO), workshop.world.otto)
    cut_before(monkeypatch, lane.Lane, "_keep", times=1)
    run = drive(run)
    assert (run.state, run.lane_owner, run.troubles) == (RunState.RUNNING, None, 0)
    Run.objects.update(wake_at=run.created_at)
    assert drive(run).state == RunState.SUCCEEDED, run.reason


def test_a_run_that_fails_because_nobody_can_be_asked_is_with_no_worker_any_more(
    company: Company, workshop: Workshop
) -> None:
    run = a_run(workshop.workflow(TWO), workshop.world.otto)
    Run.objects.update(troubles=2, lane_owner=5, state=RunState.RUNNING)
    troubles.note(run.ref, ValueError("broken"), None)
    run.refresh_from_db()
    assert (run.state, run.lane_owner) == (RunState.FAILED, None)
    assert due_runs() == []
    verify_world(company, at_rest=True)
    assert not liveness.is_alive(5)


def test_what_a_worker_brought_back_outlives_a_database_that_is_away(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a call that must not be made twice, about which a person would have to be asked otherwise (F13)."""
    pays_without_keys(workshop)
    run = a_run(workshop.workflow(step("pay", tool="make") + step("two")), workshop.world.otto)
    monkeypatch.setattr(outlasting, "PAUSES", (0.01,) * 5)
    cut_before(monkeypatch, driving, "settle", times=4)
    drive(run)
    assert words("make") == ["pay"]
    assert states(run)["pay"] == "running", "it is settled, and its end is still to be written"
    Run.objects.update(wake_at=run.created_at)
    assert drive(run).state == RunState.SUCCEEDED, run.reason
    assert (words("make"), run.troubles) == (["pay"], 0)
    assert not Review.objects.exists()
