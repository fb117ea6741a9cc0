"""A run whose version was withdrawn stops before its next step, and one person is asked once (F26)."""

from typing import Any

import pytest

from agents.contracts import BadArguments
from approvals.models import Review
from approvals.states import ReviewKind, ReviewState, Verdict
from audit.models import Entry
from orchestrator.runs.engine import lane
from orchestrator.runs.engine.advancing import advance, transition
from orchestrator.runs.engine.ending import cancel_run
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.models import Run
from orchestrator.runs.starting.actions import start_batch, start_next_of
from orchestrator.runs.states import RUN_ENDED, RunState
from orchestrator.workflows.actions import give_right, withdraw_version
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.rights import Right
from tests.scenes import a_run, open_reviews, say
from tests.workshop import LEDGER, Workshop, pump, states, step, verbs, words

UNDONE = "{tool: shop.unmake, agent: hand, with: {word: not this}}"
THREE = step("one", tool="make", compensate=UNDONE) + step("two", tool="make") + step("three", tool="make")
EACH = step("each", "${item}", tool="make", for_each='{items: "${input.words}", at_once: 2}') + step("after")


def withdraw(version: WorkflowVersion, workshop: Workshop, reason: str = "It pays twice.") -> None:
    withdraw_version(workflow=version.workflow, number=version.number, by=workshop.world.hana, reason=reason)


def under_way(workshop: Workshop, steps: str = THREE, **values: Any) -> Run:
    """A run of which the first step is done."""
    run = a_run(workshop.workflow(steps), workshop.world.otto, **values)
    work = transition(run.ref)
    assert work is not None and not isinstance(work, lane.Lane)
    assert transition(run.ref, work.perform()) is not None
    return run


@pytest.fixture
def asked(workshop: Workshop) -> tuple[Run, Review]:
    """A run that began before its version was withdrawn, and the question about it."""
    run = a_run(workshop.workflow(THREE), workshop.world.otto)
    withdraw(run.workflow_version, workshop)
    (review,) = open_reviews(pump(run))
    return run, review


def test_it_stops_before_its_next_step_and_the_owner_is_asked(workshop: Workshop, asked: tuple[Run, Review]) -> None:
    run, review = asked
    assert (run.state, review.kind, review.person) == (RunState.WAITING, ReviewKind.VERSION, workshop.world.hana)
    assert "It pays twice." in review.dossier["problem"]
    assert (run.wake_at, states(run)["one"], LEDGER) == (review.expires_at, "pending", [])
    assert len(open_reviews(pump(run))) == 1, "looking again asks nobody again"
    assert due_runs() == []


def test_what_has_begun_ends_before_the_run_stops(workshop: Workshop) -> None:
    run = under_way(workshop)
    withdraw(run.workflow_version, workshop)
    run.steps.update(lease_until=run.created_at)
    pump(run)
    assert (words("make"), run.state) == (["one", "two"], RunState.WAITING)
    assert states(run) == {"one": "succeeded", "two": "succeeded", "three": "pending"}


def test_going_on_is_on_record_and_nobody_is_asked_again(workshop: Workshop, asked: tuple[Run, Review]) -> None:
    run, review = asked
    say(review, workshop.world.hana, Verdict.GO_ON, reason="This customer is not touched.")
    pump(run)
    assert (run.state, run.goes_on, words("make")) == (RunState.SUCCEEDED, True, ["one", "two", "three"])
    assert verbs(run).count("review.opened") == verbs(run).count("run.goes_on") == 1


def test_ending_makes_good_what_was_done(workshop: Workshop) -> None:
    run = under_way(workshop)
    withdraw(run.workflow_version, workshop)
    run.steps.update(lease_until=run.created_at)
    (review,) = open_reviews(pump(run))
    say(review, workshop.world.hana, Verdict.TERMINATE, reason="All of these are wrong.")
    pump(run)
    assert (run.state, words("unmake")) == (RunState.STOPPED, ["not this"])
    assert "All of these are wrong." in run.reason
    assert not Review.objects.filter(state=ReviewState.OPEN).exists()


def test_nobody_deciding_ends_the_run(workshop: Workshop, asked: tuple[Run, Review]) -> None:
    run, review = asked
    Review.objects.filter(pk=review.pk).update(expires_at=review.opened_at)
    Run.objects.filter(pk=run.pk).update(wake_at=review.opened_at)
    pump(run)
    assert (run.state, LEDGER) == (RunState.FAILED, [])
    assert "nobody decided in time" in run.reason


def test_a_cancelled_run_asks_nobody_any_more(workshop: Workshop, asked: tuple[Run, Review]) -> None:
    run, _ = asked
    cancel_run(ref=run.ref, by=workshop.world.otto, reason="Not needed.", now=True)
    assert pump(run).state == RunState.STOPPED
    assert open_reviews(run) == []


def test_the_parts_of_a_run_wait_for_one_answer(workshop: Workshop) -> None:
    run = a_run(workshop.workflow(EACH), workshop.world.otto, words=list("abcd"))
    advance(run.ref)
    withdraw(run.workflow_version, workshop)
    pump(run)
    (review,) = Review.objects.all()
    parts = Run.objects.filter(parent__run=run)
    assert (review.run_ref, LEDGER, parts.count()) == (run.ref, [], 2)
    assert {part.state for part in parts} == {RunState.RESTING}
    assert run.state == RunState.WAITING
    say(review, workshop.world.hana, Verdict.GO_ON, reason="They are few.")
    pump(run)
    assert (run.state, sorted(words("make"))) == (RunState.SUCCEEDED, list("abcd")), run.reason
    assert Review.objects.count() == 1


def test_ending_a_run_ends_its_parts(workshop: Workshop) -> None:
    run = a_run(workshop.workflow(EACH), workshop.world.otto, words=list("abcd"))
    advance(run.ref)
    withdraw(run.workflow_version, workshop)
    (review,) = open_reviews(pump(run))
    say(review, workshop.world.hana, Verdict.TERMINATE, reason="No.")
    pump(run)
    assert (run.state, LEDGER) == (RunState.STOPPED, [])
    assert not Run.objects.exclude(state__in=RUN_ENDED).exists()


@pytest.mark.django_db(transaction=True)
def test_the_fast_lane_stops_as_soon_as_its_version_is_withdrawn(workshop: Workshop) -> None:
    version = workshop.workflow(step("a") + step("b"))
    pump(a_run(version, workshop.world.otto))
    run = a_run(version, workshop.world.otto)
    taken = lane.claim(run.ref)
    assert taken is not None
    withdraw(version, workshop)
    assert not taken.perform()
    assert states(run) == {"a": "pending", "b": "pending"}
    assert open_reviews(pump(run))[0].kind == ReviewKind.VERSION


@pytest.mark.django_db(transaction=True)
def test_a_run_started_just_before_never_enters_the_fast_lane(workshop: Workshop) -> None:
    version = workshop.workflow(step("a") + step("b"))
    pump(a_run(version, workshop.world.otto))
    run = a_run(version, workshop.world.otto)
    withdraw(version, workshop)
    before = len(words())
    (review,) = open_reviews(pump(run))
    assert len(words()) == before
    say(review, workshop.world.hana, Verdict.GO_ON, reason="Let it.")
    assert pump(run).state == RunState.SUCCEEDED
    assert "step.read" not in verbs(run)


def test_no_run_of_a_withdrawn_version_starts(workshop: Workshop) -> None:
    version, hana = workshop.workflow(step("a")), workshop.world.hana
    give_right(workflow=version.workflow, right=Right.START, who=workshop.world.otto, by=hana)
    batch = start_batch(version=version, by=workshop.world.otto, name="cases.csv", rows=[{}, {}])
    assert start_next_of(batch.ref)
    withdraw(version, workshop)
    with pytest.raises(BadArguments, match="withdrawn"):
        a_run(WorkflowVersion.objects.get(pk=version.pk), workshop.world.otto)
    assert not start_next_of(batch.ref)
    batch.refresh_from_db()
    assert (Run.objects.count(), batch.done, len(batch.problems)) == (1, 2, 1)
    assert "withdrawn" in batch.problems[0]["sentences"][0]


def test_a_step_cannot_run_a_workflow_whose_version_was_withdrawn(workshop: Workshop) -> None:
    inner = workshop.workflow(step("within"), name="inner")
    withdraw(inner, workshop)
    run = workshop.run("- {id: call, kind: workflow, title: Call, workflow: inner}\n")
    (review,) = open_reviews(run)
    assert "was withdrawn" in review.dossier["problem"]


def test_the_record_of_the_workflow_says_who_withdrew_it_and_why(workshop: Workshop) -> None:
    version = workshop.workflow(step("a"))
    withdraw(version, workshop)
    entry = Entry.objects.get(verb="workflow.version_withdrawn")
    assert b"It pays twice." in bytes(entry.payload)
