"""People who decide whatever waits for them, by chance, and who look at the books before they say what happened."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.http import Http404

from agents.contracts import BadArguments
from approvals.actions import Answer, decide, undo
from approvals.exceptions import CannotUndo, NotDecided
from approvals.models import Decision, Review
from approvals.states import ReasonCode, ReviewKind, ReviewState, Verdict
from audit.clock import db_now
from tests.chaos.shop import Outside

LOOK_AFTER = timedelta(seconds=3)
"""A person looks at the books when whatever was being sent has surely arrived or not."""
UNDO_SHARE = 0.1


def decide_all(outside: Outside, choice: random.Random) -> int:
    """Decide every open review once, and take some decisions back; how many decisions were made."""
    made = 0
    for review in Review.objects.filter(state=ReviewState.OPEN).select_related("call", "person"):
        answer = _answer(review, outside, choice)
        made += answer is not None and _say(review, outside, answer, choice)
    return made


def _say(review: Review, outside: Outside, answer: dict[str, Any], choice: random.Random) -> bool:
    by = review.person or (outside.world.ines if review.team == outside.world.refund_desk else outside.world.hana)
    try:
        decision = decide(
            user=by, ref=review.ref, answer=Answer(digest=review.digest, version=review.version, **answer)
        )
    except (NotDecided, BadArguments, Http404):
        return False  # it has moved on since it was read
    if choice.random() < UNDO_SHARE:
        _take_back(decision)
    return True


def _take_back(decision: Decision) -> None:
    with suppress(CannotUndo):  # too late, or nothing that is held
        undo(user=decision.by, ref=decision.ref)


def _answer(review: Review, outside: Outside, choice: random.Random) -> dict[str, Any] | None:
    match review.kind:
        case ReviewKind.FORM:
            return {"verdict": Verdict.ANSWER, "form": {"a": "yes"}}
        case ReviewKind.UNKNOWN:
            return _looked_up(review, outside)
        case ReviewKind.ESCALATION:
            return _onward(choice)
    if choice.random() < 0.15:
        return {"verdict": Verdict.REJECT, "reason_code": ReasonCode.DATA, "reason": "Not this one."}
    return {"verdict": Verdict.APPROVE}


def _looked_up(review: Review, outside: Outside) -> dict[str, Any] | None:
    if review.call is None or db_now() - review.opened_at < LOOK_AFTER:
        return None
    found = outside.happened(review.call.idempotency_key)
    verdict = Verdict.HAPPENED if found else Verdict.NOT_HAPPENED
    return {"verdict": verdict, "reason": "I looked at the books."}


def _onward(choice: random.Random) -> dict[str, Any]:
    verdict = choice.choice([Verdict.RETRY, Verdict.SKIP, Verdict.SKIP, Verdict.TERMINATE])
    return {"verdict": verdict, "reason": "So it goes.", "form": {"value": {}} if verdict == Verdict.SKIP else None}
