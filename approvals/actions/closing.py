"""How a review ends without a verdict, and how the engine takes up one that has ended.

These run inside the engine's transaction, which locks the reviews of a run before it writes anything.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from agents.models import Tool
from approvals.models import Decision, Review
from approvals.signals import announce, review_changed
from approvals.states import ReviewKind, ReviewState
from audit.clock import db_now
from audit.fixed import FixedUpdate
from audit.log import SYSTEM, party, record


def expire(review: Review) -> None:
    """Close an open review that nobody decided in time. It counts as not approved."""
    _close(review, ReviewState.EXPIRED, "review.expired", why="The time to decide is over.")


def withdraw(review: Review, *, why: str) -> None:
    """Close an open review because its question no longer stands."""
    _close(review, ReviewState.WITHDRAWN, "review.withdrawn", why=why)


def deliver(review: Review, *, now: datetime) -> Decision | None:
    """Mark a closed review as taken up and give back the decision that closed it, if a person did.

    Returns None, and marks nothing, while the decision is still on hold.
    """
    decision = review.closed_by()
    if decision is not None and decision.held_until > now:
        return None
    review.delivered_at = now
    _DELIVER(review)
    return decision


_DELIVER = FixedUpdate(Review, ("delivered_at",))


def drop(run: UUID, steps: Collection[UUID], *, why: str, now: datetime) -> None:
    """Close all reviews of these steps of a run, because nobody will come back to them: also those decided just now."""
    rows = Review.objects.filter(run_ref=run, step_ref__in=steps, delivered_at=None)
    for review in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):
        if review.state == ReviewState.OPEN:
            withdraw(review, why=why)
        review.delivered_at = now
        review.save(update_fields=["delivered_at"])


def void_for(tools: Collection[Tool]) -> None:
    """Withdraw every open question whether to call a tool whose contract is no longer what the reviewer saw.

    All reviews are locked before the record of any run is written, and runs come in one order for everybody: a decision
    or the engine at the same moment waits, and is never waited for. Whether a call had its effect can still be said.
    """
    rows = Review.objects.filter(state=ReviewState.OPEN, kind=ReviewKind.ACTION, call__tool_version__tool__in=tools)
    rows = rows.select_related("call__tool_version").select_for_update(of=("self",), no_key=True)
    locked = list(rows.order_by("pk"))
    names = {tool.pk: tool.full_name for tool in tools}
    for review in sorted(locked, key=lambda review: review.run_ref):
        tool = review.call.tool_version.tool_id if review.call and review.call.tool_version else 0
        withdraw(review, why=f"The contract of {names.get(tool, 'its tool')} changed while this was waiting.")


def _close(review: Review, state: ReviewState, verb: str, *, why: str) -> None:
    review.state = state
    review.closed_at = db_now()
    review.version += 1
    review.save(update_fields=["state", "closed_at", "version"])
    data = {"review": str(review.ref), "step": str(review.step_ref), "code": review.code, "reason": why}
    record(verb, actor=SYSTEM, subject=party(review), stream=f"run:{review.run_ref}", data=data)
    announce(review_changed, review)
