"""The only way to a verdict: lock, guard, save, audit, announce."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction

from agents import gateway
from agents.contracts import prepare
from agents.gateway.propose import digest_of
from agents.gateway.trail import masked_changes
from agents.models import ToolCall
from agents.people import Person
from agents.states import CallState
from agents.verdicts import Outcome
from approvals import exceptions as no
from approvals.access import access_review, access_to_decide, duties_conflict
from approvals.choices import NEEDS_REASON
from approvals.forms import part_schema
from approvals.models import Decision, Review
from approvals.signals import announce, decision_recorded
from approvals.states import FORMS, OUTCOME, ReasonCode, ReviewKind, ReviewState, Verdict
from audit import canonical, text
from audit.chains import appending
from audit.log import open_stream, party, record
from audit.prepared import types_of

MAX_REASON = 4000


@dataclass(frozen=True)
class Answer:
    """What a person said: a verdict at the digest and version they saw, and what goes with it."""

    verdict: Verdict
    digest: str
    version: int
    reason_code: str = ""
    reason: str = ""
    arguments: Mapping[str, Any] | bytes | None = None
    form: Mapping[str, Any] | None = None


def decide(*, user: Person, ref: UUID, answer: Answer) -> Decision:
    """Record one person's verdict on an open review.

    Raises Http404 when the review is invisible; AlreadyDecided, ContentChanged or TooLate when it is not what the
    person saw; NotYours or DutiesNotSeparated when their verdict would not count, which is recorded; VerdictNotOffered,
    ReasonMissing, NothingEdited, EditNotAllowed or BadArguments when the answer does not do. Nothing is decided then.
    """
    try:
        return _decide(user, ref, answer)
    except (no.NotYours, no.DutiesNotSeparated) as refused:
        _record_refusal(user, ref, answer.verdict, refused)
        raise


@transaction.atomic
def _decide(user: Person, ref: UUID, answer: Answer) -> Decision:
    review, asked, now = access_to_decide(user, ref)
    _guard(user, review, answer, asked=asked and user.is_active, now=now)
    call = _edited(user, review, answer) if answer.verdict == Verdict.EDIT else review.call
    form = _filled(review, answer)
    decision = Decision(
        review=review,
        by=user,
        verdict=answer.verdict,
        reason_code=answer.reason_code,
        reason=text.escape(answer.reason.strip())[:MAX_REASON],
        seen_digest=answer.digest,
        call=call,
        call_digest=call.digest if call else "",
        answer=form,
        at=now,
        held_until=now + hold_of(review, answer.verdict),
    )
    review.state = OUTCOME[answer.verdict]
    review.closed_at = now
    review.version += 1
    _store(review, decision)
    announce(decision_recorded, review, decision=decision)
    return decision


def _store(review: Review, decision: Decision) -> None:
    """Store a decision, the end of its review and the entry that tells of both, in one statement."""
    chain, at = open_stream(f"run:{review.run_ref}")
    verb = f"review.{review.state}"
    link = chain.link(verb, actor=party(decision.by), subject=party(review), data=_told_of(review, decision), at=at)
    values = {f"decision_{column}": getattr(decision, name) for column, name in _NAMES.items()}
    closed = {"state": review.state, "closed_at": review.closed_at, "version": review.version}
    pk = _STORE.first({**values, **closed, **link.columns})
    assert pk is not None
    decision.pk = int(pk)
    decision._state.adding, decision._state.db = False, DEFAULT_DB_ALIAS


_NAMES = {str(field.column): field.attname for field in Decision._meta.concrete_fields if not field.primary_key}
_STORE = appending(
    f"""closed AS (
  UPDATE approvals_review SET state = %(state)s, closed_at = %(closed_at)s, version = %(version)s
  WHERE id = %(decision_review_id)s
), decision AS (
  INSERT INTO approvals_decision ({", ".join(f'"{column}"' for column in _NAMES)})
  VALUES ({", ".join(f"%(decision_{column})s" for column in _NAMES)}) RETURNING id
)""",  # noqa: S608 - made of the names above
    {f"decision_{column}": type for column, type in types_of(Decision).items()}
    | {"state": "text", "closed_at": "timestamptz", "version": "bigint"},
    gives="(SELECT id FROM decision)",
)


def hold_of(review: Review, verdict: Verdict) -> timedelta:
    """How long a verdict can be undone before it takes effect. Only what leads to an effect outside is held."""
    held = review.kind in (ReviewKind.ACTION, ReviewKind.PLAN) and verdict in (
        Verdict.APPROVE,
        Verdict.EDIT,
        Verdict.REJECT,
    )
    return timedelta(seconds=settings.HOLDSHORT_HOLD_SECONDS if held else 0)


def _guard(user: Person, review: Review, answer: Answer, *, asked: bool, now: datetime) -> None:
    _still_open(review, now)
    if not asked:
        raise no.NotYours
    if duties_conflict(user, review):
        raise no.DutiesNotSeparated
    if answer.verdict not in review.verdicts:
        raise no.VerdictNotOffered
    if review.version != answer.version or review.digest != answer.digest or _tampered(review):
        raise no.ContentChanged(review)
    if _lacks_reason(answer):
        raise no.ReasonMissing


def _still_open(review: Review, now: datetime) -> None:
    expired = review.state == ReviewState.OPEN and review.expires_at <= now
    if expired or review.state == ReviewState.EXPIRED:
        raise no.TooLate(review)
    if review.state != ReviewState.OPEN:
        raise no.AlreadyDecided(review)


def _lacks_reason(answer: Answer) -> bool:
    """Whether the verdict needs a reason that was not given; a rejection needs a code as well."""
    needs_code = answer.verdict == Verdict.REJECT or bool(answer.reason_code)
    if needs_code and answer.reason_code not in ReasonCode.values:
        return True
    return answer.verdict in NEEDS_REASON and not answer.reason.strip()


def _tampered(review: Review) -> bool:
    """Whether the call that is stored is no longer the one that was put before the person."""
    call = review.call
    if call is None or review.kind != ReviewKind.ACTION:
        return False
    try:
        return call.state != CallState.HELD or not call.digest == review.digest == digest_of(call)
    except canonical.NotCanonical:
        return True


def _edited(user: Person, review: Review, answer: Answer) -> ToolCall:
    """The call with the person's arguments, judged like any other.

    Raises when nothing changed or it may not be done.
    """
    call = review.call
    assert call is not None and call.tool_version is not None
    wanted = prepare(answer.arguments if answer.arguments is not None else b"", call.tool_version.input_schema)
    if wanted.canonical == bytes(call.arguments):
        raise no.NothingEdited
    new, verdict = gateway.replace(call, wanted.value, by=party(user))
    if verdict.outcome == Outcome.DENY:
        raise no.EditNotAllowed(f"{no.EditNotAllowed.__doc__} {verdict.decisive}")
    call.state = CallState.SUPERSEDED
    call.save(update_fields=["state"])
    return new


def _filled(review: Review, answer: Answer) -> Any:
    """The filled-in form that goes with the verdict, checked against its schema. Raises BadArguments."""
    schema, part = review.form_schema, FORMS.get(answer.verdict)
    if part is not None:
        return prepare(answer.form or {}, part_schema(review, part)).value
    if schema is None or answer.verdict != Verdict.ANSWER:
        return None
    return prepare(answer.form or {}, schema).value


@transaction.atomic
def _record_refusal(user: Person, ref: UUID, verdict: Verdict, refused: no.NotDecided) -> None:
    review = access_review(user, ref)
    data = {"review": str(review.ref), "step": str(review.step_ref), "code": review.code}
    record(
        "review.refused",
        actor=party(user),
        subject=party(review),
        stream=f"run:{review.run_ref}",
        data={**data, "verdict": verdict, "reason": refused.message},
    )


def _told_of(review: Review, decision: Decision) -> dict[str, Any]:
    """What the record says of a decision."""
    call = decision.call
    return {
        "review": str(review.ref),
        "code": review.code,
        "step": str(review.step_ref),
        "decision": str(decision.ref),
        "verdict": decision.verdict,
        "reason_code": decision.reason_code,
        "reason": decision.reason,
        "seen_digest": decision.seen_digest,
        "call": str(call.ref) if call else None,
        "call_digest": decision.call_digest,
        "changes": masked_changes(call) if call and decision.verdict == Verdict.EDIT else [],
        "answer": decision.answer,
        "held_until": decision.held_until.isoformat(),
        "dossier": canonical.digest(review.dossier),
    }
