"""Opening a review: everything the reviewer will need is frozen now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Permission

from agents.models import ToolCall
from agents.people import Person
from agents.verdicts import Risk, Route
from approvals.models import Review, ReviewGroupPermission, ReviewUserPermission
from approvals.routing import settle_route
from approvals.signals import announce, review_opened
from approvals.states import ALLOWED, ReviewKind, Verdict
from audit import canonical, text
from audit.clock import db_now
from audit.fixed import Fixed
from audit.log import Party, party, plain, record


@dataclass(frozen=True)
class Ask:
    """What is asked, of whom, and with which material.

    `sentence` is a list of {"text", "value"} parts that comes from the contract and the arguments, never from a model.
    `verdicts` are those on offer; without any, all that this kind of review knows.
    """

    kind: ReviewKind
    run_ref: UUID
    step_ref: UUID
    started_by: Person | None
    route: Route
    sentence: list[dict[str, Any]]
    short: str
    workflow_name: str
    dossier: dict[str, Any]
    due: timedelta
    expires: timedelta
    risk: Risk
    asked_by: Party
    amount: str = ""
    agent_name: str = ""
    call: ToolCall | None = None
    form_schema: dict[str, Any] | None = field(default=None)
    verdicts: Sequence[Verdict] = ()


def open_review(ask: Ask) -> Review:
    """Put a question before a named person or team, in the caller's transaction.

    Routes nobody can answer go to the admins.
    """
    reviewer = settle_route(ask.route, kind=ask.kind, started_by=ask.started_by)
    now = db_now()
    review = Review.objects.create(
        kind=ask.kind,
        digest=ask.call.digest if ask.call else _digest_of(ask),
        call=ask.call,
        run_ref=ask.run_ref,
        step_ref=ask.step_ref,
        started_by=ask.started_by,
        team=reviewer.team,
        person=reviewer.person,
        sentence=text.escape_deep(ask.sentence),
        short=text.escape(ask.short)[:300],
        amount=text.escape(ask.amount)[:60],
        workflow_name=ask.workflow_name,
        agent_name=ask.agent_name,
        risk_level=ask.risk.level,
        risk_score=ask.risk.score,
        dossier=plain(text.escape_deep({**ask.dossier, "routing": reviewer.why})),
        form_schema=ask.form_schema,
        verdicts=[verdict.value for verdict in ask.verdicts or ALLOWED[ask.kind]],
        opened_at=now,
        due_at=now + ask.due,
        expires_at=now + ask.expires,
    )
    _put_before(review)
    record(
        "review.opened",
        actor=ask.asked_by,
        subject=party(review),
        stream=f"run:{ask.run_ref}",
        data={
            "review": str(review.ref),
            "code": review.code,
            "kind": review.kind,
            "step": str(ask.step_ref),
            "call": str(ask.call.ref) if ask.call else None,
            "digest": review.digest,
            "reviewer": review.reviewer,
            "risk": ask.risk.score,
            "due": review.due_at.isoformat(),
            "expires": review.expires_at.isoformat(),
            "dossier": canonical.digest(review.dossier),
        },
    )
    announce(review_opened, review)
    return review


def _put_before(review: Review) -> None:
    """Give the reviewer the right to decide: what guardian's `assign_perm` does, without a look at what is there."""
    permission = _DECIDE()[0]
    if review.team is not None:
        team = ReviewGroupPermission(permission=permission, group=review.team, content_object=review)
        ReviewGroupPermission.objects.bulk_create([team])
    else:
        person = ReviewUserPermission(permission=permission, user=review.person, content_object=review)
        ReviewUserPermission.objects.bulk_create([person])


_DECIDE = Fixed(lambda: Permission.objects.filter(content_type__app_label="approvals", codename="decide_review"))


def _digest_of(ask: Ask) -> str:
    """What is bound when no call is: the question and the form of the answer."""
    question = {"run": str(ask.run_ref), "step": str(ask.step_ref), "sentence": ask.sentence, "form": ask.form_schema}
    return canonical.digest({"domain": "holdshort/question/1", **text.escape_deep(question)})
