"""Workflows, their published versions, which never change: a run keeps the version it began with; and triggers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.ids import new_ref


class Workflow(models.Model):
    """A business process that agents, tools and people carry out together."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    name = models.CharField(max_length=63, unique=True)
    title = models.CharField(max_length=160)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="workflows")
    current = models.ForeignKey("WorkflowVersion", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("title",)
        permissions = (
            ("start_workflow", "May start runs of this workflow"),
            ("view_runs", "May see the runs of this workflow"),
        )

    def __str__(self) -> str:
        return self.title


class WorkflowVersion(models.Model):
    """One published definition: the text as it was written, and its canonical form with digest."""

    workflow = models.ForeignKey(Workflow, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    source = models.TextField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("workflow", "-number")
        constraints = (models.UniqueConstraint(fields=("workflow", "number"), name="workflow_version_number"),)

    def __str__(self) -> str:
        return f"{self.workflow} v{self.number}"

    @property
    def withdrawn(self) -> "Withdrawal | None":
        """By whom and why it was withdrawn; None while it is in force."""
        return getattr(self, "withdrawal", None)


class Withdrawal(models.Model):
    """Nobody shall go on by this version: no run of it starts, and those under way ask a person. Never taken back."""

    version = models.OneToOneField(WorkflowVersion, models.PROTECT, related_name="withdrawal")
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.version} withdrawn"


class Trigger(models.Model):
    """What starts runs of a workflow by itself: a signed webhook, a schedule, or an event of a name.

    Runs are started in the name of `runs_as`. `mapping` makes the input of what came in; empty, it takes that as it is.
    `due_at` says when a schedule is due next: whoever rings, this row decides, so that no period counts twice.
    The secret of a webhook is not kept: it is worked out from `secret_number`, which goes up when it is renewed.
    """

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "Signed webhook"
        SCHEDULE = "schedule", "Schedule"
        EVENT = "event", "Event"

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    workflow = models.ForeignKey(Workflow, models.PROTECT, related_name="triggers")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=80)
    enabled = models.BooleanField(default=True)
    runs_as = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    mapping = models.JSONField(default=dict)
    event = models.CharField(max_length=63, blank=True)
    schedule = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True)
    secret_number = models.PositiveIntegerField(default=1)
    last_started_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(fields=("workflow", "name"), name="trigger_name_once"),
            models.CheckConstraint(
                condition=~Q(kind="schedule", enabled=True) | Q(due_at__isnull=False), name="trigger_schedule_is_due"
            ),
        )
        indexes = (
            models.Index(fields=("due_at",), condition=Q(kind="schedule", enabled=True), name="trigger_due"),
            models.Index(fields=("event",), condition=Q(kind="event", enabled=True), name="trigger_event"),
        )

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One thing that came to a trigger, and what became of it. `key` names it, so that it starts one run at most."""

    class Outcome(models.TextChoices):
        STARTED = "started", "Started a run"
        REFUSED = "refused", "Refused"

    trigger = models.ForeignKey(Trigger, models.PROTECT, related_name="deliveries")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.REFUSED)
    problems = models.JSONField(default=list)
    run_ref = models.UUIDField(null=True)
    run_code = models.CharField(max_length=24, blank=True)
    times = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "deliveries"
        constraints = (models.UniqueConstraint(fields=("trigger", "key"), name="delivery_once"),)

    def __str__(self) -> str:
        return self.key
