"""The database has committed, and nobody hears of it: what is stored counts, and nothing is done twice (F12)."""

from pathlib import Path
from typing import Any

import pytest

from agents.models import ToolVersion
from approvals.models import Review
from approvals.states import ReviewKind
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RUN_ENDED, RunState
from tests.chaos import patterns, shop
from tests.chaos.proxy import Proxy, through_a_proxy
from tests.chaos.shop import Outside
from tests.chaos.world_check import verify_world
from tests.scenes import a_run, a_workflow
from tests.workshop import pump
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 12


@pytest.fixture
def outside(world: World, settings: Any, tmp_path: Path) -> Outside:
    settings.HOLDSHORT_PYTHON_TOOLS = shop.TOOLS
    shop.open_books(tmp_path / "books.sqlite")
    return shop.an_outside(world)


def driven_to_its_end(run: Run) -> Run:
    """What workers do with a run, while pauses run out; leases of writes that know no keys too, in the end."""
    for _ in range(6):
        pump(run)
        if run.state in RUN_ENDED:
            break
        Run.objects.filter(wake_at__isnull=False).update(wake_at=run.created_at)
        Step.objects.filter(lease_owner=None, lease_until__isnull=False).update(lease_until=run.created_at)
    return run


def hit_at(place: int, proxy: Proxy, run: Run) -> bool:
    """Drive a run while the answer to one of its commits is lost; whether that happened."""
    proxy.cut_after(place)
    driven_to_its_end(run)
    proxy.left = 0  # where the run had fewer commits
    return proxy.hits == 1


@pytest.mark.parametrize(("name", "effects"), [("reads", 0), ("mixed", 2), ("branches", 3)])
def test_whichever_answer_is_lost_the_run_ends_well_and_each_effect_is_had_once(
    name: str, effects: int, outside: Outside
) -> None:
    text = patterns.HEAD.format(name=name, title=name) + patterns.WORKFLOWS[name].lstrip("\n")
    version = a_workflow(text)
    hits = 0
    with through_a_proxy() as proxy:
        for place in range(1, MOST + 1):
            run = a_run(version, outside.world.otto, word=str(place))
            before = outside.effects()
            hits += hit_at(place, proxy, run)
            assert run.state == RunState.SUCCEEDED, (place, run.reason)
            assert outside.effects() - before == effects, place
    assert hits >= 6
    verify_world(outside, at_rest=True)


def test_a_payment_whose_answer_was_stored_unheard_is_not_asked_about(outside: Outside) -> None:
    """The known outcome counts; only a payment that may never have been sent is looked up, and none is made twice."""
    tool = outside.tools["pay_once"]
    assert not ToolVersion.objects.get(tool=tool).may_repeat
    version = a_workflow(patterns.HEAD.format(name="once", title="once") + patterns.WORKFLOWS["once"].lstrip("\n"))
    ended, hits = 0, 0
    with through_a_proxy() as proxy:
        for place in range(1, 9):
            run = a_run(version, outside.world.otto, word=str(place))
            before = outside.effects()
            hits += hit_at(place, proxy, run)
            asked = Review.objects.filter(run_ref=run.ref, kind=ReviewKind.UNKNOWN).count()
            ended += run.state == RunState.SUCCEEDED
            assert (run.state == RunState.SUCCEEDED) == (not asked)
            assert outside.effects() - before == (0 if asked else 1), place
    assert hits >= 4
    assert ended >= 6, "one place at most leaves it open: the intent is stored, and nobody heard that it was"
    verify_world(outside)
