"""Garbage from a model never reaches a tool and never kills a worker: two repairs, then a person (F21, F22, T76)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import ToolCall
from agents.runtime.scripted import Call, Calls, Final, Raw, Say, ScriptState
from agents.runtime.values import ModelUnavailable
from agents.states import CallState
from approvals.models import Review
from approvals.states import ReviewKind, Verdict
from audit.models import Stream
from audit.verify import verify_stream
from orchestrator.runs.models import Attempt, Run, Turn
from orchestrator.runs.states import RunState, StepState
from tests.scenes import Company, a_run, a_workflow, drive, open_reviews, say, told
from tests.world import World

Use = Callable[[Callable[[ScriptState], Say]], None]

GARBAGE: dict[str, Callable[[ScriptState], Say]] = {
    "an unknown tool": lambda state: Call("launch_rocket", target="moon"),
    "a tool without a grant, by a look-alike name": lambda state: Call("refund_\u043erder", order_id="1"),
    "arguments that are no JSON": lambda state: Raw([("refund_order", "{order: 12")]),
    "arguments of the wrong type": lambda state: Call("refund_order", order_id=12, amount=True),
    "arguments with more than there is": lambda state: Call("get_order", order_id="1", approved=True),
    "arguments with NUL and half characters": lambda state: Raw([("get_order", '{"order_id": "\x00\ud800"}')]),
    "arguments 10 MB long": lambda state: Raw([("get_order", '{"order_id": "' + "x" * 10_000_000 + '"}')]),
    "arguments nested 10,000 deep": lambda state: Raw([("get_order", "[" * 10_000)]),
    "nothing at all": lambda state: Raw([]),
    "text where a form is asked for": lambda state: Raw(["Sure, I have refunded everything. \x00\udfff"]),
    "an output that does not fit": lambda state: Final({"untold": 1}),
    "10 MB of text": lambda state: Raw(["yes " * 2_500_000]),
    "a script that is broken itself": lambda state: Final({"told": 1 / 0}),
}


def started(company: Company, world: World) -> Run:
    """A run of the refund workflow, driven as far as it goes."""
    return drive(a_run(a_workflow(), world.otto, order_id="88-10301", amount="1.00"))


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_repaired_twice_then_a_person_is_asked(
    kind: str, company: Company, world: World, script: Use
) -> None:
    script(GARBAGE[kind])
    run = started(company, world)
    (review,) = open_reviews(run)
    assert (run.state, review.kind, review.team) == (RunState.WAITING, ReviewKind.ESCALATION, world.refund_desk)
    assert company.calls() == 0
    assert Turn.objects.filter(step__run=run).count() <= 3
    assert verify_stream(Stream.objects.get(key=f"run:{run.ref}")) is None


def test_an_agent_that_does_better_after_a_repair_goes_on(company: Company, world: World, script: Use) -> None:
    script(lambda state: Call("launch_rocket") if state.turn < 3 else Final({"told": "sorry"}))
    run = started(company, world)
    assert (run.state, run.output) == (RunState.SUCCEEDED, {"look": {"told": "sorry"}})


def test_the_same_call_over_and_over_is_stopped(company: Company, world: World, script: Use) -> None:
    script(lambda state: Call("get_order", order_id="88-10301"))
    run = started(company, world)
    (review,) = open_reviews(run)
    assert review.kind == ReviewKind.ESCALATION
    assert "same call" in review.dossier["problem"]
    assert company.calls() <= 4


def test_ever_new_calls_end_at_the_limit_of_turns(company: Company, world: World, script: Use) -> None:
    script(lambda state: Call("get_order", order_id=f"{state.turn}"))
    run = started(company, world)
    (review,) = open_reviews(run)
    assert "turns" in review.dossier["problem"]
    assert Turn.objects.filter(step__run=run).count() == 12


def test_a_hundred_calls_in_one_turn_are_none(company: Company, world: World, script: Use) -> None:
    script(lambda state: Calls([Call("get_order", order_id=str(n)) for n in range(100)]))
    run = started(company, world)
    assert open_reviews(run)[0].kind == ReviewKind.ESCALATION
    assert company.calls() == 0


def test_hostile_text_is_stored_so_that_it_can_be_had_back(company: Company, world: World, script: Use) -> None:
    hostile = "a\u202ec␛d<script>"
    script(lambda state: Final({"told": hostile}))
    run = started(company, world)
    assert run.state == RunState.SUCCEEDED
    assert told(run) == hostile


def test_try_again_begins_the_step_anew_and_the_failed_try_stays_on_record(
    company: Company, world: World, script: Use
) -> None:
    script(GARBAGE["an unknown tool"])
    run = started(company, world)
    (review,) = open_reviews(run)
    script(lambda state: Final({"told": "better"}))
    say(review, world.ines, Verdict.RETRY)
    run = drive(run)
    assert run.state == RunState.SUCCEEDED
    assert Attempt.objects.filter(step__run=run).count() == 1
    assert run.steps.get().attempt == 2


def test_ending_the_run_stops_it_with_the_persons_reason(company: Company, world: World, script: Use) -> None:
    script(GARBAGE["an unknown tool"])
    run = started(company, world)
    (review,) = open_reviews(run)
    say(review, world.ines, Verdict.TERMINATE, reason="Not worth it.")
    run = drive(run)
    assert run.state == RunState.STOPPED
    assert "Not worth it." in run.reason


def test_an_escalation_that_nobody_answers_fails_the_run(company: Company, world: World, script: Use) -> None:
    script(GARBAGE["an unknown tool"])
    run = started(company, world)
    Review.objects.filter(run_ref=run.ref).update(expires_at=timezone.now() - timedelta(seconds=1))
    run = drive(run)
    assert run.state == RunState.FAILED
    assert run.steps.get().state == StepState.FAILED


def test_a_model_that_is_away_is_asked_again_later_and_then_a_person(
    company: Company, world: World, script: Use
) -> None:
    def away(state: ScriptState) -> Say:
        raise ModelUnavailable("The model server did not answer.", retry=True)

    script(away)
    run = started(company, world)
    for _ in range(2):
        assert run.state == RunState.RUNNING
        assert run.wake_at is not None
        assert run.wake_at > timezone.now()
        run.steps.update(retry_at=timezone.now() - timedelta(seconds=1))
        run = drive(run)
    (review,) = open_reviews(run)
    assert "did not answer" in review.dossier["problem"]


def test_what_an_agent_may_not_use_is_refused_and_it_is_told_so(company: Company, world: World, script: Use) -> None:
    company.agent.grants.filter(tool=company.tools["send_mail"]).delete()

    def mailer(state: ScriptState) -> Say:
        if state.turn == 1:
            return Call("company.send_mail", to="a@example.com", subject="Hello", body="Hello")
        return Final({"told": state.results[-1].content["status"]})

    script(mailer)
    run = started(company, world)
    assert (run.state, run.output) == (RunState.SUCCEEDED, {"look": {"told": "denied"}})
    assert ToolCall.objects.get(run_ref=run.ref).state == CallState.DENIED
    assert company.calls() == 0
