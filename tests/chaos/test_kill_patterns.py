"""kill -9 in the fast lane, in branches, items, rounds, other workflows, and while things are made good (F01-F04)."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agents.models import ToolCall
from approvals.models import Review
from audit.models import Entry
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RUN_ENDED, RunState
from tests.chaos import patterns, shop
from tests.chaos.people import decide_all
from tests.chaos.shop import Outside
from tests.chaos.test_kill import crash
from tests.chaos.world_check import verify_world
from tests.scenes import a_run
from tests.workshop import pump
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
DONE, FAILED = RunState.SUCCEEDED, RunState.FAILED

KILLS = [
    ("reads", "as the fast lane is entered", 1, {}, DONE),
    ("reads", "in the fast lane, between two steps", 3, {}, DONE),
    ("reads", "in the fast lane, just after its statement", 2, {}, DONE),
    ("reads", "in the fast lane, just after its statement", 6, {}, DONE),
    ("person", "in the fast lane, after a question", 1, {}, RunState.WAITING),
    ("branches", "while a step begins", 3, {"make": 3}, DONE),
    ("branches", "after the intent, before it is sent", 2, {"make": 3}, DONE),
    ("branches", "after a function was called, before its answer", 2, {"make": 3}, DONE),
    ("branches", "before a run ends", 1, {"make": 3}, DONE),
    ("items", "while a part is made", 2, {"make": 4}, DONE),
    ("items", "after a function was called, before its answer", 3, {"make": 4}, DONE),
    ("items", "while parts are taken up", 6, {"make": 4}, DONE),
    ("rounds", "while a round is judged", 2, {"make": 3}, DONE),
    ("rounds", "while a part is made", 2, {"make": 3}, DONE),
    ("other", "before a run ends", 1, {"make": 1}, DONE),
    ("undo", "after the intent, before it is sent", 4, {"make": 2, "unmake": 2}, FAILED),
    ("undo", "inside the outcome's transaction", 5, {"make": 2, "unmake": 2}, FAILED),
]


@pytest.fixture
def outside(world: World, settings: Any, tmp_path: Path) -> Outside:
    settings.HOLDSHORT_PYTHON_TOOLS = shop.TOOLS
    settings.HOLDSHORT_HOLD_SECONDS = 0
    shop.open_books(tmp_path / "books.sqlite")
    return shop.an_outside(world)


def started(name: str, world: World) -> Run:
    """A run of one of the patterns that nobody has driven yet."""
    if name == "other":
        patterns.publish("inner")
    values: dict[str, Any] = {"word": "x"} | ({"words": list("abcd")} if name == "items" else {})
    return a_run(patterns.publish(name), world.otto, **values)


def killed(point: str, run: Run, time: int = 1) -> None:
    """A worker drives the run and is killed at this point, and what it leaves is sound."""
    crash(point, run, time=time, HOLDSHORT_PYTHON_TOOLS=json.dumps(shop.TOOLS))


def leases_run_out() -> None:
    """Let the time pass after which other workers may take over whatever one had. A lane needs no time to pass."""
    past = timezone.now() - timedelta(seconds=1)
    Step.objects.filter(lease_until__isnull=False).update(lease_until=past)
    Run.objects.filter(wake_at__isnull=False, lane_owner=None).update(wake_at=past)
    live = set(Run.objects.exclude(state__in=RUN_ENDED).values_list("ref", flat=True))
    assert live <= set(due_runs())


@pytest.mark.parametrize(("name", "point", "time", "effects", "state"), KILLS)
def test_a_worker_killed_anywhere_leaves_each_effect_once(
    name: str, point: str, time: int, effects: dict[str, int], state: str, outside: Outside
) -> None:
    run = started(name, outside.world)
    killed(point, run, time)
    verify_world(outside)
    leases_run_out()
    run = pump(run)
    assert run.state == state, run.reason
    assert {tool: outside.effects(tool) for tool in effects} == effects
    assert outside.effects() == sum(effects.values())
    verify_world(outside, at_rest=True)


def test_what_the_fast_lane_has_stored_is_not_read_again(outside: Outside) -> None:
    run = started("reads", outside.world)
    killed("in the fast lane, just after its statement", run, 2)
    assert Step.objects.filter(run=run, state="succeeded").count() == 2
    pump(run)
    assert ToolCall.objects.filter(run_ref=run.ref).count() == 6
    assert Entry.objects.filter(verb="run.troubled").count() == 1, "the worker that was lost stands on record"


def test_a_payment_whose_worker_was_killed_is_looked_up_by_a_person(outside: Outside) -> None:
    run = started("once", outside.world)
    killed("after a function was called, before its answer", run, 2)
    leases_run_out()
    pump(run)
    assert (run.state, outside.effects("pay_once")) == (RunState.WAITING, 1)
    Review.objects.update(opened_at=timezone.now() - timedelta(minutes=1))
    while decide_all(outside, random.Random(1)):
        pump(run)
    assert (pump(run).state, outside.effects("pay_once")) == (RunState.SUCCEEDED, 1), run.reason
    verify_world(outside, at_rest=True)
