"""What the pages show that start runs: one by a form, or many from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Count

from agents.schema_forms import Field, Parsed
from agents.states import Environment
from orchestrator.runs.models import Batch, Run, Upload
from orchestrator.runs.starting.inputs import input_fields
from orchestrator.runs.states import RUN_ENDED, RunState
from orchestrator.workflows.lint import Finding, Level, lint
from orchestrator.workflows.models import Workflow, WorkflowVersion
from orchestrator.workflows.queries import definition_of, world_of
from orchestrator.workflows.schema import Definition

MOST_PROBLEMS = 100


@dataclass(frozen=True)
class StartPage:
    """The form that starts one run. `key` makes that sending it twice starts one run only."""

    workflow: Workflow
    version: WorkflowVersion
    definition: Definition
    fields: list[Field]
    errors: list[str]  # what belongs to no field
    broken: list[Finding]
    key: UUID
    used_by: Run | None = None

    @classmethod
    def of(
        cls, workflow: Workflow, *, parsed: Parsed | None = None, key: UUID | None = None, used_by: Run | None = None
    ) -> "StartPage":
        """The page for the current version, with what was typed."""
        version, definition = current(workflow)
        return cls(
            workflow=workflow,
            version=version,
            definition=definition,
            fields=input_fields(definition.input, parsed=parsed),
            errors=[parsed.errors[""]] if parsed and "" in parsed.errors else [],
            broken=broken_today(definition),
            key=key or uuid4(),
            used_by=used_by,
        )


@dataclass(frozen=True)
class UploadPage:
    """A file that somebody looks at before its runs start."""

    upload: Upload
    definition: Definition
    good: int
    left_out: list[dict[str, Any]]
    more_left_out: int
    is_old: bool

    @classmethod
    def of(cls, upload: Upload) -> "UploadPage":
        """The page of a file that was read."""
        left_out = upload.report["left_out"]
        return cls(
            upload=upload,
            definition=definition_of(upload.workflow_version),
            good=len(upload.rows),
            left_out=left_out[:MOST_PROBLEMS],
            more_left_out=max(0, len(left_out) - MOST_PROBLEMS),
            is_old=upload.workflow_version_id != upload.workflow_version.workflow.current_id,
        )

    @property
    def bad(self) -> int:
        """How many rows cannot be started."""
        return len(self.left_out) + self.more_left_out


@dataclass(frozen=True)
class BatchPage:
    """How far the runs of a file are."""

    batch: Batch
    states: Mapping[str, int]
    problems: list[dict[str, Any]]
    more_problems: int

    @classmethod
    def of(cls, batch: Batch) -> "BatchPage":
        """The page of a batch the person may see. One query."""
        counted = batch.runs.order_by().values_list("state").annotate(number=Count("pk"))
        numbers = dict(counted)
        return cls(
            batch=batch,
            states={state: numbers[state] for state in RunState if state in numbers},
            problems=batch.problems[:MOST_PROBLEMS],
            more_problems=max(0, len(batch.problems) - MOST_PROBLEMS),
        )

    @property
    def is_starting(self) -> bool:
        """Whether rows are still waiting to be started."""
        return self.batch.done < self.batch.total

    @property
    def is_over(self) -> bool:
        """Whether every run has ended."""
        return not self.is_starting and all(state in RUN_ENDED for state in self.states)

    @property
    def seconds_to_next(self) -> int:
        """How soon to look again; 0 when nothing will change any more."""
        return 2 if self.is_starting else 0 if self.is_over else 15

    @property
    def percent(self) -> int:
        """How much is started, rounded down."""
        return 100 * self.batch.done // self.batch.total


def current(workflow: Workflow) -> tuple[WorkflowVersion, Definition]:
    """The version that new runs follow. What `access_workflow` returns has one."""
    if workflow.current is None:
        raise LookupError(f"{workflow.name} was never published.")
    return workflow.current, definition_of(workflow.current)


def broken_today(definition: Definition) -> list[Finding]:
    """What would keep a run of this definition from going on as things are now."""
    findings = lint(definition, world_of(Environment(definition.environment)))
    return [finding for finding in findings if finding.level is Level.ERROR]
