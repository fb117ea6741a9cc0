"""Who may see and who may decide a review. Every review that a URL names is loaded here."""

from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import Http404
from guardian.shortcuts import get_objects_for_user

from agents.people import Person
from approvals.models import Review
from approvals.states import ReviewKind

DECIDE = "approvals.decide_review"


def decidable_by(user: Person) -> QuerySet[Review]:
    """The reviews, open or closed, that were put before this person or a team they are in."""
    rows: QuerySet[Review] = get_objects_for_user(user, DECIDE, Review, with_superuser=False, accept_global_perms=False)
    return rows


def reviews_for(user: Person) -> QuerySet[Review]:
    """The reviews a person may see: theirs and their teams', those of runs they started, or all with the permission."""
    if user.has_perm("approvals.view_review"):
        return Review.objects.all()
    return Review.objects.filter(Q(pk__in=decidable_by(user).values("pk")) | Q(started_by=user))


def access_review(user: Person, ref: UUID, *, lock: bool = False) -> Review:
    """A review that the person may see; locked when it will be changed. Raises Http404 when it is invisible."""
    rows = reviews_for(user).select_related("call__tool_version__tool__connection", "team", "person", "started_by")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    review = rows.filter(ref=ref).first()
    if review is None:
        raise Http404
    return review


def is_candidate(user: Person, review: Review) -> bool:
    """Whether this review was put before this person. Being an admin is not enough."""
    return user.is_active and decidable_by(user).filter(pk=review.pk).exists()


def duties_conflict(user: Person, review: Review) -> bool:
    """Whether this person may not decide because they started the run whose action it is."""
    return review.started_by_id == user.pk and review.kind in (ReviewKind.ACTION, ReviewKind.UNKNOWN)


def may_decide(user: Person, review: Review) -> bool:
    """Whether a verdict of this person on this review would count."""
    return is_candidate(user, review) and not duties_conflict(user, review)


def candidates(review: Review) -> QuerySet[Person]:
    """The active people whose verdict on this review would count."""
    people: QuerySet[Person] = get_user_model()._default_manager.filter(is_active=True)
    people = people.filter(groups=review.team) if review.team_id else people.filter(pk=review.person_id or 0)
    if review.kind in (ReviewKind.ACTION, ReviewKind.UNKNOWN) and review.started_by_id:
        people = people.exclude(pk=review.started_by_id)
    return people


def has_candidate(*, team: Group | None, person: Person | None, not_by: Person | None) -> bool:
    """Whether anybody could decide a review routed like this."""
    if team is not None:
        members = get_user_model()._default_manager.filter(groups=team, is_active=True)
        return (members.exclude(pk=not_by.pk) if not_by else members).exists()
    return person is not None and person.is_active and (not_by is None or person.pk != not_by.pk)
