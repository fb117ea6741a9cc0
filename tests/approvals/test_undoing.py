"""A decision that was taken back consents to nothing, and the next one to exactly what it says (T08, T11)."""

from typing import Any

import pytest
from django.http import Http404

from agents.models import ToolCall
from agents.states import CallState
from approvals.actions import undo
from approvals.exceptions import CannotUndo
from approvals.models import Decision, Review
from approvals.states import Verdict
from orchestrator.runs.models import Run
from tests.runs.test_engine import Use, waiting_refund
from tests.scenes import Company, arguments_of, drive, say, told
from tests.world import World, a_person


@pytest.fixture
def waiting(company: Company, world: World, script: Use, settings: Any) -> tuple[Run, Review]:
    settings.HOLDSHORT_HOLD_SECONDS = 60
    return waiting_refund(company, world, script)


def edited(review: Review, world: World, amount: str) -> Decision:
    assert review.call is not None
    arguments = {**arguments_of(review.call), "amount": amount}
    return say(review, world.ines, Verdict.EDIT, arguments=arguments, reason="Only this.")


def amounts(company: Company) -> list[tuple[Any, ...]]:
    return company.rows("SELECT amount_cents FROM refunds WHERE rowid > (SELECT max(rowid) - ? FROM refunds)", 1)


def test_an_edit_taken_back_and_another_one_does_what_the_second_says_once(
    waiting: tuple[Run, Review], company: Company, world: World, settings: Any
) -> None:
    run, review = waiting
    undo(user=world.ines, ref=edited(review, world, "1.00").ref)
    drive(run)
    settings.HOLDSHORT_HOLD_SECONDS = 0
    edited(review, world, "2.00")
    run = drive(run)
    assert (company.effects(), amounts(company)) == (1, [(200,)])
    assert [change["to"] for change in told(run)["changes"]] == ["2.00"]
    states = ToolCall.objects.filter(tool_name="company.refund_order").order_by("pk").values_list("state", flat=True)
    assert list(states) == [CallState.SUPERSEDED, CallState.WITHDRAWN, CallState.SUCCEEDED]


def test_after_an_edit_taken_back_the_proposal_itself_can_be_approved(
    waiting: tuple[Run, Review], company: Company, world: World, settings: Any
) -> None:
    run, review = waiting
    assert review.call is not None
    undo(user=world.ines, ref=edited(review, world, "1.00").ref)
    settings.HOLDSHORT_HOLD_SECONDS = 0
    say(review, world.ines, Verdict.APPROVE)
    run = drive(run)
    assert "edited" not in told(run)
    assert company.effects() == 1
    assert ToolCall.objects.get(pk=review.call.pk).state == CallState.SUCCEEDED


def test_only_who_decided_takes_it_back_and_only_once(waiting: tuple[Run, Review], world: World) -> None:
    _, review = waiting
    decision = say(review, world.ines, Verdict.APPROVE)
    with pytest.raises(CannotUndo):
        undo(user=world.tomas, ref=decision.ref)
    with pytest.raises(Http404):
        undo(user=a_person("Stranger"), ref=decision.ref)
    undo(user=world.ines, ref=decision.ref)
    with pytest.raises(CannotUndo):
        undo(user=world.ines, ref=decision.ref)


def test_a_rejection_taken_back_leaves_the_question_open(waiting: tuple[Run, Review], world: World) -> None:
    run, review = waiting
    decision = say(review, world.ines, Verdict.REJECT, reason_code="data", reason="Wrong order.")
    drive(run)
    undo(user=world.ines, ref=decision.ref)
    assert say(review, world.tomas, Verdict.APPROVE).verdict == Verdict.APPROVE
