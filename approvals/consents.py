"""What the gateway is told when it asks whether a person consented to a call.

Anything unusual is a reason to refuse.
"""

from django.db.models import QuerySet

from agents.consent import Consent
from agents.models import ToolCall
from approvals.access import may_decide
from approvals.models import Decision
from approvals.states import OUTCOME, ReviewState, Verdict
from audit import canonical
from audit.clock import db_now
from audit.fixed import A_TEXT, AN_ID, OTHER_TEXT, Fixed
from audit.models import Entry
from audit.verify import frame_of

CONSENTING = (Verdict.APPROVE, Verdict.EDIT)


def consent_for(call: ToolCall) -> Consent | None:
    """The consent to exactly this call, with its row locked, or None when nobody gave one."""
    decision = _CONSENT.first(call.pk)
    if decision is None:
        return None
    return Consent(decision.ref, decision.call_digest, str(decision.by), _problem(decision))


def _consenting(call: int) -> QuerySet[Decision]:
    rows = Decision.objects.select_for_update(of=("self",)).select_related("review", "by")
    return rows.filter(call=call, verdict__in=CONSENTING, undone_at=None).order_by("pk")[:1]


def _saying(stream: str, verb: str, subject: str, actor: str) -> QuerySet[Entry]:
    rows = Entry.objects.select_related("stream")
    return rows.filter(stream__key=stream, verb=verb, subject_ref=subject, actor_ref=actor)


_CONSENT = Fixed(_consenting, AN_ID)
_SAYING = Fixed(_saying, A_TEXT, OTHER_TEXT, "(a subject)", "(an actor)")


def _problem(decision: Decision) -> str:
    """Why this decision does not count now; empty when it does."""
    review = decision.review
    if decision.held_until > db_now():
        return "The decision is still on hold."
    if review.state not in (ReviewState.APPROVED, ReviewState.EDITED) or review.delivered_at is None:
        return "The review of this call is not closed with an approval."
    if not may_decide(decision.by, review):
        return f"{decision.by} may no longer decide this review."
    if not _on_record(decision):
        return "The decision is not on record as it is stored."
    return ""


def _on_record(decision: Decision) -> bool:
    """Whether the audit log holds this decision with this digest, in an entry whose own hash holds."""
    review = decision.review
    verb = f"review.{OUTCOME[Verdict(decision.verdict)].value}"
    entries = _SAYING(f"run:{review.run_ref}", verb, str(review.ref), str(decision.by.ref))
    return any(_says(entry, decision) for entry in entries)


def _says(entry: Entry, decision: Decision) -> bool:
    payload = bytes(entry.payload)
    if canonical.digest_bytes(payload) != entry.payload_digest:
        return False
    if frame_of(entry, entry.stream.key).hash() != bytes(entry.hash):
        return False
    data = canonical.parse(payload)
    said = (data.get("decision"), data.get("call_digest"), data.get("seen_digest"))
    return said == (str(decision.ref), decision.call_digest, decision.seen_digest)
