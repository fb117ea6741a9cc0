"""Runs while something is stopped: they wait, nothing is lost, and go on after the release (F19, P08)."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from agents import actions
from agents.models import Stop, ToolCall
from agents.states import CallState, StopMode, StopScope
from approvals.actions import decide
from approvals.states import ReviewState, Verdict
from orchestrator.runs.engine import advancing
from orchestrator.runs.engine.stopping import WHILE_STOPPED
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.engine.work import SendCall
from orchestrator.runs.models import Run, Turn
from orchestrator.runs.states import RunState
from tests.approvals.test_deciding import answer_to, at_once
from tests.chaos.world_check import verify_world
from tests.runs.test_engine import Use, refunder, waiting_refund
from tests.scenes import Company, a_paid_order, a_run, a_workflow, drive, say, told
from tests.world import World, a_person

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def stopped(world: World, scope: StopScope, thing: Any = None, mode: StopMode = StopMode.NOW) -> Stop:
    return actions.stop(by=world.hana, scope=scope, ref=thing and thing.ref, mode=mode, reason="It pays twice.")


def released(world: World, stop: Stop) -> None:
    """Let go on, by as many people as it takes."""
    actions.release(by=world.hana, ref=stop.ref, reason="It is repaired.")
    if stop.of_everything:
        second = a_person("Maja Lind", *world.hana.groups.all())
        actions.release(by=second, ref=stop.ref)


def calls_of(run: Run) -> list[str]:
    return list(ToolCall.objects.filter(run_ref=run.ref).order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("scope", list(StopScope))
def test_an_approved_call_waits_for_the_release_and_is_then_done_as_decided(
    scope: StopScope, company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    things = {
        "workflow": run.workflow_version.workflow,
        "run": run,
        "agent": company.agent,
        "tool": company.tools["refund_order"],
        "connection": company.connection,
    }
    stop = stopped(world, scope, things.get(scope))
    say(review, world.ines, Verdict.APPROVE)
    run = drive(drive(run))
    assert (run.state, company.effects(), calls_of(run)[-1]) == (RunState.WAITING, 0, CallState.HELD)
    assert run.wake_at is not None
    assert timezone.now() < run.wake_at <= timezone.now() + WHILE_STOPPED
    released(world, stop)
    run.refresh_from_db()
    assert run.ref in due_runs()
    run = drive(run)
    assert (run.state, company.effects()) == (RunState.SUCCEEDED, 1)
    assert told(run)["status"] == "executed"
    verify_world(company)


def test_a_stop_of_something_else_holds_nothing_back(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    stopped(world, StopScope.TOOL, company.tools["send_mail"])
    say(review, world.ines, Verdict.APPROVE)
    assert drive(run).state == RunState.SUCCEEDED


def test_what_needs_no_person_waits_too_and_goes_on_after_the_release(
    company: Company, world: World, script: Use
) -> None:
    script(refunder)
    order, amount = a_paid_order(company)
    stop = stopped(world, StopScope.AGENT, company.agent)
    calls = company.calls()
    run = drive(a_run(a_workflow(), world.otto, order_id=order, amount=amount))
    assert (run.state, company.calls() - calls) == (RunState.RESTING, 0)
    assert Turn.objects.filter(step__run=run).count() == 0
    released(world, stop)
    assert run.ref in due_runs()
    assert calls_of(drive(run)) == [CallState.SUCCEEDED, CallState.HELD]


def test_a_person_may_decide_while_everything_is_stopped_and_the_agent_is_told_after_the_release(
    company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    stop = stopped(world, StopScope.EVERYTHING)
    say(review, world.ines, Verdict.REJECT, reason_code="verify", reason="Call the customer first.")
    run = drive(run)
    assert (run.state, calls_of(run)[-1]) == (RunState.RESTING, CallState.REJECTED)
    released(world, stop)
    assert told(drive(run))["status"] == "rejected"


def test_a_step_under_way_finishes_and_a_run_that_begins_later_waits(
    company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    stopped(world, StopScope.WORKFLOW, run.workflow_version.workflow, StopMode.FINISH)
    assert drive(run).state == RunState.SUCCEEDED
    later = drive(a_run(run.workflow_version, world.otto, order_id=run.input["order_id"], amount="1.00"))
    assert (later.state, calls_of(later)) == (RunState.RESTING, [])


def test_a_stop_committed_between_intent_and_sending_is_heeded_by_a_worker_that_was_held_up(
    company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    work = advancing.transition(run.ref)
    assert isinstance(work, SendCall)
    stop = stopped(world, StopScope.EVERYTHING)
    object.__setattr__(work.ticket, "checked_at", work.ticket.checked_at - 1.0)
    assert advancing.transition(run.ref, work.perform()) is None
    assert (company.effects(), calls_of(run)[-1]) == (0, CallState.HELD)
    released(world, stop)
    assert drive(run).state == RunState.SUCCEEDED
    assert company.effects() == 1
    verify_world(company)


def test_the_outcome_of_what_was_sent_before_a_stop_is_recorded_and_the_run_halts(
    company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    work = advancing.transition(run.ref)
    assert isinstance(work, SendCall)
    returned = work.perform()
    stopped(world, StopScope.EVERYTHING)
    advancing.transition(run.ref, returned)
    assert (company.effects(), calls_of(run)[-1]) == (1, CallState.SUCCEEDED)


def test_a_worker_that_died_after_sending_is_followed_up_only_after_the_release(
    company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    work = advancing.transition(run.ref)
    assert isinstance(work, SendCall)
    work.perform()
    stop = stopped(world, StopScope.TOOL, company.tools["refund_order"])
    run.steps.update(lease_until=timezone.now() - timedelta(seconds=1))
    run = drive(run)
    assert (run.state, calls_of(run)[-1], company.calls()) == (RunState.WAITING, CallState.EXECUTING, company.calls())
    released(world, stop)
    assert drive(run).state == RunState.SUCCEEDED
    assert company.effects() == 1
    verify_world(company)


def test_stop_approve_and_execution_at_the_same_instant(company: Company, world: World, script: Use) -> None:
    """F19: the stop wins unless the intent was committed before it; the effect happens once, before it or after."""
    for round_ in range(ROUNDS):
        before = company.effects()
        run, review = waiting_refund(company, world, script)
        results = at_once(
            partial(stopped, world, StopScope.AGENT, company.agent),
            partial(decide, user=world.ines, ref=review.ref, answer=answer_to(review)),
            partial(advancing.advance, run.ref),
            partial(advancing.advance, run.ref),
        )
        assert not [result for result in results if isinstance(result, DatabaseError)], results
        review.refresh_from_db()
        assert review.state == ReviewState.APPROVED
        run = drive(run)
        done = company.effects() - before
        assert done == (1 if run.state == RunState.SUCCEEDED or calls_of(run)[-1] == CallState.SUCCEEDED else 0)
        if not done:
            assert (run.state, calls_of(run)[-1]) == (RunState.WAITING, CallState.HELD)
        released(world, results[0])
        run = drive(run)
        assert (run.state, company.effects() - before, run.troubles) == (RunState.SUCCEEDED, 1, 0), round_
    verify_world(company)


def test_a_release_and_a_worker_at_the_same_instant_leave_no_run_behind(
    company: Company, world: World, script: Use
) -> None:
    for _ in range(ROUNDS):
        run, review = waiting_refund(company, world, script)
        say(review, world.ines, Verdict.APPROVE)
        stop = stopped(world, StopScope.AGENT, company.agent)
        drive(run)
        results = at_once(partial(released, world, stop), *[partial(advancing.advance, run.ref)] * 2)
        assert results == [None] * 3
        run.refresh_from_db()
        assert run.wake_at is None or run.wake_at <= timezone.now() + WHILE_STOPPED
        assert drive(run).state == RunState.SUCCEEDED
    verify_world(company)
