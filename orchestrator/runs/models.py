"""Runs and what happened in them. PostgreSQL is the truth: everything a worker needs to go on stands in these rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models import AgentVersion
from agents.states import Environment
from approvals.models import Review
from audit.ids import new_ref
from orchestrator.runs.states import RUN_ENDED, RunState, StepState
from orchestrator.workflows.models import WorkflowVersion


class Batch(models.Model):
    """Many runs started from one file, one run a row."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    workflow_version = models.ForeignKey(WorkflowVersion, models.PROTECT, related_name="batches")
    name = models.CharField(max_length=200)
    environment = models.CharField(max_length=12, choices=Environment.choices)
    rows = models.JSONField()
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One execution of a workflow version. `wake_at` says when somebody must look at it again, whatever is lost.

    `troubles` counts how many times in a row driving it broke by a mistake of our own.
    `ending` says how it is to end whatever its steps do: `{"reason", "state", "now"}`, since somebody cancelled it or
    its time is over. A withdrawn version asks a person once; `goes_on` says that they wanted it to go on all the same.

    While a worker drives it in the fast lane, `lane_until` and `lane_owner` say for how long, and which one.

    A run with a `parent` is a part of that step: a round of a loop, an item of a list, a plan, or a run of another
    workflow. It follows the `scope` of its version's definition (the ids of steps), or for a plan a definition of its
    own; `told` is set once the parent has taken up how it ended.
    """

    class Trigger(models.TextChoices):
        FORM = "form", "Form"
        CSV = "csv", "CSV file"
        API = "api", "API"
        WEBHOOK = "webhook", "Signed webhook"
        SCHEDULE = "schedule", "Schedule"
        EVENT = "event", "Event"
        SAMPLE = "sample", "Sample data"
        PART = "part", "Part of a run"

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    # Versions are frozen, and what is frozen or kept cannot be deleted: the database need not look for it.
    workflow_version = models.ForeignKey(
        WorkflowVersion, models.PROTECT, related_name="runs", db_index=False, db_constraint=False
    )
    title = models.CharField(max_length=300)
    environment = models.CharField(max_length=12, choices=Environment.choices)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.PENDING)
    trigger = models.CharField(max_length=12, choices=Trigger.choices)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="runs")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="runs", db_index=False)
    parent = models.ForeignKey("Step", models.PROTECT, null=True, related_name="parts", db_index=False)
    parent_attempt = models.IntegerField(default=1)
    index = models.IntegerField(default=0)
    scope = models.CharField(max_length=200, blank=True)
    definition = models.JSONField(null=True)
    told = models.BooleanField(default=False)
    input = models.JSONField()
    output = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    version = models.IntegerField(default=0)
    troubles = models.IntegerField(default=0)
    ending = models.JSONField(null=True)
    goes_on = models.BooleanField(default=False)
    deadline_at = models.DateTimeField(null=True)
    lane_until = models.DateTimeField(null=True)
    lane_owner = models.BigIntegerField(null=True)
    wake_at = models.DateTimeField(null=True, default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    cost_known = models.BooleanField(default=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=RUN_ENDED, wake_at__isnull=True)
                | ~Q(state__in=RUN_ENDED) & Q(wake_at__isnull=False),
                name="run_is_ended_or_will_wake",
            ),
            models.UniqueConstraint(
                fields=("parent", "parent_attempt", "index"),
                condition=Q(parent__isnull=False),
                name="run_part_once",
            ),
        )
        indexes = (
            models.Index(fields=("wake_at",), condition=Q(wake_at__isnull=False), name="run_wake"),
            models.Index(fields=("workflow_version", "-id"), name="run_workflow"),
            models.Index(fields=("batch",), condition=Q(batch__isnull=False), name="run_batch"),
            models.Index(fields=("state", "-id"), name="run_state"),
            models.Index(fields=("lane_owner",), condition=Q(lane_owner__isnull=False), name="run_lane"),
            models.Index(
                fields=("id",),
                condition=Q(parent__isnull=False, told=False, state__in=RUN_ENDED),
                name="run_part_untold",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def code(self) -> str:
        """The short name people say aloud."""
        return f"R-{self.pk}"


class StartRequest(models.Model):
    """A request that has started a run, kept so that sending it again starts no second one.

    `key` is chosen by whoever asks; `digest` is of what was asked for, so that a key used for other things is noticed.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("by", "key"), name="start_request_once"),)

    def __str__(self) -> str:
        return self.key


class Upload(models.Model):
    """A file of cases that somebody is looking at; nothing of it has started until `batch` is set.

    `rows` are inputs that fit the workflow version; `report` is what the page says about the file.
    """

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    workflow_version = models.ForeignKey(WorkflowVersion, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    rows = models.JSONField()
    report = models.JSONField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    batch = models.OneToOneField(Batch, models.PROTECT, null=True, related_name="upload")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """One node of a run. While a worker executes it, `lease_until` and `fence` say who may write its outcome.

    `lease_owner` is that worker when another may do the same once it is dead; where empty, the lease has to run out.
    `losses` counts the workers in a row that had the step and did not come back.
    `retry_at` is set while it rests because something outside did not answer, or before it is tried again; `retries`
    counts the tries that the definition asked for. `deadline_at` is when it has taken too long.
    `review` is the question to a person that the step as a whole waits for: its form, or what to do after a failure.
    `total` is the number of items that a step with `for_each` goes over. `hands` are the agents that passed it on.
    `awaited` is the name and key of the event that it waits for.
    """

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    # Runs and reviews cannot be deleted either.
    run = models.ForeignKey(Run, models.PROTECT, related_name="steps", db_index=False, db_constraint=False)
    key = models.CharField(max_length=80)
    position = models.IntegerField()
    kind = models.CharField(max_length=12)
    title = models.CharField(max_length=160)
    agent_version = models.ForeignKey(
        AgentVersion, models.PROTECT, null=True, related_name="steps", db_index=False, db_constraint=False
    )
    state = models.CharField(max_length=12, choices=StepState.choices, default=StepState.PENDING)
    review = models.ForeignKey(Review, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    attempt = models.IntegerField(default=1)
    tries = models.IntegerField(default=0)
    retries = models.IntegerField(default=0)
    total = models.IntegerField(null=True)
    awaited = models.CharField(max_length=400, blank=True)
    hands = models.JSONField(default=list)
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.BigIntegerField(null=True)
    losses = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    input = models.JSONField(null=True)
    output = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("run", "position")
        constraints = (models.UniqueConstraint(fields=("run", "key"), name="step_once_per_run"),)
        indexes = (models.Index(fields=("awaited",), condition=~Q(awaited=""), name="step_awaits"),)

    def __str__(self) -> str:
        return self.title

    def release(self) -> None:
        """No worker has it any more. Saves nothing."""
        self.lease_until = self.lease_owner = None


class Event(models.Model):
    """Something that happened outside: of this name, about this thing. Steps wait for events, and triggers start runs.

    `sent_id` is chosen by whoever sends it, so that one sent twice is one event.
    """

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    name = models.CharField(max_length=63)
    key = models.CharField(max_length=300)
    sent_id = models.CharField(max_length=200)
    data = models.JSONField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("by", "sent_id"), name="event_once"),)
        indexes = (models.Index(fields=("name", "key", "id"), name="event_about"),)

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class Attempt(models.Model):
    """One try of a step that did not lead to its result, kept so that the timeline can show it."""

    step = models.ForeignKey(Step, models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField()

    class Meta:
        ordering = ("step", "id")

    def __str__(self) -> str:
        return f"{self.step_id} try {self.number}"


class Turn(models.Model):
    """One exchange with a model, stored before the next begins. `messages` is the whole conversation so far."""

    step = models.ForeignKey(Step, models.PROTECT, related_name="turns")
    attempt = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    messages = models.BinaryField()
    requests = models.JSONField(default=list)
    text = models.TextField(blank=True)
    output = models.JSONField(null=True)
    final = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    model = models.CharField(max_length=200)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[tuple[str, ...]] = ("step", "attempt", "number")
        constraints = (models.UniqueConstraint(fields=("step", "attempt", "number"), name="turn_once"),)

    def __str__(self) -> str:
        return f"{self.step_id} turn {self.number}"
