"""The bell of the workers: new runs are rung for together, none is forgotten, and none has to wait for a slow one."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from kombu.exceptions import OperationalError

from orchestrator.celery import broker
from orchestrator.runs import ringing, tasks
from orchestrator.runs.engine import advancing, lane
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from tests.chaos.faults import QUEUE
from tests.scenes import a_run
from tests.servers import wait_until
from tests.workshop import Workshop, pump, step


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was rung for while runs began."""
    found: list[list[str]] = []
    monkeypatch.setattr(tasks.begin, "apply_async", lambda refs, known, **options: found.append(list(refs[0])))
    return found


def new_runs(workshop: Workshop, steps: str, count: int) -> list[str]:
    """Runs that nobody has touched, of a workflow that this process knows already."""
    version = workshop.workflow(steps)
    pump(a_run(version, workshop.world.otto))
    return [str(a_run(version, workshop.world.otto).ref) for _ in range(count)]


def ended(refs: Sequence[str]) -> list[bool]:
    """Which of these runs have ended well."""
    states = dict(Run.objects.filter(ref__in=refs).values_list("ref", "state"))
    return [states[UUID(ref)] == RunState.SUCCEEDED for ref in refs]


def test_the_first_is_rung_for_at_once_and_the_next_ones_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ringing, "PAUSE_SECONDS", 0.3)
    sent: list[Sequence[str]] = []
    ringer = ringing.Ringer(sent.append)
    ringer.ring("a")
    wait_until(lambda: sent == [["a"]], what="the first")
    for ref in "bcd":
        ringer.ring(ref)
    assert sent == [["a"]]
    wait_until(lambda: len(sent) == 2, what="the others")
    assert sent[1] == ["b", "c", "d"]
    time.sleep(0.4)
    ringer.ring("e")
    wait_until(lambda: sent[2:] == [["e"]], what="one after a pause")


def test_of_thousands_from_many_threads_each_is_rung_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ringing, "PAUSE_SECONDS", 0.0)
    sent: list[Sequence[str]] = []
    ringer = ringing.Ringer(sent.append)
    refs = [str(number) for number in range(5_000)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ringer.ring, refs))
    wait_until(lambda: sum(map(len, sent)) == len(refs), what="all of them")
    assert sorted(ref for some in sent for ref in some) == sorted(refs)
    assert max(map(len, sent)) <= ringing.MOST


def test_a_broker_that_is_down_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(tasks.begin, "apply_async", refuse)
    ringing.ring(tasks.begin, ["x"])


def test_runs_that_go_quickly_are_driven_by_the_worker_that_heard_of_them(
    workshop: Workshop, rung: list[list[str]]
) -> None:
    refs = new_runs(workshop, step("a") + step("b"), 3)
    tasks.begin(refs)
    assert ended(refs) == [True] * 3 and rung == []


def test_one_that_needs_more_than_the_fast_lane_keeps_no_other_waiting(
    workshop: Workshop, rung: list[list[str]]
) -> None:
    refs = new_runs(workshop, step("a") + step("b", tool="make"), 3)
    tasks.begin(refs)
    assert ended(refs) == [True, False, False] and rung == [refs[1:]]
    tasks.begin(rung[0])
    assert ended(refs) == [True, True, False] and rung[1:] == [refs[2:]]


@pytest.mark.parametrize("limit", ["SLOW_SECONDS", "MOMENT_SECONDS"])
def test_one_that_takes_long_in_the_fast_lane_keeps_no_other_waiting_longer(
    limit: str, workshop: Workshop, rung: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = new_runs(workshop, step("a"), 3)
    monkeypatch.setattr(tasks, limit, 0.0)
    real = lane.Lane.perform

    def slowly(taken: lane.Lane) -> bool:
        time.sleep(0.01)
        return real(taken)

    monkeypatch.setattr(lane.Lane, "perform", slowly)
    monkeypatch.setattr(advancing, "advance_together", list)
    tasks.begin(refs)
    assert ended(refs)[1:] == [False, False]
    assert rung in ([refs[1:]], [refs])


def test_a_worker_that_leaves_hands_all_of_them_on(
    workshop: Workshop, rung: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = new_runs(workshop, step("a"), 2)
    monkeypatch.setattr("orchestrator.runs.engine.leaving.is_leaving", lambda: True)
    tasks.begin(refs)
    assert ended(refs) == [False, False] and rung == [refs]


def test_new_runs_are_taken_after_everything_else(workshop: Workshop) -> None:
    with broker() as client:
        later = f"{QUEUE}\x06\x163"
        before = client.llen(QUEUE), client.llen(later)
        ringing.ring(tasks.begin, ["x"])
        ringing.ring(tasks.advance, "x", begun=True)
        assert (client.llen(QUEUE), client.llen(later)) == (before[0] + 1, before[1] + 1)
        client.lpop(QUEUE)
        client.lpop(later)
