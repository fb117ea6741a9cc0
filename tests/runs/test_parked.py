"""Tens of thousands of runs that wait for people: the clock does not read them, and pages open as they do with few."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals import noting
from orchestrator.runs.access import access_run, is_visible, runs_for
from orchestrator.runs.engine import sweeping
from orchestrator.runs.models import Run
from orchestrator.runs.starting import firing
from orchestrator.runs.states import RunState
from tests.reading import queries_of, signed_in
from tests.runs.parked import park
from tests.runs.test_sweeping import ASK
from tests.scenes import a_run, a_workflow, drive
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 20_000
PAGES = 100
"""Pages of the database that one statement of the clock may touch."""
LARGE = ("runs_run", "runs_step", "approvals_review", "audit_entry", "audit_stream")


@pytest.fixture
def run(world: World) -> Run:
    """A run that waits for the Refund desk."""
    run = drive(a_run(a_workflow(ASK), world.otto))
    assert run.state == RunState.WAITING
    return run


def plans(ask: Callable[[], Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statements that something takes, each with how PostgreSQL has answered it."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    for query in captured.captured_queries:
        if query["sql"].startswith("SELECT") and not re.search(r"FOR (NO KEY )?UPDATE", query["sql"]):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query["sql"])
                found = cursor.fetchone()[0]
            yield query["sql"], (found if isinstance(found, list) else json.loads(found))[0]["Plan"]


def scanned(plan: dict[str, Any]) -> set[str]:
    """The large tables that were read from end to end."""
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" and plan["Actual Loops"] else set()
    return found.union(*(scanned(below) for below in plan.get("Plans", ()))) & set(LARGE)


def test_the_clock_touches_few_pages_however_many_runs_wait(world: World, run: Run) -> None:
    park(run, COUNT)
    asked = 0
    for look in (sweeping.due_runs, sweeping.unfinished_batches, firing.due_triggers, noting.missed):
        for sql, plan in plans(look):
            touched = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            assert not scanned(plan), sql
            assert touched <= PAGES, (touched, sql)
            asked += 1
    assert asked >= 7
    assert sweeping.due_runs() == []


def test_pages_take_as_many_queries_with_twenty_thousand_waiting_runs(world: World, run: Run) -> None:
    readers = [signed_in(user) for user in (world.ines, world.otto, world.hana, world.lukas)]
    addresses = ["/runs/", "/runs/?state=waiting", "/inbox/", "/inbox/?scope=all", reverse("run", args=[run.ref])]
    seen = [(reader, address) for reader in readers for address in addresses]
    seen += [(reader, "/audit/") for reader in readers[2:]]
    few = [queries_of(*one) for one in seen]
    park(run, COUNT)
    assert [queries_of(*one) for one in seen] == few
    for reader in readers:
        asked = plans(lambda reader=reader: reader.get("/account/"))  # type: ignore[misc]
        (counted,) = [plan for sql, plan in asked if sql.startswith("SELECT COUNT(*) FROM ((SELECT")]
        assert not scanned(counted), "the number beside the inbox comes from an index"


def test_whether_one_run_may_be_seen_is_found_without_all_the_others(world: World, run: Run) -> None:
    park(run, COUNT)
    for who in (world.ines, world.otto, world.lukas):
        assert access_run(who, run.ref) == run
        for sql, plan in plans(lambda who=who: access_run(who, run.ref)):  # type: ignore[misc]
            assert not scanned(plan), sql


def test_one_run_and_the_list_agree_on_who_may_see_it(world: World, run: Run) -> None:
    world.tomas.is_active = False
    world.tomas.save()
    everybody = (world.ines, world.tomas, world.hana, world.lukas, world.otto)
    assert [is_visible(who, run) for who in everybody] == [runs_for(who).exists() for who in everybody]
    assert not is_visible(world.tomas, run)
