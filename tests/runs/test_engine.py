"""The main job: an agent proposes, a named person decides, the effect happens once, the agent is told."""

from collections.abc import Callable
from typing import Any

import pytest

from agents.models import ToolCall
from agents.runtime.scripted import Call, Calls, Final, Say, ScriptState
from agents.states import CallState
from approvals.models import Review
from approvals.states import ReviewKind, Verdict
from audit.models import Stream
from audit.verify import verify_stream
from orchestrator.runs.engine.dossier import _fitting
from orchestrator.runs.models import Turn
from orchestrator.runs.states import RunState
from tests.scenes import (
    Company,
    a_paid_order,
    a_run,
    a_workflow,
    arguments_of,
    drive,
    open_reviews,
    say,
    told,
)
from tests.world import World

Use = Callable[[Callable[[ScriptState], Say]], None]


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def refunder(state: ScriptState) -> Say:
    """Look at the order, refund it, say what came of it."""
    if state.turn == 1:
        return Call("get_order", order_id=state.task["order_id"], reasoning="I read the order first.")
    if state.turn == 2:
        order, amount = state.task["order_id"], state.task["amount"]
        arguments = {"order_id": order, "amount": amount, "currency": "EUR", "reason": "Parcel lost."}
        return Call("refund_order", arguments, reasoning="The parcel is lost, so I pay it back.")
    return Final({"told": state.of("refund_order")})


def waiting_refund(company: Company, world: World, script: Use) -> tuple[Any, Review]:
    """A run whose refund waits for the Refund desk."""
    script(refunder)
    order, amount = a_paid_order(company)
    run = drive(a_run(a_workflow(), world.otto, order_id=order, amount=amount))
    (review,) = open_reviews(run)
    return run, review


def test_a_write_waits_for_a_named_reviewer_and_nothing_reached_the_company(
    company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    assert (run.state, review.team, review.kind) == (RunState.WAITING, world.refund_desk, ReviewKind.ACTION)
    assert company.effects() == 0
    assert run.wake_at == review.expires_at


def test_an_approved_write_has_one_effect_and_the_agent_is_told(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    run = drive(run)
    assert company.effects() == 1
    assert run.state == RunState.SUCCEEDED, run.reason
    answer = told(run)
    assert answer["status"] == "executed"


def test_an_edited_write_is_done_as_edited_and_the_agent_is_told_what_changed(
    company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    assert review.call is not None
    edited = {**arguments_of(review.call), "amount": "1.00"}
    say(review, world.ines, Verdict.EDIT, arguments=edited, reason="Only the shipping.")
    run = drive(run)
    assert company.rows("SELECT amount_cents FROM refunds ORDER BY rowid DESC LIMIT 1") == [(100,)]
    answer = told(run)
    assert answer["edited"] is True
    assert answer["changes"][0]["to"] == "1.00"


def test_a_rejected_write_never_happens_and_the_agent_is_told_why(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.REJECT, reason_code="verify", reason="Call the customer first.")
    run = drive(run)
    assert company.effects() == 0
    assert run.state == RunState.SUCCEEDED
    assert told(run) == {
        "status": "rejected",
        "reason_code": "verify",
        "reason": "Call the customer first.",
    }


def test_every_turn_and_call_is_stored_once_and_the_chain_holds(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    drive(run)
    say(review, world.ines, Verdict.APPROVE)
    run = drive(drive(run))
    assert Turn.objects.filter(step__run=run).count() == 3
    states = ToolCall.objects.filter(run_ref=run.ref).values_list("tool_name", "state")
    assert list(states) == [("company.get_order", CallState.SUCCEEDED), ("company.refund_order", CallState.SUCCEEDED)]
    assert verify_stream(Stream.objects.get(key=f"run:{run.ref}")) is None


def two_refunds(state: ScriptState) -> Say:
    """Both parts of an order's refund in one turn."""
    if state.turn > 1:
        return Final({"told": "both"})
    order = state.task["order_id"]
    parts = [{"order_id": order, "amount": amount, "currency": "EUR", "reason": "Lost."} for amount in ("1.00", "2.00")]
    return Calls([Call("refund_order", part) for part in parts])


def test_an_approved_call_does_not_wait_for_a_question_about_another(
    company: Company, world: World, script: Use
) -> None:
    script(two_refunds)
    order, amount = a_paid_order(company)
    run = drive(a_run(a_workflow(), world.otto, order_id=order, amount=amount))
    first, second = open_reviews(run)
    say(second, world.ines, Verdict.APPROVE)
    run = drive(run)
    assert (company.effects(), open_reviews(run), run.wake_at) == (1, [first], first.expires_at)
    say(first, world.ines, Verdict.REJECT, reason_code="data", reason="Only one was lost.")
    assert (drive(run).state, company.effects()) == (RunState.SUCCEEDED, 1)


def test_a_long_story_is_told_by_its_newest_events() -> None:
    events = [{"at": f"2026-11-23T10:{minute:02}", "kind": "think", "text": "x" * 100_000} for minute in range(30)]
    kept = _fitting(events)
    assert kept[-1] == events[-1]
    assert kept[0]["text"].startswith("21 earlier events")
    assert _fitting(events[:3]) == events[:3]
