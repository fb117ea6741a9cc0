"""What programs send and get. Field descriptions are what openapi.json says."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from approvals.models import Review
from orchestrator.runs.models import Event, Run, Step
from orchestrator.workflows.models import Workflow

WorkflowName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,120}$")]
State = Literal["pending", "running", "waiting", "succeeded", "failed", "stopped"]


class Sent(BaseModel):
    """What comes from outside: anything not described is refused."""

    model_config = ConfigDict(extra="forbid")


class StartRun(Sent):
    """A run to be started."""

    workflow: WorkflowName = Field(description="The name of the workflow.")
    input: dict[str, Any] = Field(default_factory=dict, description="What its input schema asks for.")
    environment: Literal["sandbox", "production"] | None = Field(
        default=None, description="If given, it must be where the workflow runs: a safeguard against surprises."
    )


class TellEvent(Sent):
    """Something that has happened."""

    id: Key = Field(description="Your own name for it, never used twice: told again, it is the same event.")
    name: WorkflowName = Field(description="What has happened, like documents-received.")
    key: Annotated[str, StringConstraints(min_length=1, max_length=300)] = Field(
        description="What it is about, like the number of a claim."
    )
    data: dict[str, Any] = Field(default_factory=dict, description="What else is to be known.")


class EventTold(BaseModel):
    """An event that was taken in, with the runs that it has started."""

    ref: UUID
    id: str
    name: str
    key: str
    received_at: datetime
    runs: list[UUID] = Field(description="The runs it has started of those you may see.")

    @classmethod
    def of(cls, event: Event, runs: list[UUID]) -> "EventTold":
        """From an event and the runs it has started."""
        facts = {name: getattr(event, name) for name in ("ref", "name", "key", "received_at")}
        return cls(id=event.sent_id, runs=runs, **facts)


class RunsWanted(Sent):
    """Which runs to list."""

    workflow: WorkflowName | None = Field(default=None, description="Only runs of this workflow.")
    state: State | None = Field(default=None, description="Only runs in this state.")
    before: UUID | None = Field(default=None, description="Only runs older than this one: `next` of the last answer.")
    limit: int = Field(default=50, ge=1, le=100)


class RunSummary(BaseModel):
    """A run in a list."""

    ref: UUID
    code: str = Field(description="The short name people say.")
    title: str
    workflow: str
    workflow_version: int
    environment: str
    state: State
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> "RunSummary":
        """From a run with its workflow."""
        return cls(**_summary(run))


class Runs(BaseModel):
    """Some runs, the newest first."""

    runs: list[RunSummary]
    next: UUID | None = Field(description="Send it as `before` to get older ones; null at the end.")


class StepState(BaseModel):
    """One step of a run."""

    key: str
    title: str
    kind: str
    state: str
    reason: str
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, step: Step) -> "StepState":
        """From a step."""
        return cls.model_validate(step, from_attributes=True)


class OpenReview(BaseModel):
    """A question that waits for a person."""

    ref: UUID
    kind: str
    question: str
    asked: str = Field(description="The team or person.")
    due_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, review: Review) -> "OpenReview":
        """From a review with its person or team."""
        facts = {name: getattr(review, name) for name in ("ref", "kind", "due_at", "expires_at")}
        return cls(question=review.short, asked=review.reviewer, **facts)


class RunDetail(RunSummary):
    """A run with what became of it."""

    input: dict[str, Any]
    output: Any = None
    reason: str = Field(description="Why it failed or was stopped.")
    steps: list[StepState]
    open_reviews: list[OpenReview]

    @classmethod
    def of_parts(cls, run: Run, steps: list[Step], reviews: list[Review]) -> "RunDetail":
        """From a run, its steps in their order and its open reviews."""
        return cls(
            **_summary(run),
            input=run.input,
            output=run.output,
            reason=run.reason,
            steps=[StepState.of(step) for step in steps],
            open_reviews=[OpenReview.of(review) for review in reviews],
        )


class WorkflowDescribed(BaseModel):
    """A workflow that may be seen."""

    name: str
    title: str
    description: str
    version: int
    environment: str
    input: dict[str, Any] = Field(description="The JSON Schema of the input.")
    may_start: bool

    @classmethod
    def of(cls, workflow: Workflow, *, may_start: bool) -> "WorkflowDescribed":
        """From a workflow with its current version."""
        assert workflow.current is not None
        definition = workflow.current.definition
        return cls(
            name=workflow.name,
            title=workflow.title,
            description=workflow.description,
            version=workflow.current.number,
            environment=definition["environment"],
            input=definition["input"],
            may_start=may_start,
        )


class Workflows(BaseModel):
    """All workflows that may be seen."""

    workflows: list[WorkflowDescribed]


class ProblemSaid(BaseModel):
    """One thing that is wrong."""

    path: str = Field(description="A JSON pointer into the body, or a slash and the name of a parameter.")
    sentence: str


class ErrorSaid(BaseModel):
    """Why a request was refused."""

    code: str
    message: str
    problems: list[ProblemSaid]


class Refused(BaseModel):
    """Every answer that is not a success."""

    error: ErrorSaid


def _summary(run: Run) -> dict[str, Any]:
    return {
        "ref": run.ref,
        "code": run.code,
        "title": run.title,
        "workflow": run.workflow_version.workflow.name,
        "workflow_version": run.workflow_version.number,
        "environment": run.environment,
        "state": run.state,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }
