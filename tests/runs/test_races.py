"""Workers, reviewers and admins at the same instant: one effect, one verdict, nobody waits for ever (F08, F18)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from agents.models import ToolCall
from agents.states import CallState
from approvals.actions import closing, comment, decide
from approvals.exceptions import NotDecided
from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from orchestrator.runs.engine import advancing
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.models import Run, Turn
from orchestrator.runs.states import RunState
from tests.approvals.test_deciding import answer_to, at_once
from tests.approvals.test_voiding import asked_twice
from tests.chaos.world_check import verify_world
from tests.runs.test_engine import Use, waiting_refund
from tests.scenes import Company, drive, open_reviews, say
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def test_a_message_delivered_many_times_at_once_has_one_effect(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    calls = company.calls()
    assert at_once(*[partial(advancing.advance, run.ref)] * 6) == [None] * 6
    run.refresh_from_db()
    assert (run.state, company.effects(), company.calls() - calls) == (RunState.SUCCEEDED, 1, 1)
    assert Turn.objects.filter(step__run=run).count() == 3
    verify_world(company)


@pytest.mark.parametrize("early", [-0.02, 0.0, 0.02])
def test_a_decision_at_the_instant_of_expiry_is_either_taken_or_too_late(
    early: float, company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    ends = timezone.now() + timedelta(seconds=0.3)
    Review.objects.filter(pk=review.pk).update(expires_at=ends)
    Run.objects.filter(pk=run.pk).update(wake_at=ends)
    moment = ends - timedelta(seconds=early)
    decided, _ = at_once(
        lambda: at(moment, partial(decide, user=world.ines, ref=review.ref, answer=answer_to(review))),
        lambda: at(moment, partial(advancing.advance, run.ref)),
    )
    drive(run)
    review.refresh_from_db()
    taken = isinstance(decided, Decision)
    assert taken or isinstance(decided, NotDecided), decided
    assert review.state == (ReviewState.APPROVED if taken else ReviewState.EXPIRED)
    assert company.effects() == int(taken)


def at(moment: datetime, action: Callable[[], Any]) -> Any:
    """Do something at this moment."""
    while timezone.now() < moment:
        pass
    return action()


def test_reviewers_workers_and_admins_at_once_never_wait_for_each_other(
    company: Company, world: World, script: Use
) -> None:
    for _ in range(ROUNDS):
        run = asked_twice(company, world, script)
        first, second = open_reviews(run)
        results = at_once(
            lambda: decide(user=world.ines, ref=second.ref, answer=answer_to(second)),  # noqa: B023 - joined below
            lambda: decide(user=world.tomas, ref=first.ref, answer=answer_to(first)),  # noqa: B023
            lambda: comment(user=world.lukas, ref=first.ref, body="Look at this."),  # noqa: B023
            partial(_void, company, "send_mail", "refund_order"),
            partial(_void, company, "refund_order", "send_mail"),
            partial(advancing.advance, run.ref),
            partial(advancing.advance, run.ref),
        )
        assert not [result for result in results if isinstance(result, DatabaseError)], results
        run = drive(run)
        assert run.state == RunState.SUCCEEDED
        assert run.ref not in due_runs()
        assert not ToolCall.objects.filter(run_ref=run.ref, state=CallState.HELD).exists()
        assert run.troubles == 0
    verify_world(company)


def _void(company: Company, *names: str) -> None:
    with transaction.atomic():
        closing.void_for([company.tools[name] for name in names])
