"""Opening a review: everything the reviewer will need is frozen now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Model

from agents.models import ToolCall
from agents.people import Person
from agents.verdicts import Risk, Route
from approvals.access import DECIDE
from approvals.models import Review, ReviewGroupPermission, ReviewUserPermission
from approvals.routing import Reviewer, settle_route
from approvals.signals import announce, review_opened
from approvals.states import ALLOWED, ReviewKind, Verdict
from audit import canonical, text
from audit.chains import fit
from audit.clock import db_now
from audit.fixed import FixedInsert
from audit.log import Party, party, record
from audit.prepared import Statement


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
    review, dossier = make_review(ask, reviewer, db_now())
    _INSERT(review)
    (_PUT_BEFORE_TEAM if review.team_id else _PUT_BEFORE_PERSON).count((review.team_id or review.person_id, review.pk))
    stream = f"run:{ask.run_ref}"
    record(
        "review.opened", actor=ask.asked_by, subject=party(review), stream=stream, data=told_of(ask, review, dossier)
    )
    announce(review_opened, review)
    return review


def make_review(ask: Ask, reviewer: Reviewer, now: datetime) -> tuple[Review, bytes]:
    """The row of a question that is put before a reviewer now, and its dossier as bytes. Nothing is stored."""
    dossier, raw = fit({**ask.dossier, "routing": reviewer.why})
    review = Review(
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
        dossier=dossier,
        form_schema=ask.form_schema,
        verdicts=[verdict.value for verdict in ask.verdicts or ALLOWED[ask.kind]],
        opened_at=now,
        due_at=now + ask.due,
        expires_at=now + ask.expires,
    )
    return review, raw


def told_of(ask: Ask, review: Review, dossier: bytes) -> dict[str, Any]:
    """What the record says of a review that was opened with this dossier."""
    return {
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
        "dossier": canonical.digest_bytes(dossier),
    }


def _digest_of(ask: Ask) -> str:
    """What is bound when no call is: the question and the form of the answer."""
    question = {"run": str(ask.run_ref), "step": str(ask.step_ref), "sentence": ask.sentence, "form": ask.form_schema}
    return canonical.digest({"domain": "holdshort/question/1", **text.escape_deep(question)})


_INSERT = FixedInsert(Review)


def _putting(model: type[Model], whom: str) -> Statement:
    """Gives somebody the right to decide a review: what guardian's `assign_perm` does, without looking first."""
    return Statement(f"""
INSERT INTO {model._meta.db_table} (permission_id, {whom}, content_object_id)
SELECT permission.id, $1, $2 FROM auth_permission permission
JOIN django_content_type type ON type.id = permission.content_type_id
WHERE type.app_label = 'approvals' AND permission.codename = '{DECIDE}'
""")  # noqa: S608 - names of columns


_PUT_BEFORE_TEAM = _putting(ReviewGroupPermission, "group_id")
_PUT_BEFORE_PERSON = _putting(ReviewUserPermission, "user_id")
