"""What happens when a step fails: another try, another step, a question to a person, or an end that makes good."""

from datetime import timedelta

import pytest
from django.utils import timezone

from approvals.states import ReviewState, Verdict
from orchestrator.runs.engine.ending import cancel_run
from orchestrator.runs.engine.failing import pause
from orchestrator.runs.models import Attempt, Run, Step
from orchestrator.runs.states import RunState
from orchestrator.workflows.parts import Retry
from tests.scenes import open_reviews, say
from tests.workshop import FAILURES, Workshop, pump, states, step, verbs, words

MAKE = "{tool: shop.unmake, agent: hand, with: {word: %s}}"


def due(run: Run) -> Run:
    """The time of the next try has come."""
    Step.objects.filter(run=run).update(retry_at=None)
    return pump(run)


def test_a_step_is_tried_again_as_often_as_its_rule_says(workshop: Workshop) -> None:
    FAILURES["first"] = 2
    run = workshop.run(step("first", retry="{attempts: 3, first: 1s, on: [failed]}"))
    assert run.state == RunState.RUNNING
    assert run.wake_at is not None
    assert run.wake_at > timezone.now()
    assert due(due(run)).state == RunState.SUCCEEDED
    assert [attempt.number for attempt in Attempt.objects.all()] == [1, 2]
    assert verbs(run).count("step.retried") == 2


def test_when_all_tries_are_used_up_a_person_is_asked(workshop: Workshop) -> None:
    FAILURES["first"] = 9
    run = due(workshop.run(step("first", retry="{attempts: 2, first: 1s, on: [failed]}")))
    assert run.state == RunState.WAITING
    assert len(open_reviews(run)) == 1


def test_a_trouble_that_the_rule_does_not_name_is_not_tried_again(workshop: Workshop) -> None:
    FAILURES["first"] = 1
    run = workshop.run(step("first", retry="{attempts: 3, on: [timeout]}"))
    assert run.state == RunState.WAITING


def test_pauses_grow_are_bounded_and_differ() -> None:
    retry = Retry(attempts=9, first=timedelta(seconds=2), most=timedelta(minutes=1))
    for tries, longest in [(1, 2), (2, 4), (3, 8), (9, 60), (20, 60)]:
        seconds = [pause(retry, tries).total_seconds() for _ in range(50)]
        assert all(longest / 2 <= each <= longest for each in seconds)
    assert len({pause(retry, 3) for _ in range(10)}) > 1


def test_a_person_can_give_other_input(workshop: Workshop) -> None:
    FAILURES["first"] = 9
    run = workshop.run(step("first"))
    (review,) = open_reviews(run)
    assert review.verdicts == ["retry", "retry_edited", "skip", "terminate"]
    say(review, workshop.world.ines, Verdict.RETRY_EDITED, form={"input": {"word": "second"}})
    assert pump(run).output == {"first": {"word": "second"}}


def test_a_person_can_choose_the_fallback(workshop: Workshop) -> None:
    FAILURES["first"] = 9
    steps = "- {id: first, kind: human, title: First, instructions: What, on_failure: fallback other,\n"
    steps += "   form: {type: object, properties: {a: {type: string, maxLength: 5}}, additionalProperties: false}}\n"
    run = workshop.run(steps + step("other"))
    (review,) = open_reviews(run)
    review.expires_at = timezone.now()
    review.save()
    assert pump(run).output == {"first": {"word": "other"}}, "nobody answered, so the fallback is done"


def test_an_escalation_goes_to_the_team_that_the_step_names(workshop: Workshop) -> None:
    FAILURES["first"] = 9
    run = workshop.run(step("first", on_failure="escalate Claims desk"))
    (review,) = open_reviews(run)
    assert review.reviewer == "Claims desk"
    say(review, workshop.world.tomas, Verdict.TERMINATE, reason="Enough.")
    assert pump(run).state == RunState.STOPPED


def test_a_step_that_takes_too_long_is_given_up(workshop: Workshop) -> None:
    run = workshop.run("- {id: rest, kind: wait, title: Rest, for: 2h, timeout: 5m, on_failure: terminate}\n")
    assert run.wake_at is not None
    assert run.wake_at - timezone.now() <= timedelta(minutes=5)
    Step.objects.update(deadline_at=timezone.now())
    assert pump(run).state == RunState.FAILED
    assert "It took longer than 5m." in run.reason


def test_a_question_that_takes_too_long_is_withdrawn(workshop: Workshop) -> None:
    steps = "- {id: ask, kind: human, title: Ask, instructions: What, timeout: 5m, on_failure: fallback other,\n"
    steps += "   form: {type: object, properties: {a: {type: string, maxLength: 5}}, additionalProperties: false}}\n"
    run = workshop.run(steps + step("other"))
    (review,) = open_reviews(run)
    Step.objects.filter(key="ask").update(deadline_at=timezone.now())
    assert pump(run).state == RunState.SUCCEEDED
    review.refresh_from_db()
    assert review.state == ReviewState.WITHDRAWN


def test_a_run_that_takes_too_long_ends(workshop: Workshop) -> None:
    run = workshop.run("- {id: rest, kind: wait, title: Rest, for: 2h}\n", extra="timeout: 1h")
    Run.objects.update(deadline_at=timezone.now())
    assert pump(run).state == RunState.FAILED
    assert run.reason == "The run took longer than 1h."


def test_what_was_done_is_made_good_in_reverse_order(workshop: Workshop) -> None:
    FAILURES["last"] = 9
    run = workshop.run(
        step("one", tool="make", compensate=MAKE % "one")
        + step("two", tool="make", compensate=MAKE % "'${steps.two.output.word}'")
        + step("last", on_failure="terminate")
    )
    assert run.state == RunState.FAILED
    assert words("make") == ["one", "two"]
    assert words("unmake") == ["two", "one"]
    assert states(run)["undo:one"] == "succeeded"


def test_a_compensation_that_fails_asks_a_person_and_the_others_are_done_all_the_same(workshop: Workshop) -> None:
    FAILURES["last"] = FAILURES["gone"] = 9
    run = workshop.run(
        step("one", tool="make", compensate=MAKE % "one")
        + step("two", tool="make", compensate=MAKE % "gone")
        + step("last", on_failure="terminate")
    )
    assert run.state == RunState.WAITING
    (review,) = open_reviews(run)
    say(review, workshop.world.ines, Verdict.TERMINATE, reason="I did it by hand.")
    assert pump(run).state == RunState.FAILED
    assert words("unmake") == ["one"]


def test_nothing_new_starts_when_a_branch_has_failed(workshop: Workshop) -> None:
    FAILURES["left"] = 9
    run = workshop.run(
        step("left", needs="[]", on_failure="terminate")
        + step("right", needs="[]")
        + step("after_right", needs="[right]")
        + step("meet", needs="[left, after_right]")
    )
    assert run.state == RunState.FAILED
    assert "meet" not in words()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_cancelled_run_ends_with_everything_that_belongs_to_it(workshop: Workshop, at_once: bool) -> None:
    run = workshop.run(
        step("one", tool="make", compensate=MAKE % "one")
        + "- {id: each, kind: human, title: Each, instructions: What, for_each: {items: '${input.words}'},\n"
        + "   form: {type: object, properties: {a: {type: string, maxLength: 5}}, additionalProperties: false}}\n",
        words=[1, 2],
    )
    parts = list(Run.objects.filter(parent__run=run))
    assert len(parts) == 2
    cancel_run(ref=run.ref, by=workshop.world.hana, reason="The customer withdrew.", now=True)
    assert pump(run).state == RunState.STOPPED
    assert "The customer withdrew." in run.reason
    assert words("unmake") == ["one"]
    assert {part.state for part in Run.objects.filter(parent__run=run)} == {RunState.STOPPED}
    assert open_reviews(parts[0]) == open_reviews(parts[1]) == []
