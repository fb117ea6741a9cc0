"""A contract that changes voids the questions about it, whatever else happens to them, and holds nobody up (T04)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from agents.models import ToolCall, ToolVersion
from agents.runtime.scripted import Call, Calls, Final, Say, ScriptState
from agents.states import CallState, Idempotency
from approvals.actions import closing, undo
from approvals.models import Review
from approvals.states import ReviewKind, ReviewState, Verdict
from audit import log
from orchestrator.runs.engine import advancing
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.models import Run, Step
from tests.approvals.test_deciding import at_once
from tests.runs.test_engine import Use, waiting_refund
from tests.scenes import Company, a_paid_order, a_run, a_workflow, drive, open_reviews, say, told
from tests.world import World, a_contract


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def void(company: Company, *names: str) -> None:
    """What happens when an admin or the server changes these tools."""
    with transaction.atomic():
        closing.void_for([company.tools[name] for name in names])


def test_the_agent_is_told_that_its_question_was_withdrawn(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    void(company, "refund_order")
    run = drive(run)
    review.refresh_from_db()
    assert (review.state, told(run)["status"], company.effects()) == (ReviewState.WITHDRAWN, "withdrawn", 0)


def test_a_withdrawn_review_is_found_by_the_sweep_even_after_a_decision_that_was_undone(
    company: Company, world: World, script: Use, settings: Any
) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 60
    run, review = waiting_refund(company, world, script)
    undo(user=world.ines, ref=say(review, world.ines, Verdict.APPROVE).ref)
    assert run.ref not in due_runs()
    void(company, "refund_order")
    assert run.ref in due_runs()


def test_a_decision_on_hold_is_not_looked_at_before_its_time(
    company: Company, world: World, script: Use, settings: Any
) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 60
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    assert run.ref not in due_runs()


def test_whether_a_call_happened_can_be_said_although_its_contract_has_changed(
    company: Company, world: World, script: Use
) -> None:
    refund = company.tools["refund_order"]
    before = ToolVersion.objects.get(tool=refund)
    kept = ("input_schema", "output_schema", "server_digest", "sentence", "amount_argument", "timeout_seconds")
    a_contract(refund, idempotency=Idempotency.NEITHER, **{name: getattr(before, name) for name in kept})
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    advancing.transition(run.ref)
    Step.objects.filter(run=run).update(lease_until=timezone.now() - timedelta(seconds=1))
    run = drive(run)
    (unknown,) = open_reviews(run)
    void(company, "refund_order")
    unknown.refresh_from_db()
    assert (unknown.kind, unknown.state) == (ReviewKind.UNKNOWN, ReviewState.OPEN)
    say(unknown, world.ines, Verdict.NOT_HAPPENED, reason="It is not on the books.")
    assert told(drive(run))["status"] == "failed"


def two_tools(state: ScriptState) -> Say:
    """Ask for a refund and a mail in one turn."""
    if state.turn > 1:
        return Final({"told": "both"})
    refund = Call("refund_order", order_id=state.task["order_id"], amount="1.00", currency="EUR", reason="Lost.")
    return Calls([refund, Call("send_mail", to="a@example.com", subject="Refund", body="It is on its way.")])


def asked_twice(company: Company, world: World, script: Use) -> Run:
    script(two_tools)
    order, amount = a_paid_order(company)
    return drive(a_run(a_workflow(), world.otto, order_id=order, amount=amount))


@pytest.mark.django_db(transaction=True)
def test_all_reviews_are_locked_before_the_record_is_written_so_that_nobody_waits_for_each_other(
    company: Company, world: World, script: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked_twice(company, world, script)
    refs = [review.ref for review in open_reviews(run)]
    tried: list[Any] = []

    def free(ref: Any) -> Review:
        with transaction.atomic():
            return Review.objects.select_for_update(nowait=True).get(ref=ref)

    def record(*args: Any, **kwargs: Any) -> Any:
        tried.extend(at_once(*(lambda ref=ref: free(ref) for ref in refs)))
        return log.record(*args, **kwargs)

    monkeypatch.setattr(closing, "record", record)
    void(company, "send_mail", "refund_order")
    assert len(tried) == 4
    assert all(isinstance(result, OperationalError) for result in tried)
    assert open_reviews(run) == []
    drive(run)
    assert set(ToolCall.objects.filter(run_ref=run.ref).values_list("state", flat=True)) == {CallState.WITHDRAWN}
