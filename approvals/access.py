"""Who may see and who may decide a review. Every review that a URL names is loaded here."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import Http404

from agents.people import Person
from approvals.models import Review, ReviewGroupPermission, ReviewUserPermission
from approvals.states import ReviewKind
from audit.fixed import A_REF, AN_ID, OTHER_ID, Fixed
from audit.prepared import Statement

DECIDE = "decide_review"


def decidable_by(user: Person) -> QuerySet[Review]:
    """The reviews, open or closed, that were put before this person or a team they are in."""
    own = ReviewUserPermission.objects.filter(permission__codename=DECIDE, user=user)
    of_team = ReviewGroupPermission.objects.filter(permission__codename=DECIDE, group__user=user)
    asked = Q(pk__in=own.values("content_object")) | Q(pk__in=of_team.values("content_object"))
    return Review.objects.filter(asked)


def was_asked_about(user: Person, run_ref: UUID) -> bool:
    """Whether `decidable_by` has a review of this run; costs the same however many others there are."""
    own = ReviewUserPermission.objects.filter(user=user)
    of_team = ReviewGroupPermission.objects.filter(group__user=user)
    about = {"permission__codename": DECIDE, "content_object__run_ref": run_ref}
    return of_team.filter(**about).exists() or own.filter(**about).exists()


def is_put_before(user: Person, review: Review) -> bool:
    """Whether this one was put before this person or a team they are in; costs the same however many others were."""
    first, then = (_TEAM_ASKED, _ASKED) if review.team_id else (_ASKED, _TEAM_ASKED)
    return bool(first(user.pk, review.pk) or then(user.pk, review.pk))


_ASKED = Fixed(
    lambda user, review: ReviewUserPermission.objects.filter(
        permission__codename=DECIDE, user=user, content_object=review
    ),
    AN_ID,
    OTHER_ID,
)
_TEAM_ASKED = Fixed(
    lambda user, review: ReviewGroupPermission.objects.filter(
        permission__codename=DECIDE, group__user=user, content_object=review
    ),
    AN_ID,
    OTHER_ID,
)


def reviews_for(user: Person) -> QuerySet[Review]:
    """The reviews a person may see: theirs and their teams', those of runs they started, or all with the permission."""
    if user.has_perm("approvals.view_review"):
        return Review.objects.all()
    return Review.objects.filter(Q(pk__in=decidable_by(user).values("pk")) | Q(started_by=user))


def is_visible(user: Person, review: Review) -> bool:
    """Whether `reviews_for` has this one."""
    theirs = review.started_by_id == user.pk or is_put_before(user, review)
    return theirs or user.has_perm("approvals.view_review")


def access_review(user: Person, ref: UUID, *, lock: bool = False) -> Review:
    """A review that the person may see; locked when it will be changed. Raises Http404 when it is invisible."""
    review = (_LOCKED if lock else _REVIEW).first(ref)
    if review is None or not is_visible(user, review):
        raise Http404
    return review


def access_to_decide(user: Person, ref: UUID) -> tuple[Review, bool, datetime]:
    """A review that the person may see, locked, whether it was put before them, and the database's time then.

    Raises Http404.
    """
    review, ((asked, now),) = _LOCKED.first_and((ref,), _ASKED_NOW, (user.pk, ref))
    if review is None:
        raise Http404
    if not (asked or is_visible(user, review)):
        raise Http404
    return review, asked, now


_ASKED_NOW = Statement(f"""
SELECT EXISTS (
  SELECT 1 FROM approvals_reviewuserpermission put JOIN auth_permission may ON may.id = put.permission_id
  WHERE may.codename = '{DECIDE}' AND put.user_id = $1
    AND put.content_object_id = (SELECT id FROM approvals_review WHERE ref = $2::uuid)
) OR EXISTS (
  SELECT 1 FROM approvals_reviewgrouppermission put JOIN auth_permission may ON may.id = put.permission_id
  JOIN accounts_user_groups member ON member.group_id = put.group_id
  WHERE may.codename = '{DECIDE}' AND member.user_id = $1
    AND put.content_object_id = (SELECT id FROM approvals_review WHERE ref = $2::uuid)
), clock_timestamp()
""")  # noqa: S608 - made of the name above


def _review_of(ref: UUID) -> QuerySet[Review]:
    related = ("call__tool_version__tool__connection", "team", "person", "started_by")
    return Review.objects.select_related(*related).filter(ref=ref)


_REVIEW = Fixed(_review_of, A_REF)
_LOCKED = Fixed(lambda ref: _review_of(ref).select_for_update(of=("self",), no_key=True), A_REF)


def is_candidate(user: Person, review: Review) -> bool:
    """Whether this review was put before this person. Being an admin is not enough."""
    return user.is_active and is_put_before(user, review)


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
