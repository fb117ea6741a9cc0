"""What a dead worker had is taken over before its lease ends, where doing it twice at once does no harm (F01-F04)."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings as configured
from django.db import connection

from agents.models import ToolCall, ToolVersion
from agents.runtime.scripted import Final
from agents.states import CallState, Idempotency
from approvals.states import ReviewKind
from orchestrator.runs.engine import advancing, liveness
from orchestrator.runs.engine.attempts import MOST_LOST
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.engine.work import AskModel, SendCall
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState
from tests.runs.test_engine import Use
from tests.scenes import a_run, open_reviews
from tests.workshop import LEDGER, Workshop, pump, step, verbs, words
from tests.world import a_contract

SLOW_READ = step("read", timeout="5m")  # a time-out keeps it out of the fast lane
WRITE = step("write", tool="make")
MODEL = """
- {id: think, kind: agent, title: Think, agent: hand, task: Think,
   output: {type: object, properties: {}, additionalProperties: false}}
"""
DEAD = 5
"""A number that no worker holds a lock on."""


def at_work(workshop: Workshop, steps: str) -> tuple[Run, AskModel | SendCall]:
    """A run of which a worker has just taken a step, and what it is to do."""
    run = a_run(workshop.workflow(steps), workshop.world.otto)
    work = advancing.transition(run.ref)
    assert isinstance(work, AskModel | SendCall)
    assert due_runs() == []
    return run, work


def killed(run: Run) -> None:
    """The worker that had the steps of this run is dead."""
    Step.objects.filter(run=run, lease_owner__isnull=False).update(lease_owner=DEAD)


@contextmanager
def other_worker() -> Iterator[int]:
    """A worker that is alive, with a connection of its own; its number."""
    url = configured.HOLDSHORT_PLACES.database_url(connection.settings_dict["NAME"])
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(77)")
        yield 77


def pays_without_keys(workshop: Workshop) -> None:
    """From now on a repetition of `make` is a second effect."""
    contract = ToolVersion.objects.get(tool=workshop.tools["make"])
    kept = (
        *("input_schema", "output_schema", "server_digest", "sentence", "short_sentence", "amount_argument"),
        *("effect", "reversibility", "timeout_seconds"),
    )
    again = {name: getattr(contract, name) for name in kept}
    a_contract(workshop.tools["make"], **again, idempotency=Idempotency.NEITHER)


@pytest.mark.parametrize("steps", [SLOW_READ, WRITE])
def test_a_call_that_may_be_repeated_is_taken_over_as_soon_as_its_worker_is_dead(
    workshop: Workshop, steps: str
) -> None:
    run, _ = at_work(workshop, steps)
    killed(run)
    assert due_runs() == [run.ref]
    run = pump(run)
    assert run.state == RunState.SUCCEEDED, run.reason
    assert (len(LEDGER), "run.troubled" in verbs(run)) == (1, True)
    assert due_runs() == []


def test_a_model_is_asked_again_as_soon_as_its_worker_is_dead(workshop: Workshop, script: Use) -> None:
    script(lambda state: Final({}))
    run, _ = at_work(workshop, MODEL)
    killed(run)
    assert due_runs() == [run.ref]
    assert pump(run).state == RunState.SUCCEEDED, run.reason


def test_a_call_that_must_not_be_repeated_waits_for_its_lease(workshop: Workshop) -> None:
    pays_without_keys(workshop)
    run, work = at_work(workshop, WRITE)
    assert Step.objects.get(run=run).lease_owner is None
    killed(run)
    assert (due_runs(), advancing.transition(run.ref)) == ([], None)
    pump(run)
    assert (run.state, open_reviews(run)) == (RunState.RUNNING, [])
    advancing.transition(run.ref, work.perform())
    assert pump(run).state == RunState.SUCCEEDED, "its worker came back, so nobody was asked"
    assert words("make") == ["write"]


def test_what_must_not_be_repeated_is_put_before_a_person_when_the_lease_has_run_out(workshop: Workshop) -> None:
    pays_without_keys(workshop)
    run, _ = at_work(workshop, WRITE)
    Step.objects.filter(run=run).update(lease_until=run.created_at)
    run = pump(run)
    (review,) = open_reviews(run)
    assert (review.kind, ToolCall.objects.get().state) == (ReviewKind.UNKNOWN, CallState.OUTCOME_UNKNOWN)
    assert words("make") == []


@pytest.mark.django_db(transaction=True)
def test_a_step_of_a_worker_that_is_alive_is_left_to_it(workshop: Workshop) -> None:
    run, _ = at_work(workshop, WRITE)
    with other_worker() as number:
        Step.objects.filter(run=run).update(lease_owner=number)
        assert (due_runs(), advancing.transition(run.ref)) == ([], None)
    assert due_runs() == [run.ref]


def test_a_worker_that_only_lost_its_connection_does_not_write_over_the_one_that_went_on(workshop: Workshop) -> None:
    run, work = at_work(workshop, WRITE)
    killed(run)
    other = advancing.transition(run.ref)
    assert isinstance(other, SendCall)
    late, returned = work.perform(), other.perform()
    assert advancing.transition(run.ref, late) is None
    assert Step.objects.get(run=run).state == "running", "the late answer was not taken for the step's"
    advancing.transition(run.ref, returned)
    run = pump(run)
    assert run.state == RunState.SUCCEEDED
    assert verbs(run).count("call.executed") == 1


def test_a_run_survives_any_number_of_lost_workers_while_it_gets_anywhere(workshop: Workshop) -> None:
    names = "abcdefgh"
    assert len(names) > MOST_LOST
    run = a_run(workshop.workflow("".join(step(name, tool="make") for name in names)), workshop.world.otto)
    for _ in names:
        work = advancing.transition(run.ref)
        assert isinstance(work, SendCall)
        killed(run)
        again = advancing.transition(run.ref)
        assert isinstance(again, SendCall)
        advancing.transition(run.ref, again.perform())
        killed(run)
    run = pump(run)
    assert (run.state, run.troubles) == (RunState.SUCCEEDED, 0), run.reason
    assert words("make") == list(names)


def test_a_step_that_loses_every_worker_is_put_before_a_person(workshop: Workshop) -> None:
    run, _ = at_work(workshop, SLOW_READ)
    for times in range(1, MOST_LOST):
        killed(run)
        assert advancing.transition(run.ref) is not None, times
    killed(run)
    assert advancing.transition(run.ref) is None
    (review,) = open_reviews(run)
    assert review.kind == ReviewKind.ESCALATION
    assert due_runs() == []


def test_an_effect_that_loses_every_worker_is_looked_up_by_a_person(workshop: Workshop) -> None:
    run, _ = at_work(workshop, WRITE)
    for _ in range(MOST_LOST):
        killed(run)
        advancing.transition(run.ref)
    (review,) = open_reviews(run)
    assert review.kind == ReviewKind.UNKNOWN
    assert Step.objects.get(run=run).losses == 0, "whatever comes next begins anew"


def test_what_loses_a_worker_in_the_fast_lane_is_done_the_ordinary_way(workshop: Workshop) -> None:
    run = a_run(workshop.workflow(step("a", timeout="5m") + step("b") + step("c")), workshop.world.otto)
    work = advancing.transition(run.ref)
    assert isinstance(work, SendCall)
    taken = advancing.transition(run.ref, work.perform())
    assert not isinstance(taken, AskModel | SendCall)
    Run.objects.filter(pk=run.pk).update(lane_owner=DEAD)
    again = advancing.transition(run.ref)
    assert isinstance(again, SendCall), "so that what kills its worker each time is noticed"
    assert liveness.is_alive(Step.objects.get(run=run, key="b").lease_owner)
    lane = advancing.transition(run.ref, again.perform())
    assert not isinstance(lane, AskModel | SendCall), "and then it is in the lane again"
