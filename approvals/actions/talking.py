"""Remarks on a review."""

from uuid import UUID

from django.db import transaction

from agents.people import Person
from approvals.access import access_review
from approvals.exceptions import EmptyComment
from approvals.models import Comment
from approvals.signals import announce, review_changed
from audit import text
from audit.log import party, record

MAX_COMMENT = 4000


@transaction.atomic
def comment(*, user: Person, ref: UUID, body: str) -> Comment:
    """Add a remark to a review that the person may see. Raises EmptyComment."""
    review = access_review(user, ref)
    body = text.escape(body.strip())[:MAX_COMMENT]
    if not body:
        raise EmptyComment
    remark = Comment.objects.create(review=review, by=user, body=body)
    record(
        "review.commented",
        actor=party(user),
        subject=party(review),
        stream=f"run:{review.run_ref}",
        data={"review": str(review.ref), "step": str(review.step_ref), "code": review.code, "text": body},
    )
    announce(review_changed, review)
    return remark
