"""One of everything a reviewer can meet, made by the real engine: for looking at every state of every page."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest import mock

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from agents.connectors.base import ConnectorError
from agents.gateway import execute
from agents.runtime.scripted import Call, Final, Say, ScriptState
from agents.states import Idempotency, Reversibility
from approvals.actions import comment
from approvals.actions.closing import withdraw
from approvals.models import Decision, Review
from approvals.states import Verdict
from orchestrator.accounts.models import User
from orchestrator.runs.models import Run
from orchestrator.workflows.models import Workflow, WorkflowVersion
from tests.scenes import Company, a_run, a_workflow, arguments_of, drive, open_reviews, say
from tests.world import World, a_contract

Use = Callable[[Callable[[ScriptState], Say]], None]

QUESTION = """
name: question
title: Ask the desk
title_template: "Question about order {input.order_id}"
input:
  type: object
  additionalProperties: false
  properties: {order_id: {type: string, maxLength: 20}}
  required: [order_id]
risk:
  review_from: 100
  reviewers: {team: Refund desk}
steps:
  - id: ask
    title: Say how the parcel was packed
    kind: human
    instructions: Look at the photos of order ${input.order_id} and say what you see.
    form:
      type: object
      additionalProperties: false
      properties:
        verdict: {type: string, enum: [packed well, packed badly], title: What you see}
        boxes: {type: integer, minimum: 1, maximum: 9, title: Boxes}
        note: {type: string, maxLength: 500, title: Note}
      required: [verdict, boxes]
"""


def refunder(state: ScriptState) -> Say:
    """Read the order, refund it with the words the task gives, say what came of it."""
    if state.turn == 1:
        return Call("get_order", order_id=state.task["order_id"], reasoning="I read the order first.")
    if state.turn == 2:
        arguments = {"order_id": state.task["order_id"], "amount": state.task["amount"], "currency": "EUR"}
        return Call(
            "refund_order", {**arguments, "reason": "Parcel lost."}, reasoning="The parcel is lost, so I pay it back."
        )
    return Final({"told": state.of("refund_order")})


def payer(state: ScriptState) -> Say:
    """Pay a large claim, which cannot be undone."""
    if state.turn > 1:
        return Final({"told": state.of("pay_claim")})
    arguments = {"claim_id": "MC-20417", "amount": "18450.00", "remittance_text": "Claim MC-20417"}
    payee = {"payee_name": "Oskar Lindqvist", "payee_account": "SE1821664660771790924471"}
    return Call("pay_claim", {**arguments, **payee}, reasoning="The estimate is right.")


@dataclass
class Gallery:
    """The reviews by what is special about them, and runs to look at."""

    company: Company
    world: World
    script: Use
    reviews: dict[str, Review] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def refund(self, name: str, amount: str = "42.00") -> Review:
        """A refund that waits for the Refund desk."""
        self.script(refunder)
        orders = self.company.rows(
            "SELECT order_id FROM payments WHERE state = 'captured' GROUP BY order_id ORDER BY 1"
        )
        order = str(orders[len(self.runs)][0])
        return self._waiting(name, a_run(_version("refund"), self.world.otto, order_id=order, amount=amount))

    def payout(self, name: str) -> Review:
        """A large payment that cannot be undone."""
        tool = self.company.tools["pay_claim"]
        assert tool.current is not None
        a_contract(tool, **contract_of(tool.current) | {"reversibility": Reversibility.IRREVERSIBLE})
        self.script(payer)
        return self._waiting(name, a_run(_version("refund"), self.world.otto, order_id="88-10301"))

    def question(self, name: str) -> Review:
        """A question that a person answers in a form."""
        return self._waiting(name, a_run(a_workflow(QUESTION), self.world.otto, order_id="88-10301"))

    def failure(self, name: str) -> Review:
        """A step that could not go on by itself."""
        self.script(lambda state: Call("launch_rocket", target="moon"))
        return self._waiting(name, a_run(_version("refund"), self.world.otto, order_id="88-10301", amount="1.00"))

    def unknown(self, name: str) -> Review:
        """A call of which nobody knows whether it had its effect."""
        tool = self.company.tools["refund_order"]
        assert tool.current is not None
        a_contract(tool, **contract_of(tool.current) | {"idempotency": Idempotency.NEITHER})
        review = self.refund(name)
        decided(review, self.world.ines, Verdict.APPROVE)
        with mock.patch.object(execute, "_after_reply", _lost):
            drive(self.runs[name])
        (asked,) = open_reviews(self.runs[name])
        self.reviews[name] = asked
        return asked

    def expired(self, name: str) -> Review:
        """A review nobody decided in time."""
        review = self.refund(name)
        Review.objects.filter(pk=review.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
        drive(self.runs[name])
        review.refresh_from_db()
        return review

    def withdrawn(self, name: str) -> Review:
        """A review whose question no longer stands."""
        review = self.refund(name)
        with transaction.atomic():
            withdraw(review, why="The contract of company.refund_order changed while this was waiting.")
        return review

    def _waiting(self, name: str, run: Run) -> Review:
        self.runs[name] = drive(run)
        (review,) = open_reviews(run)
        self.reviews[name] = review
        return review


def decided(review: Review, by: User, verdict: Verdict, **more: Any) -> Decision:
    """Decide a review without a hold."""
    with override_settings(HOLDSHORT_HOLD_SECONDS=0):
        return say(review, by, verdict, **more)


def one_of_everything(company: Company, world: World, script: Use) -> Gallery:
    """A review in every state, with discussion, precedents and all verdicts."""
    found = Gallery(company, world, script)
    approved = found.refund("approved")
    decided(approved, world.ines, Verdict.APPROVE)
    drive(found.runs["approved"])
    rejected = found.refund("rejected")
    decided(rejected, world.tomas, Verdict.REJECT, reason_code="verify", reason="Call the customer first.")
    drive(found.runs["rejected"])
    edited = found.refund("edited")
    assert edited.call is not None
    decided(edited, world.ines, Verdict.EDIT, arguments={**arguments_of(edited.call), "amount": "7.00"}, reason="Half.")
    drive(found.runs["edited"])
    comment(user=world.tomas, ref=found.refund("action").ref, body="I looked at the photos, they are clear.")
    for name in ("expired", "withdrawn", "failure", "question", "payout"):
        getattr(found, name)(name)
    found.unknown("unknown")
    return found


def _version(name: str) -> WorkflowVersion:
    known = Workflow.objects.filter(name=name).first()
    return known.current if known and known.current else a_workflow()


def contract_of(version: Any) -> dict[str, Any]:
    left_out = {"id", "tool", "number", "digest", "created_by", "created_at"}
    return {f.name: getattr(version, f.name) for f in version._meta.concrete_fields if f.name not in left_out}


def _lost(ticket: Any, call: Any, reply: Any) -> Any:
    error = ConnectorError("The connection was lost before an answer came.", sent=None)
    return execute._after_error(ticket, call, error)
