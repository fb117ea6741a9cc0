"""Agents, the systems they reach, and what they may do there.

Versions are immutable; the database refuses to change them.
"""

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from agents.states import (
    CallState,
    Effect,
    Environment,
    GrantEffect,
    Idempotency,
    NoteState,
    Reversibility,
    StopMode,
    StopScope,
    ToolState,
)
from audit.ids import new_ref

slug = RegexValidator(r"^[a-z][a-z0-9_-]{0,62}\Z", "Use lower-case letters, digits, - and _; start with a letter.")


class Connection(models.Model):
    """A real system in one environment, reached through a connector."""

    class Kind(models.TextChoices):
        MCP = "mcp", "MCP server"
        PYTHON = "python", "Module of this installation"

    class Transport(models.TextChoices):
        STDIO = "stdio", "Program on this machine"
        HTTP = "http", "Web address"
        PYTHON = "python", "Module of this installation"

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    name = models.CharField(max_length=63, validators=[slug])
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.MCP)
    environment = models.CharField(max_length=12, choices=Environment.choices, default=Environment.PRODUCTION)
    transport = models.CharField(max_length=8, choices=Transport.choices, default=Transport.STDIO)
    server = models.CharField("program", max_length=63, blank=True)
    url = models.URLField("address", blank=True, max_length=500)
    credential = models.CharField("name of the secret", max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    imported_at = models.DateTimeField(null=True, editable=False)
    problem = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ("name", "environment")
        constraints = (models.UniqueConstraint(fields=("name", "environment"), name="connection_name"),)

    def __str__(self) -> str:
        return f"{self.title} ({self.environment})"


class Tool(models.Model):
    """One callable of a connection. What it promises is its current version, the contract."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="tools")
    name = models.CharField(max_length=128)
    state = models.CharField(max_length=12, choices=ToolState.choices, default=ToolState.NEW)
    current = models.ForeignKey("ToolVersion", models.PROTECT, null=True, related_name="+")
    found_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("connection__name", "name")
        constraints = (models.UniqueConstraint(fields=("connection", "name"), name="tool_name"),)
        permissions = (("use_tool", "May have this tool used on their behalf"),)

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """The name people and workflows use: connection.tool."""
        return f"{self.connection.name}.{self.name}"


class ToolVersion(models.Model):
    """The contract of a tool: what the server said plus how an admin classified it. Never changed."""

    tool = models.ForeignKey(Tool, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    input_schema = models.JSONField()
    output_schema = models.JSONField(null=True)
    server_digest = models.CharField(max_length=64)
    effect = models.CharField(max_length=8, choices=Effect.choices, default=Effect.WRITE)
    reversibility = models.CharField(max_length=12, choices=Reversibility.choices, default=Reversibility.UNKNOWN)
    undo_note = models.CharField(max_length=300, blank=True)
    idempotency = models.CharField(max_length=12, choices=Idempotency.choices, default=Idempotency.NEITHER)
    sentence = models.CharField(max_length=500, blank=True)
    short_sentence = models.CharField(max_length=200, blank=True)
    amount_argument = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    sensitive = models.JSONField(default=list)
    timeout_seconds = models.PositiveIntegerField(default=30)
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("tool", "-number")
        constraints = (models.UniqueConstraint(fields=("tool", "number"), name="tool_version_number"),)

    def __str__(self) -> str:
        return f"{self.tool} v{self.number}"

    @property
    def may_repeat(self) -> bool:
        """Whether a call of which nobody knows what became may be sent again: it reads, or a key has one effect."""
        return self.effect == Effect.READ or self.idempotency == Idempotency.BY_KEY


class Agent(models.Model):
    """A worker with one responsibility, an owner, and someone it acts for: it may never do more than they may."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    name = models.CharField(max_length=63, unique=True, validators=[slug])
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="owned_agents")
    acts_for_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="represented_by"
    )
    acts_for_team = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="represented_by")
    current = models.ForeignKey("AgentVersion", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("title",)
        constraints = (
            models.CheckConstraint(
                condition=Q(acts_for_user__isnull=False) ^ Q(acts_for_team__isnull=False),
                name="agent_acts_for_exactly_one",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def represents(self) -> str:
        """The name of the person or team it acts for."""
        return str(self.acts_for_user or self.acts_for_team)


class AgentVersion(models.Model):
    """What an agent was told and which model it used. Never changed."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    instructions = models.TextField()
    model = models.CharField(max_length=200)
    max_turns = models.PositiveIntegerField(default=12)
    max_calls = models.PositiveIntegerField(default=40)
    max_tokens = models.PositiveIntegerField(default=200_000)
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("agent", "-number")
        constraints = (models.UniqueConstraint(fields=("agent", "number"), name="agent_version_number"),)

    def __str__(self) -> str:
        return f"{self.agent} v{self.number}"


class Grant(models.Model):
    """What an agent may do with a tool in the tool's environment. Absent means forbidden."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="grants")
    tool = models.ForeignKey(Tool, models.PROTECT, related_name="grants")
    environment = models.CharField(max_length=12, choices=Environment.choices)
    effect = models.CharField(max_length=12, choices=GrantEffect.choices)
    review_team = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    review_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("agent", "tool", "environment"), name="grant_once"),)

    def __str__(self) -> str:
        return f"{self.agent}: {self.tool} {self.effect}"


class Stop(models.Model):
    """While it is open, nothing new is sent for what it names: everything there is, or one thing by its ref.

    A stop of everything is released by two people: one asks, another one confirms.
    """

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    scope = models.CharField(max_length=12, choices=StopScope.choices)
    thing = models.UUIDField(null=True)
    name = models.CharField(max_length=200)
    mode = models.CharField(max_length=8, choices=StopMode.choices)
    reason = models.TextField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    release_reason = models.TextField(blank=True)
    release_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    release_asked_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        permissions = (("stop_everything", "May stop everything, and release whatever is stopped"),)
        constraints = (
            models.UniqueConstraint(
                fields=("scope", "thing"), condition=Q(released_at=None), nulls_distinct=False, name="stop_open_once"
            ),
            models.CheckConstraint(
                condition=Q(scope=StopScope.EVERYTHING, thing=None) | ~Q(scope=StopScope.EVERYTHING) & ~Q(thing=None),
                name="stop_names_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(released_at=None)
                | ~Q(scope=StopScope.EVERYTHING)
                | Q(release_asked_by__isnull=False) & ~Q(released_by=F("release_asked_by")),
                name="stop_of_everything_takes_two_to_release",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it still holds back."""
        return self.released_at is None

    @property
    def of_everything(self) -> bool:
        """Whether it holds back everything there is."""
        return self.scope == StopScope.EVERYTHING


class Rules(models.Model):
    """One row that counts the changes of everything that decides what agents may do; the database itself counts.

    Who finds the same number again knows that nothing of it has changed since: neither agents and tools, nor grants,
    stops, the rights of people, who belongs to which team, or what people, teams and workflows are called.
    """

    revision = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.revision)


class ToolCall(models.Model):
    """One proposed call, from proposal to outcome.

    `arguments` are canonical bytes; `digest` binds what a person saw. `within` are the refs of what lies around the run
    (its workflow, the runs that started it), `step_began_at` is when the step began that asked for it; `kept_by` is the
    stop for whose release it waits, `put_back` how often in a row it was too late to send it.
    """

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    # Versions are frozen (migration 0002), so the database need not look for one with every call.
    agent_version = models.ForeignKey(
        AgentVersion, models.PROTECT, null=True, related_name="calls", db_constraint=False, db_index=False
    )
    tool_version = models.ForeignKey(ToolVersion, models.PROTECT, null=True, related_name="calls", db_constraint=False)
    tool_name = models.CharField(max_length=200)
    environment = models.CharField(max_length=12, choices=Environment.choices)
    run_ref = models.UUIDField()
    step_ref = models.UUIDField()
    within = ArrayField(models.UUIDField(), default=list)
    step_began_at = models.DateTimeField(null=True)
    kept_by = models.ForeignKey(Stop, models.PROTECT, null=True, related_name="kept", db_index=False)
    put_back = models.SmallIntegerField(default=0)
    call_key = models.CharField(max_length=200)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="replacements", db_index=False)
    review_from = models.SmallIntegerField(default=0)
    arguments = models.BinaryField()
    digest = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=CallState.choices)
    reason = models.TextField(blank=True)
    trace = models.JSONField(default=list)
    risk = models.JSONField(default=dict)
    consent_ref = models.UUIDField(null=True)
    proposed_at = models.DateTimeField(default=timezone.now)
    intent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("step_ref", "call_key"), name="call_once_per_step"),
            models.UniqueConstraint(
                fields=("consent_ref",), condition=Q(consent_ref__isnull=False), name="call_consent_once"
            ),
        )
        # Few calls are replaced or kept back, so those indexes hold few rows and cost the others nothing.
        indexes = (
            models.Index(fields=("run_ref", "id"), name="call_run"),
            models.Index(fields=("replaces",), condition=Q(replaces__isnull=False), name="call_replaces"),
            models.Index(fields=("kept_by",), condition=Q(kept_by__isnull=False), name="call_kept"),
        )

    def __str__(self) -> str:
        return f"{self.tool_name} {self.ref}"

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt at this call, so that a target that keeps keys has one effect."""
        return str(self.ref)


class Note(models.Model):
    """Something to be remembered beyond one run: what an agent of a workflow wrote down, or a decision teaches.

    `subject` is whom or what it is about, such as the number of a customer. `origin` is the call or decision it comes
    from, so that neither leaves two. `version` counts its changes; a deleted one keeps its row, but no text.
    """

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    environment = models.CharField(max_length=12, choices=Environment.choices)
    workflow_ref = models.UUIDField()
    workflow_name = models.CharField(max_length=160)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="notes")
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=NoteState.choices)
    origin = models.CharField(max_length=80, unique=True)
    run_ref = models.UUIDField()
    step_ref = models.UUIDField(null=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    search = models.GeneratedField(
        expression=SearchVector("subject", "text", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("workflow_ref", "subject", "-id"), name="note_subject"),
            models.Index(fields=("workflow_ref", "agent", "-id"), name="note_agent"),
            models.Index(fields=("-id",), condition=Q(state="proposed"), name="note_proposed"),
            GinIndex(fields=("search",), name="note_search"),
        )

    def __str__(self) -> str:
        return self.subject
