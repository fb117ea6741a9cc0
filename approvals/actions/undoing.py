"""Taking a decision back while it is on hold."""

from uuid import UUID

from django.db import transaction
from django.http import Http404

from agents.people import Person
from agents.states import CallState
from approvals.access import access_review
from approvals.exceptions import CannotUndo
from approvals.models import Decision, Review
from approvals.signals import announce, review_changed
from approvals.states import ReviewState, Verdict
from audit.clock import db_now
from audit.log import party, record


@transaction.atomic
def undo(*, user: Person, ref: UUID) -> Review:
    """Open the review of a decision again. Raises CannotUndo once the hold is over or the decision has been taken up.

    The review's row is locked first, as the engine does before it takes a decision up, so one of the two is first.
    """
    found = Decision.objects.filter(ref=ref).values_list("review__ref", flat=True).first()
    if found is None:
        raise Http404
    review = access_review(user, found, lock=True)
    decision = Decision.objects.select_for_update().get(ref=ref)
    if decision.by_id != user.pk or decision.undone_at or review.delivered_at or decision.held_until <= db_now():
        raise CannotUndo
    decision.undone_at = db_now()
    decision.save(update_fields=["undone_at"])
    if decision.verdict == Verdict.EDIT and decision.call and decision.call.replaces:
        _put_back(decision)
    review.state = ReviewState.OPEN
    review.closed_at = None
    review.version += 1
    review.save(update_fields=["state", "closed_at", "version"])
    record(
        "decision.undone",
        actor=party(user),
        subject=party(review),
        stream=f"run:{review.run_ref}",
        data={"review": str(review.ref), "step": str(review.step_ref), "decision": str(decision.ref)},
    )
    announce(review_changed, review)
    return review


def _put_back(decision: Decision) -> None:
    """The edited call goes, and the one that the agent proposed waits again."""
    edited = decision.call
    assert edited is not None and edited.replaces is not None
    edited.state = CallState.WITHDRAWN
    edited.save(update_fields=["state"])
    edited.replaces.state = CallState.HELD
    edited.replaces.save(update_fields=["state"])
