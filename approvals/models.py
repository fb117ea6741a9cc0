"""What waits for a person, and what people decided. Decisions are never changed, only undone while they are on hold."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from agents.models import ToolCall
from approvals.states import ReasonCode, ReviewKind, ReviewState, Verdict
from audit.fixed import AN_ID, Fixed
from audit.ids import new_ref


class Review(models.Model):
    """A question to a named person or team, with everything they need frozen at the moment it was asked."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=ReviewKind.choices)
    state = models.CharField(max_length=12, choices=ReviewState.choices, default=ReviewState.OPEN)
    version = models.IntegerField(default=1)
    digest = models.CharField(max_length=64)
    call = models.ForeignKey(ToolCall, models.PROTECT, null=True, related_name="reviews", db_index=False)
    run_ref = models.UUIDField()
    step_ref = models.UUIDField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # Who asks for those of a team or a person asks for the open ones, which have indexes of their own.
    team = models.ForeignKey(Group, models.PROTECT, null=True, related_name="reviews", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="reviews", db_index=False
    )
    sentence = models.JSONField()
    short = models.CharField(max_length=300)
    amount = models.CharField(max_length=60, blank=True)
    workflow_name = models.CharField(max_length=160)
    agent_name = models.CharField(max_length=160, blank=True)
    risk_level = models.SmallIntegerField(default=1)
    risk_score = models.SmallIntegerField(default=0)
    dossier = models.JSONField()
    form_schema = models.JSONField(null=True)
    verdicts = models.JSONField(default=list)
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("due_at", "id")
        permissions = (("decide_review", "May decide this review"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(team__isnull=False) ^ Q(person__isnull=False), name="review_has_one_reviewer"
            ),
            models.UniqueConstraint(fields=("call",), condition=Q(state="open"), name="review_open_once_per_call"),
        )
        indexes = (
            models.Index(fields=("due_at", "id"), condition=Q(state="open"), name="review_open_due"),
            models.Index(fields=("team",), condition=Q(state="open", team__isnull=False), name="review_open_team"),
            models.Index(
                fields=("person",), condition=Q(state="open", person__isnull=False), name="review_open_person"
            ),
            models.Index(fields=("call",), condition=Q(call__isnull=False), name="review_call"),
            models.Index(fields=("run_ref", "id"), name="review_run"),
            # Whose run a review is about, without its case file: a person may have been asked about very many.
            models.Index(fields=("id",), include=("run_ref",), name="review_about"),
            models.Index(fields=("id",), condition=Q(delivered_at=None) & ~Q(state="open"), name="review_undelivered"),
        )

    def __str__(self) -> str:
        return self.short

    @property
    def code(self) -> str:
        """The short name people say aloud."""
        return f"RV-{self.pk}"

    @property
    def reviewer(self) -> str:
        """The person or team that was asked."""
        return str(self.person or self.team)

    def closed_by(self) -> "Decision | None":
        """The decision that counts, with who made it and the call it allows; None while nobody has made one."""
        decision = _STANDING.first(self.pk)
        if decision is not None:
            decision.review = self
        return decision


class ReviewUserPermission(UserObjectPermissionBase):
    """Who may decide a review, by person."""

    content_object = models.ForeignKey(Review, models.CASCADE, db_constraint=False)


class ReviewGroupPermission(GroupObjectPermissionBase):
    """Who may decide a review, by team."""

    content_object = models.ForeignKey(Review, models.CASCADE, db_constraint=False)


class Decision(models.Model):
    """One person's verdict on one review at one digest. It takes effect at `held_until`, unless undone before."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    # Reviews cannot be deleted (migration 0002), so the database need not look for one with every decision.
    review = models.ForeignKey(Review, models.PROTECT, related_name="decisions", db_constraint=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="decisions", db_index=False)
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    reason_code = models.CharField(max_length=12, choices=ReasonCode.choices, blank=True)
    reason = models.TextField(blank=True)
    seen_digest = models.CharField(max_length=64)
    call = models.ForeignKey(ToolCall, models.PROTECT, null=True, related_name="decisions", db_index=False)
    call_digest = models.CharField(max_length=64, blank=True)
    answer = models.JSONField(null=True)
    at = models.DateTimeField(default=timezone.now)
    held_until = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("review",), condition=Q(undone_at=None), name="decision_once_per_review"),
        )
        indexes = (
            models.Index(fields=("by", "-id"), name="decision_by"),
            models.Index(fields=("call",), condition=Q(call__isnull=False), name="decision_call"),
        )

    def __str__(self) -> str:
        return f"{self.verdict} on {self.review_id}"


class Comment(models.Model):
    """A remark on a review, kept with the case."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    body = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.by}: {self.body[:40]}"


def _standing_of(review: int) -> models.QuerySet[Decision]:
    rows = Decision.objects.filter(review=review, undone_at=None).select_related("by", "call")
    return rows.order_by("pk")[:1]


_STANDING = Fixed(_standing_of, AN_ID)
