"""Who may see and who may decide a review. Every review that a URL names is loaded here."""

from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from agents.people import Person
from approvals.models import Review, ReviewGroupPermission, ReviewUserPermission
from approvals.states import ReviewKind
from audit.fixed import A_REF, AN_ID, OTHER_ID, Fixed

DECIDE = "decide_review"


def decidable_by(user: Person) -> QuerySet[Review]:
    """The reviews, open or closed, that were put before this person or a team they are in."""
    return _decidable_by(user.pk)


def _decidable_by(user: int) -> QuerySet[Review]:
    return Review.objects.filter(_put_before(user))


def _put_before(user: int) -> Q:
    """Looked up for each review by itself: one review of a thousand open ones costs no more than of ten."""
    right = {"permission__codename": DECIDE, "content_object": OuterRef("pk")}
    own = ReviewUserPermission.objects.filter(**right, user=user)
    of_team = ReviewGroupPermission.objects.filter(**right, group__user=user)
    return Q(Exists(own)) | Q(Exists(of_team))


def reviews_for(user: Person) -> QuerySet[Review]:
    """The reviews a person may see: theirs and their teams', those of runs they started, or all with the permission."""
    if user.has_perm("approvals.view_review"):
        return Review.objects.all()
    return _visible_to(user.pk)


def _visible_to(user: int) -> QuerySet[Review]:
    return Review.objects.filter(_put_before(user) | Q(started_by=user))


def access_review(user: Person, ref: UUID, *, lock: bool = False) -> Review:
    """A review that the person may see; locked when it will be changed. Raises Http404 when it is invisible."""
    everything = user.has_perm("approvals.view_review")
    row = _ANY[lock].first(ref) if everything else _VISIBLE[lock].first(user.pk, ref)
    if row is None:
        raise Http404
    return row


def _in_full(rows: QuerySet[Review], ref: UUID, *, lock: bool) -> QuerySet[Review]:
    rows = rows.select_related("call__tool_version__tool__connection", "team", "person", "started_by").filter(ref=ref)
    return rows.select_for_update(of=("self",), no_key=True) if lock else rows


_ANY = {
    lock: Fixed(lambda ref, lock=lock: _in_full(Review.objects.all(), ref, lock=lock), A_REF) for lock in (True, False)
}
_VISIBLE = {
    lock: Fixed(lambda user, ref, lock=lock: _in_full(_visible_to(user), ref, lock=lock), AN_ID, A_REF)
    for lock in (True, False)
}
_PUT_BEFORE = Fixed(lambda user, review: _decidable_by(user).filter(pk=review).only("pk"), AN_ID, OTHER_ID)


def is_candidate(user: Person, review: Review) -> bool:
    """Whether this review was put before this person. Being an admin is not enough."""
    return user.is_active and bool(_PUT_BEFORE(user.pk, review.pk))


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


_MEMBER = Fixed(
    lambda team, but: (
        get_user_model()._default_manager.filter(groups=team, is_active=True).exclude(pk=but).only("pk")[:1]
    ),
    AN_ID,
    OTHER_ID,
)


def has_candidate(*, team: Group | None, person: Person | None, not_by: Person | None) -> bool:
    """Whether anybody could decide a review routed like this."""
    if team is not None:
        return bool(_MEMBER(team.pk, not_by.pk if not_by else 0))
    return person is not None and person.is_active and (not_by is None or person.pk != not_by.pk)
