"""Any order of deciding, taking back, running out, withdrawing and working: one verdict, one effect (I7)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.http import Http404
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from approvals.actions import Answer, decide, undo, withdraw
from approvals.exceptions import CannotUndo, NotDecided
from approvals.models import Decision, Review
from approvals.states import ReasonCode, ReviewKind, ReviewState, Verdict
from audit.clock import db_now
from orchestrator.runs.states import RUN_ENDED
from orchestrator.workflows.models import WorkflowVersion
from tests.chaos import patterns, shop
from tests.chaos.shop import Outside
from tests.chaos.world_check import problems
from tests.scenes import a_run
from tests.workshop import pump

pytestmark = pytest.mark.django_db
MAY = ("ines", "tomas")
ACTORS = st.sampled_from([*MAY, "otto", "lukas"])
VERDICTS = st.sampled_from([Verdict.APPROVE, Verdict.EDIT, Verdict.REJECT])
CONSENT = (Verdict.APPROVE, Verdict.EDIT)


@pytest.fixture
def outside(world: Any, settings: Any, tmp_path: Path) -> Outside:
    settings.HOLDSHORT_PYTHON_TOOLS = shop.TOOLS
    settings.HOLDSHORT_HOLD_SECONDS = 60
    shop.open_books(tmp_path / "books.sqlite")
    return shop.an_outside(world)


class Machine(RuleBasedStateMachine):
    """One payment that waits for the Refund desk, and `stands`: what was decided last and not taken back."""

    outside: Outside
    version: WorkflowVersion

    @initialize()
    def begin(self) -> None:
        self.run = pump(a_run(self.version, self.outside.world.otto, word="x"))
        self.review = Review.objects.get(run_ref=self.run.ref, kind=ReviewKind.ACTION)
        self.before = self.outside.effects("pay")
        self.stands: Verdict | None = None
        self.held = self.over = False

    @rule(by=ACTORS, verdict=VERDICTS, stale=st.booleans(), held=st.booleans())
    def decides(self, by: str, verdict: Verdict, stale: bool, held: bool) -> None:
        configured.HOLDSHORT_HOLD_SECONDS = 60 if held else 0
        self.review.refresh_from_db()
        may = self.review.state == ReviewState.OPEN and not self.over and by in MAY and not stale
        answer = Answer(
            verdict=verdict,
            digest=self.review.digest,
            version=self.review.version - stale,
            reason_code=ReasonCode.DATA if verdict == Verdict.REJECT else "",
            reason="I looked.",
            arguments={"word": "edited"} if verdict == Verdict.EDIT else None,
        )
        try:
            decide(user=getattr(self.outside.world, by), ref=self.review.ref, answer=answer)
        except (NotDecided, Http404):
            assert not may
        else:
            assert may
            self.stands, self.held = verdict, held

    @rule(by=ACTORS)
    def takes_back(self, by: str) -> None:
        decision = Decision.objects.filter(review=self.review, undone_at=None).first()
        if decision is None:
            return
        may = decision.by == getattr(self.outside.world, by) and self.held
        try:
            undo(user=getattr(self.outside.world, by), ref=decision.ref)
        except (CannotUndo, Http404):
            assert not may or Review.objects.get(pk=self.review.pk).delivered_at
        else:
            assert may
            self.stands = None

    @rule()
    def time_runs_out(self) -> None:
        if Review.objects.filter(pk=self.review.pk, state=ReviewState.OPEN).exists():
            past = db_now() - timedelta(seconds=1)
            Review.objects.filter(pk=self.review.pk).update(expires_at=past)
            self.over = True

    @rule()
    def is_withdrawn(self) -> None:
        with transaction.atomic():
            review = Review.objects.select_for_update(of=("self",)).get(pk=self.review.pk)
            if review.state == ReviewState.OPEN:
                withdraw(review, why="It no longer stands.")

    @rule()
    def is_worked_on(self) -> None:
        pump(self.run)

    @invariant()
    def has_at_most_the_effect_that_was_decided(self) -> None:
        if not hasattr(self, "before"):
            return
        effects = self.outside.effects("pay") - self.before
        assert effects <= (self.stands in CONSENT and not self.held)
        assert Decision.objects.filter(review=self.review, undone_at=None).count() == (self.stands is not None)

    def teardown(self) -> None:
        if not hasattr(self, "before"):
            return
        pump(self.run)
        if self.stands in CONSENT and not self.held:
            assert self.outside.effects("pay") - self.before == 1
        assert self.run.state in RUN_ENDED or Review.objects.filter(run_ref=self.run.ref, delivered_at=None).exists()
        assert list(problems(self.outside)) == []


def test_whatever_people_and_workers_do_in_whichever_order(outside: Outside) -> None:
    machine = type("Case", (Machine,), {"outside": outside, "version": patterns.publish("consent")})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
