"""The sweep rings for what is due, and not again and again while the workers have enough to do (F06, F34)."""

from uuid import UUID

import pytest

from orchestrator import celery
from orchestrator.runs import tasks
from orchestrator.runs.engine import sweeping
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from tests.scenes import a_run, a_workflow
from tests.world import World

ASK = """
name: ask
title: Ask
steps:
  - {id: ask, title: Ask, kind: human, instructions: Look., reviewers: {team: Refund desk},
     form: {type: object, properties: {}, additionalProperties: false}}
"""


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """For which runs the sweep rang."""
    found: list[str] = []
    monkeypatch.setattr(tasks.advance, "delay", lambda ref, swept: found.append(ref))
    return found


def test_a_run_that_nobody_was_told_of_is_rung_for_at_once(
    world: World, rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "messages_waiting", lambda: 0)
    run = a_run(a_workflow(ASK), world.otto)
    assert sweeping.due_runs() == [run.ref]
    tasks.sweep()
    assert rung == [str(run.ref)]


def test_what_was_interrupted_is_rung_for_before_what_is_new(world: World) -> None:
    version = a_workflow(ASK)
    new, interrupted, newer = (a_run(version, world.otto) for _ in range(3))
    nobody = 5  # nobody holds that lock
    Run.objects.filter(pk=interrupted.pk).update(state=RunState.RUNNING, version=1, lane_owner=nobody)
    assert sweeping.due_runs() == [interrupted.ref, new.ref, newer.ref]


def test_while_enough_messages_wait_no_more_are_sent(
    world: World, rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(a_workflow(ASK), world.otto)
    monkeypatch.setattr(tasks, "messages_waiting", lambda: tasks.ENOUGH)
    tasks.sweep()
    assert rung == []


def test_messages_that_wait_are_counted_at_the_broker(world: World) -> None:
    before = celery.messages_waiting()
    for number in range(3):
        tasks.advance.delay(str(UUID(int=number)))
    assert celery.messages_waiting() == before + 3
