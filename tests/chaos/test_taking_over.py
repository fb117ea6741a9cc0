"""How long a run waits for another worker when its own is killed: a stop-watch on real processes (F04, W4)."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from redis import Redis

from agents.models import ToolCall
from agents.states import CallState
from orchestrator.celery import WORKER_SEEN
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.supervisor.child import Child
from orchestrator.supervisor.roles import command_of
from tests.chaos import patterns, shop
from tests.chaos.shop import Outside
from tests.chaos.test_kill import crash
from tests.chaos.world_check import verify_world
from tests.scenes import a_run, a_workflow
from tests.servers import kill, role, wait_until
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
BACK, OTHER = 5.0, 15.0
"""Seconds within which a run goes on: after its worker is back, or by another worker that was there all the time."""
KILLS = {
    "reads": "in the fast lane, between two steps",
    "slow_read": "after the intent, before it is sent",
    "mixed": "after a function was called, before its answer",
    "model": "after the model answered",
}
SLOW_READ = patterns.one("look", timeout="5m") + patterns.one("after")


@pytest.fixture
def outside(world: World, settings: Any, tmp_path: Path) -> Outside:
    settings.HOLDSHORT_PYTHON_TOOLS = shop.TOOLS
    shop.open_books(tmp_path / "books.sqlite")
    return shop.an_outside(world)


def killed_runs(world: World, *names: str) -> list[Run]:
    """A run of each kind, whose worker was killed in the middle of it. Their leases are those of the product."""
    runs = []
    for name in names:
        text = patterns.WORKFLOWS.get(name, SLOW_READ).lstrip("\n")
        run = a_run(a_workflow(patterns.HEAD.format(name=name, title=name) + text), world.otto, word=name)
        crash(KILLS[name], run, HOLDSHORT_PYTHON_TOOLS=json.dumps(shop.TOOLS))
        runs.append(run)
    return runs


@contextmanager
def process(name: str, *command: str, **env: str) -> Iterator[Child]:
    """A worker with a model for the agents, or the product's clock."""
    parts = [part.replace("orchestrator.celery", "tests.chaos.worker") for part in command]
    child = role(name, parts, HOLDSHORT_PYTHON_TOOLS=json.dumps(shop.TOOLS), **env)
    child.start()
    try:
        yield child
    finally:
        kill(child)


@contextmanager
def a_worker() -> Iterator[Child]:
    """A worker that has just said that it is ready."""
    with Redis.from_url(configured.REDIS_URL) as client, process("worker", *command_of("worker", "", 0)) as child:
        client.delete(WORKER_SEEN)
        wait_until(lambda: client.exists(WORKER_SEEN) or not child.alive, 40, "the worker's first heartbeat")
        yield child


def all_done(runs: list[Run]) -> bool:
    return Run.objects.filter(pk__in=[run.pk for run in runs], state=RunState.SUCCEEDED).count() == len(runs)


def seconds_until_done(runs: list[Run], began: float, most: float) -> float:
    wait_until(lambda: all_done(runs), began + most + 20 - time.monotonic(), "all runs")
    return time.monotonic() - began


def test_all_that_a_killed_worker_had_goes_on_within_seconds_after_one_is_back(outside: Outside) -> None:
    runs = killed_runs(outside.world, *KILLS)
    with a_worker():
        assert seconds_until_done(runs, time.monotonic(), BACK) < BACK
    verify_world(outside, at_rest=True)


def test_another_worker_takes_over_what_a_killed_one_had(outside: Outside) -> None:
    with ExitStack() as stack:
        other = stack.enter_context(a_worker()).process
        stack.enter_context(process("beat", *command_of("beat", "", 0)))
        assert other is not None
        other.send_signal(signal.SIGSTOP)  # so that it is not the one that begins
        runs = killed_runs(outside.world, "mixed")
        other.send_signal(signal.SIGCONT)
        assert seconds_until_done(runs, time.monotonic(), OTHER) < OTHER
    assert not ToolCall.objects.filter(state=CallState.EXECUTING).exists()


def test_what_a_killed_worker_had_of_several_runs_at_once_goes_on(outside: Outside) -> None:
    version = a_workflow(patterns.HEAD.format(name="reads", title="reads") + patterns.READS)
    deadly = json.dumps({"die": ["in the fast lane, after steps of several runs", 2]})
    with process("worker", *command_of("worker", "", 0), HOLDSHORT_CHAOS_WORKER=deadly) as child:
        first = a_run(version, outside.world.otto, word="first")
        wait_until(lambda: all_done([first]) or not child.alive, 40, "the run from which the worker knows the workflow")
        runs = [a_run(version, outside.world.otto, word=str(number)) for number in range(40)]
        wait_until(lambda: not child.alive, 20, "the kill among several runs")
    assert Run.objects.filter(lane_owner__isnull=False).count() > 1, "it had several"
    with process("beat", *command_of("beat", "", 0)), a_worker():
        assert seconds_until_done(runs, time.monotonic(), BACK) < BACK
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.SUCCEEDED}
    verify_world(outside, at_rest=True)
