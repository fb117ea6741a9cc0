"""kill -9 at every stage of a tool call: at most one effect, nothing guessed, no run stuck (F01-F03, P03, P04)."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import ToolCall, ToolVersion
from agents.states import CallState, Idempotency
from approvals.models import Review
from approvals.states import ReviewKind, Verdict
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.models import Run, Step, Turn
from orchestrator.runs.states import RunState
from tests.chaos.world_check import verify_world
from tests.runs.test_engine import Use, refunder, waiting_refund
from tests.scenes import Company, a_paid_order, a_run, a_workflow, drive, open_reviews, say
from tests.servers import role
from tests.world import World, a_contract

pytestmark = pytest.mark.django_db(transaction=True)

AT_THE_MODEL = ("before the model is asked", "after the model answered", "while its answer is stored")
AT_THE_EFFECT = (
    "between a decision and its being taken up",
    "while a decision is taken up",
    "before the intent",
    "inside the intent's transaction",
    "after the intent, before it is sent",
    "after it was sent, before the answer",
    "inside the outcome's transaction",
)


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def crash(point: str, run: Run, *, time: int = 1, **env: str) -> None:
    """Have a real worker process drive the run and be killed at this point. Fails when the fault did not hit."""
    child = role("crasher", [], **env)
    command = [sys.executable, "-m", "tests.chaos.crasher", point, str(time), str(run.ref)]
    done = subprocess.run(
        command, env={**(child.env or {}), "PYTHONPATH": os.getcwd()}, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL, (point, done.returncode, done.stderr.decode()[-2000:])


def lease_runs_out(run: Run) -> None:
    """Let the time pass after which another worker may take the run over."""
    past = timezone.now() - timedelta(seconds=1)
    Step.objects.filter(run=run, lease_until__isnull=False).update(lease_until=past)
    Run.objects.filter(pk=run.pk, wake_at__isnull=False).update(wake_at=past)
    assert run.ref in due_runs()


def refunds_know_no_keys(company: Company) -> None:
    """From now on the contract of refunds says that a repetition is a second refund."""
    refund = company.tools["refund_order"]
    contract = ToolVersion.objects.get(tool=refund)
    kept = ("input_schema", "output_schema", "server_digest", "sentence", "amount_argument", "timeout_seconds")
    a_contract(refund, idempotency=Idempotency.NEITHER, **{name: getattr(contract, name) for name in kept})


@pytest.mark.parametrize("point", AT_THE_EFFECT)
def test_a_worker_killed_around_an_effect_leaves_exactly_one(
    point: str, company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    crash(point, run)
    verify_world(company)
    lease_runs_out(run)
    run = drive(run)
    assert run.state == RunState.SUCCEEDED, run.reason
    assert company.effects() == 1
    verify_world(company)


@pytest.mark.parametrize("point", AT_THE_MODEL)
def test_a_worker_killed_around_a_model_repeats_no_call(
    point: str, company: Company, world: World, script: Use
) -> None:
    script(refunder)
    order, amount = a_paid_order(company)
    run = a_run(a_workflow(), world.otto, order_id=order, amount=amount)
    crash(point, run)
    lease_runs_out(run)
    run = drive(run)
    (review,) = open_reviews(run)
    assert Turn.objects.filter(step__run=run).count() == 2
    say(review, world.ines, Verdict.APPROVE)
    assert drive(run).state == RunState.SUCCEEDED
    assert company.effects() == 1
    verify_world(company)


def test_a_call_that_cannot_be_repeated_is_handed_to_a_person_and_never_sent_twice(
    company: Company, world: World, script: Use
) -> None:
    refunds_know_no_keys(company)
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    crash("after it was sent, before the answer", run)
    lease_runs_out(run)
    run = drive(run)
    call = ToolCall.objects.get(pk=review.call.pk if review.call else 0)
    assert (call.state, run.state, company.effects()) == (CallState.OUTCOME_UNKNOWN, RunState.WAITING, 1)
    question = Review.objects.get(run_ref=run.ref, kind=ReviewKind.UNKNOWN)
    say(question, world.ines, Verdict.HAPPENED, reason="It is on the company's books.")
    run = drive(run)
    assert (run.state, company.effects()) == (RunState.SUCCEEDED, 1)
    verify_world(company)


def test_a_call_that_cannot_be_repeated_is_left_alone_until_its_lease_has_run_out(
    company: Company, world: World, script: Use
) -> None:
    refunds_know_no_keys(company)
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    crash("after it was sent, before the answer", run)
    assert run.ref not in due_runs()
    drive(run)
    call = ToolCall.objects.get(pk=review.call.pk if review.call else 0)
    assert (call.state, company.calls(), open_reviews(run)) == (CallState.EXECUTING, 2, [])
    verify_world(company)
