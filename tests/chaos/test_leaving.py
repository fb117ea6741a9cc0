"""A worker that is asked to end finishes what it has begun, and leaves the rest to the next one (F05)."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from redis import Redis

from agents.models import ToolCall
from agents.states import CallState
from audit.models import Entry
from orchestrator.runs import tasks
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState
from orchestrator.supervisor.roles import command_of
from tests.chaos import patterns, shop
from tests.chaos.shop import Outside
from tests.chaos.test_taking_over import a_worker, process
from tests.chaos.world_check import verify_world
from tests.scenes import a_run, a_workflow
from tests.servers import wait_until
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "".join(patterns.one(f"w{place}", "slow") for place in range(8))
READS = "".join(patterns.one(f"r{place}", "slow_look") for place in range(8))


@pytest.fixture
def outside(world: World, settings: Any, tmp_path: Path) -> Outside:
    settings.HOLDSHORT_PYTHON_TOOLS = shop.TOOLS
    shop.open_books(tmp_path / "books.sqlite")
    with Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    return shop.an_outside(world)


def some_done(runs: list[Run], most: int) -> bool:
    done = Step.objects.filter(run__in=runs, state="succeeded").count()
    assert done < most, "the fault came too late"
    return done >= 4


def test_a_worker_asked_to_end_hands_its_runs_over_and_nothing_is_half_done(outside: Outside) -> None:
    texts = {"writes": LONG, "reads": READS}
    versions = [a_workflow(patterns.HEAD.format(name=name, title=name) + text) for name, text in texts.items()]
    runs = [a_run(version, outside.world.otto, word=str(number)) for number, version in enumerate(versions * 2)]
    with a_worker() as child:
        wait_until(lambda: some_done(runs, 32), 20, "some steps")
        assert child.process is not None
        asked = time.monotonic()
        child.process.send_signal(signal.SIGTERM)
        assert child.process.wait(10) == 0
        assert time.monotonic() - asked < 5, "it did not drive the runs to their end first"
    assert Run.objects.exclude(state=RunState.SUCCEEDED).count() > 0
    assert not ToolCall.objects.filter(state=CallState.EXECUTING).exists()
    assert not Step.objects.filter(lease_until__isnull=False).exists()
    assert not Run.objects.filter(lane_owner__isnull=False).exists()
    verify_world(outside)
    began = time.monotonic()
    with process("worker", *command_of("worker", "", 0)):
        wait_until(lambda: not Run.objects.exclude(state=RunState.SUCCEEDED).exists(), 30, "all runs")
    assert time.monotonic() - began < 20
    assert not Entry.objects.filter(verb="run.troubled").exists()
    assert outside.effects() == 16
    verify_world(outside, at_rest=True)


def test_a_run_that_kills_each_worker_in_its_transition_is_given_up(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.begin, "apply_async", lambda *_, **__: None)  # so that it is the sweep that finds the run
    run = a_run(a_workflow(patterns.HEAD.format(name="writes", title="Writes") + LONG), outside.world.otto, word="x")
    with Redis.from_url(configured.REDIS_URL) as client:
        client.hset(f"holdshort:driven:{run.ref}", mapping={"5": 0, "6": 0})  # two have died of it before
    deadly = json.dumps({"die": ["while a step begins", 1]})
    with process("worker", *command_of("worker", "", 0), HOLDSHORT_CHAOS_WORKER=deadly) as child:
        wait_until(lambda: not child.alive, 30, "the end of the worker")
    with process("worker", *command_of("worker", "", 0)):
        wait_until(lambda: Run.objects.get(pk=run.pk).state == RunState.FAILED, 30, "the end of the run")
    run.refresh_from_db()
    assert "Every worker process" in run.reason
    assert outside.effects() == 0
    verify_world(outside, at_rest=True)
