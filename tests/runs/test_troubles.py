"""A run that breaks is tried again with pauses, on record, and then a person is asked; nothing is sent unseen (F10)."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.gateway.execute import LATEST_BEGIN
from agents.models import ToolCall, ToolVersion
from agents.runtime.scripted import Final, Say, ScriptState
from agents.states import CallState, Idempotency
from approvals.exceptions import AlreadyDecided
from approvals.models import Review
from approvals.states import ReviewKind, ReviewState, Verdict
from audit.models import Entry, Stream
from audit.verify import verify_stream
from orchestrator.runs.engine import advancing, board, kinds, troubles
from orchestrator.runs.engine.attempts import MOST_LOST
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.engine.work import AskModel, SendCall
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState
from tests.runs.test_engine import Use, two_refunds, waiting_refund
from tests.scenes import Company, a_paid_order, a_run, a_workflow, drive, open_reviews, say
from tests.world import World, a_contract


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def broken(*_: Any, **__: Any) -> Any:
    """A mistake of our own, which knows something secret."""
    raise KeyError("DE89 3704 0044 0532 0130 00")


def time_passes(run: Run) -> None:
    """Leases and pauses run out."""
    past = timezone.now() - timedelta(seconds=1)
    Step.objects.filter(run=run, lease_until__isnull=False).update(lease_until=past)
    Run.objects.filter(pk=run.pk, wake_at__isnull=False).update(wake_at=past)


def begun(company: Company, world: World) -> Run:
    order, amount = a_paid_order(company)
    return a_run(a_workflow(), world.otto, order_id=order, amount=amount)


def done(_: ScriptState) -> Say:
    return Final({"told": "done"})


def test_a_mistake_is_recorded_each_time_and_tried_again_after_a_pause_that_grows(
    company: Company, world: World, script: Use, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script(done)
    run = begun(company, world)
    pauses = []
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setitem(kinds.PROCEED, "agent", broken)
        for times in (1, 2):
            run = drive(run)
            assert (run.troubles, run.state) == (times, RunState.PENDING)
            assert run.wake_at is not None
            assert run.ref not in due_runs()
            pauses.append(run.wake_at - timezone.now())
            time_passes(run)
    assert pauses[0] < pauses[1]
    assert "in broken" in caplog.text
    entries = Entry.objects.filter(verb="run.troubled", stream__key=f"run:{run.ref}")
    assert entries.count() == 2
    assert all(b"KeyError" in bytes(e.payload) and b"DE89" not in bytes(e.payload) for e in entries)
    run = drive(run)
    assert (run.state, run.troubles) == (RunState.SUCCEEDED, 0)


def test_after_three_in_a_row_a_person_is_asked_and_can_have_it_tried_again(
    company: Company, world: World, script: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(done)
    run = begun(company, world)
    with monkeypatch.context() as patch:
        patch.setattr(kinds.agent, "accept", broken)
        for _ in range(troubles.MOST):
            time_passes(run)
            run = drive(run)
    (review,) = open_reviews(run)
    assert (run.state, run.troubles, review.kind) == (RunState.WAITING, 0, ReviewKind.ESCALATION)
    assert run.wake_at == review.expires_at
    assert "KeyError" in review.dossier["problem"]
    say(review, world.ines, Verdict.RETRY)
    run = drive(run)
    assert run.state == RunState.SUCCEEDED
    assert verify_stream(Stream.objects.get(key=f"run:{run.ref}")) is None


def test_a_run_about_which_nobody_can_be_asked_fails_and_says_why(
    company: Company, world: World, script: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    monkeypatch.setattr(board, "definition_of", broken)
    for _ in range(troubles.MOST):
        time_passes(run)
        run = drive(run)
    assert (run.state, run.wake_at) == (RunState.FAILED, None)
    assert "KeyError" in run.reason
    assert company.effects() == 0
    assert not ToolCall.objects.filter(run_ref=run.ref, state=CallState.HELD).exists()
    assert run.ref not in due_runs()


def test_a_step_given_up_with_a_question_open_leaves_neither_question_nor_consent(
    company: Company, world: World, script: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    with monkeypatch.context() as patch:
        patch.setitem(kinds.PROCEED, "agent", broken)
        for _ in range(troubles.MOST):
            time_passes(run)
            run = drive(run)
    (escalation,) = open_reviews(run)
    assert escalation.kind == ReviewKind.ESCALATION
    script(done)
    say(escalation, world.ines, Verdict.RETRY)
    run = drive(run)
    assert (run.state, company.effects()) == (RunState.SUCCEEDED, 0)
    assert ToolCall.objects.get(tool_name="company.refund_order").state == CallState.WITHDRAWN


def test_a_worker_that_never_comes_back_from_a_model_is_replaced_some_times_then_a_person_is_asked(
    company: Company, world: World, script: Use
) -> None:
    script(done)
    run = begun(company, world)
    for _ in range(MOST_LOST):
        assert advancing.transition(run.ref) is not None
        time_passes(run)
    assert advancing.transition(run.ref) is None
    (review,) = open_reviews(run)
    assert review.kind == ReviewKind.ESCALATION
    assert Entry.objects.filter(verb="run.troubled").count() == MOST_LOST
    say(review, world.ines, Verdict.RETRY)
    assert advancing.transition(run.ref) is not None
    time_passes(run)
    assert drive(run).state == RunState.SUCCEEDED, "one more lost worker is one, not one too many"


def test_what_a_worker_brought_back_is_kept_when_going_on_breaks(
    company: Company, world: World, script: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    work = advancing.transition(run.ref)
    assert isinstance(work, SendCall)
    with monkeypatch.context() as patch:
        patch.setattr(advancing, "transition", lambda ref, returned=None, fast=True: broken() if returned else work)
        run = drive(run)
    assert ToolCall.objects.get(tool_name="company.refund_order").state == CallState.SUCCEEDED
    time_passes(run)
    calls = company.calls()
    run = drive(run)
    assert (run.state, company.effects(), company.calls()) == (RunState.SUCCEEDED, 1, calls)


def an_order_with_an_unknown_refund(company: Company, world: World, script: Use) -> tuple[Run, Review]:
    """A run that asked for two refunds: of the first nobody knows the outcome, the second waits for a reviewer."""
    refund = company.tools["refund_order"]
    before = ToolVersion.objects.get(tool=refund)
    kept = ("input_schema", "output_schema", "server_digest", "sentence", "amount_argument", "timeout_seconds")
    a_contract(refund, idempotency=Idempotency.NEITHER, **{name: getattr(before, name) for name in kept})
    script(two_refunds)
    run = drive(begun(company, world))
    first, second = open_reviews(run)
    say(first, world.ines, Verdict.APPROVE)
    assert advancing.transition(run.ref) is not None
    time_passes(run)
    return drive(run), second


def test_a_run_that_ends_leaves_no_question_open_and_no_approval_that_will_never_be_done(
    company: Company, world: World, script: Use
) -> None:
    run, second = an_order_with_an_unknown_refund(company, world, script)
    unknown = Review.objects.get(run_ref=run.ref, kind=ReviewKind.UNKNOWN)
    say(unknown, world.ines, Verdict.TERMINATE, reason="The books are closed.")
    run = drive(run)
    assert run.state == RunState.STOPPED
    assert "The books are closed." in run.reason
    second.refresh_from_db()
    assert (second.state, open_reviews(run)) == (ReviewState.WITHDRAWN, [])
    with pytest.raises(AlreadyDecided):
        say(second, world.ines, Verdict.APPROVE)
    states = ToolCall.objects.filter(run_ref=run.ref).order_by("pk").values_list("state", flat=True)
    assert list(states) == [CallState.OUTCOME_UNKNOWN, CallState.WITHDRAWN]
    assert due_runs() == []


def test_a_decision_about_a_call_of_a_run_that_has_ended_does_not_ring_for_ever(
    company: Company, world: World, script: Use, settings: Any
) -> None:
    run, second = an_order_with_an_unknown_refund(company, world, script)
    settings.HOLDSHORT_HOLD_SECONDS = 3600
    say(second, world.ines, Verdict.APPROVE)
    unknown = Review.objects.get(run_ref=run.ref, kind=ReviewKind.UNKNOWN)
    say(unknown, world.ines, Verdict.TERMINATE, reason="The books are closed.")
    drive(run)
    second.refresh_from_db()
    assert second.delivered_at is not None
    assert ToolCall.objects.filter(state=CallState.HELD).count() == 0
    assert due_runs() == []


def _other_amount(call: ToolCall, world: World) -> None:
    other = bytes(call.arguments).replace(b'"amount":"', b'"amount":"9')
    ToolCall.objects.filter(pk=call.pk).update(arguments=other)


def _other_amount_and_digest(call: ToolCall, world: World) -> None:
    from agents.gateway.propose import digest_of

    call.arguments = bytes(call.arguments).replace(b'"amount":"', b'"amount":"9')
    ToolCall.objects.filter(pk=call.pk).update(arguments=call.arguments, digest=digest_of(call))


def _no_grant(call: ToolCall, world: World) -> None:
    assert call.tool_version is not None
    call.tool_version.tool.grants.all().delete()


def _reviewer_gone(call: ToolCall, world: World) -> None:
    world.ines.groups.clear()


@pytest.mark.parametrize("drift", [_other_amount, _other_amount_and_digest, _no_grant, _reviewer_gone])
def test_a_call_is_not_sent_again_when_it_could_not_be_sent_for_the_first_time_now(
    drift: Callable[[ToolCall, World], None], company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    assert isinstance(advancing.transition(run.ref), SendCall)  # and the worker dies before it sends anything
    call = ToolCall.objects.get(tool_name="company.refund_order")
    drift(call, world)
    time_passes(run)
    run = drive(run)
    call.refresh_from_db()
    assert (call.state, company.effects()) == (CallState.OUTCOME_UNKNOWN, 0)
    assert Entry.objects.filter(verb="call.not_repeated").count() == 1
    assert open_reviews(run)[0].kind == ReviewKind.UNKNOWN


def test_without_any_drift_the_same_call_is_sent_again(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    assert isinstance(advancing.transition(run.ref), SendCall)
    time_passes(run)
    run = drive(run)
    assert (run.state, company.effects()) == (RunState.SUCCEEDED, 1)


def test_a_worker_that_was_held_up_sends_nothing_any_more(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    sending = advancing.transition(run.ref)
    assert isinstance(sending, SendCall)
    calls = company.calls()
    late = replace(sending.ticket, checked_at=sending.ticket.checked_at - LATEST_BEGIN - 1)
    again = advancing.transition(run.ref, replace(sending, ticket=late).perform())
    assert isinstance(again, SendCall)
    assert company.calls() == calls
    again.perform()
    assert company.calls() == calls + 1


def test_a_late_result_still_takes_up_what_a_person_decided(company: Company, world: World, script: Use) -> None:
    script(done)
    run = begun(company, world)
    late = advancing.transition(run.ref)
    assert isinstance(late, AskModel)
    returned = late.perform()
    for _ in range(MOST_LOST):
        time_passes(run)
        advancing.transition(run.ref)
    (review,) = open_reviews(run)
    say(review, world.ines, Verdict.TERMINATE, reason="Enough.")
    advancing.transition(run.ref, returned)
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
