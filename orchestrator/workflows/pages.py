"""What the pages of workflows show, gathered in a number of queries that does not grow with the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from agents.access import may
from agents.comparison import Line
from agents.people import Person
from agents.schema_table import Row, rows_of
from agents.states import Environment
from orchestrator.workflows.access import CHANGE, START, startable, workflows_for
from orchestrator.workflows.actions import Checked
from orchestrator.workflows.activity import ByState, recent_runs
from orchestrator.workflows.business_map import MapLine, map_lines
from orchestrator.workflows.changes import changed_lines
from orchestrator.workflows.forms import WithdrawForm
from orchestrator.workflows.lint import Finding, lint
from orchestrator.workflows.models import Workflow, WorkflowVersion
from orchestrator.workflows.problems import DefinitionError, Problem
from orchestrator.workflows.queries import definition_of, world_of
from orchestrator.workflows.rights import Holder, holders_of
from orchestrator.workflows.schema import Definition
from orchestrator.workflows.steps import StepLines, step_lines
from orchestrator.workflows.triggers.pages import TriggerLine, trigger_lines

MOST_VERSIONS = 20
MOST_PROBLEMS = 50
LINES_AROUND = 1
LONGEST_LINE = 200


@dataclass(frozen=True)
class WorkflowRow:
    """One line of the list."""

    workflow: Workflow
    runs: ByState
    may_start: bool

    @property
    def environment(self) -> str:
        """Where its runs act."""
        return str(current(self.workflow).definition["environment"])


def workflow_rows(user: Person, workflows: Iterable[Workflow]) -> list[WorkflowRow]:
    """Workflows with their recent runs. Two queries for all of them."""
    found = list(workflows)
    keys = [workflow.pk for workflow in found]
    runs = recent_runs(user, keys)
    may_start = set(startable(user).filter(pk__in=keys).values_list("pk", flat=True))
    return [WorkflowRow(each, runs.get(each.pk, {}), each.pk in may_start) for each in found]


@dataclass(frozen=True)
class WorkflowPage:
    """One workflow as it is now, and how it came about."""

    workflow: Workflow
    version: WorkflowVersion
    definition: Definition
    steps: StepLines
    inputs: list[Row]
    map: list[MapLine]
    findings: list[Finding]
    runs: ByState
    versions: list[WorkflowVersion]
    holders: list[Holder]
    triggers: list[TriggerLine]
    may_start: bool
    may_change: bool

    @property
    def newest(self) -> list[WorkflowVersion]:
        """The versions that are listed."""
        return self.versions[:MOST_VERSIONS]

    @property
    def older(self) -> WorkflowVersion | None:
        """The first version for which there was no room; it leads to all before it."""
        return self.versions[MOST_VERSIONS] if len(self.versions) > MOST_VERSIONS else None

    @classmethod
    def of(cls, workflow: Workflow, user: Person, first_step: int) -> "WorkflowPage":
        """The page of a workflow the person may see; of a long one with the steps from `first_step` on."""
        version = current(workflow)
        definition = definition_of(version)
        versions = workflow.versions.select_related("created_by", "withdrawal").defer("source", "definition")
        return cls(
            workflow=workflow,
            version=version,
            definition=definition,
            steps=step_lines(definition, user, first_step),
            inputs=rows_of(definition.input),
            map=map_lines(definition.map),
            findings=lint(definition, world_of(Environment(definition.environment))),
            runs=recent_runs(user, [workflow.pk]).get(workflow.pk, {}),
            versions=list(versions.order_by("-number")[: MOST_VERSIONS + 1]),
            holders=holders_of(workflow),
            triggers=trigger_lines(workflow),
            may_start=not version.withdrawn and may(user, START, workflow),
            may_change=may(user, CHANGE, workflow),
        )


@dataclass(frozen=True)
class VersionPage:
    """One version of a workflow. `lines` differ from the version before it; None when they cannot be compared.

    `form` withdraws it, for whoever may, while it is in force; or it says why that was not possible.
    """

    version: WorkflowVersion
    before: WorkflowVersion | None
    lines: list[Line] | None
    form: WithdrawForm | None

    @classmethod
    def of(cls, version: WorkflowVersion, user: Person, form: WithdrawForm | None = None) -> "VersionPage":
        """The page of a version of a workflow the person may see."""
        older = version.workflow.versions.filter(number__lt=version.number).order_by("-number").first()
        lines = changed_lines(older.source, version.source) if older else []
        if form is None and not version.withdrawn and may(user, CHANGE, version.workflow):
            form = WithdrawForm()
        return cls(version, older, lines, form)


@dataclass(frozen=True)
class ShownProblem:
    """A mistake in a text, and the lines where it stands, numbered, with a mark at the line itself."""

    problem: Problem
    excerpt: str


@dataclass(frozen=True)
class ImportPage:
    """A text that somebody wants to publish, and what is to be said about it."""

    problems: list[ShownProblem] = field(default_factory=list)
    more_problems: int = 0
    definition: Definition | None = None
    warnings: list[Finding] = field(default_factory=list)
    steps: StepLines = field(default_factory=StepLines)
    map: list[MapLine] = field(default_factory=list)
    before: WorkflowVersion | None = None
    lines: list[Line] | None = None

    @classmethod
    def refused(cls, text: str, error: DefinitionError) -> "ImportPage":
        """A text that cannot be published, with where each mistake stands."""
        lines = text.splitlines()
        shown = [ShownProblem(each, excerpt_of(lines, each.line)) for each in error.problems[:MOST_PROBLEMS]]
        return cls(problems=shown, more_problems=max(0, len(error.problems) - MOST_PROBLEMS))

    @classmethod
    def checked(cls, checked: Checked, user: Person) -> "ImportPage":
        """A text that can be published, beside the version that it would follow."""
        known = workflows_for(user).select_related("current").filter(name=checked.definition.name).first()
        before = known.current if known else None
        return cls(
            definition=checked.definition,
            warnings=checked.warnings,
            steps=step_lines(checked.definition, user),
            map=map_lines(checked.definition.map),
            before=before,
            lines=changed_lines(before.source, checked.text) if before else [],
        )


def excerpt_of(lines: list[str], number: int) -> str:
    """The line of this number (from 1) with its neighbours; empty when there is no such line."""
    first, last = max(1, number - LINES_AROUND), min(len(lines), number + LINES_AROUND)
    if not 1 <= number <= len(lines):
        return ""
    rows: Mapping[int, str] = {each: lines[each - 1][:LONGEST_LINE] for each in range(first, last + 1)}
    width = len(str(last))
    return "\n".join(f"{'>' if each == number else ' '} {each:>{width}}  {row}" for each, row in rows.items())


def matching(user: Person, search: str) -> QuerySet[Workflow]:
    """The workflows a person may see whose title or name holds the words."""
    found = workflows_for(user).select_related("owner", "current__withdrawal").defer("current__source")
    found = found.order_by("title", "id")
    return found.filter(Q(title__icontains=search) | Q(name__icontains=search)) if search else found


def current(workflow: Workflow) -> WorkflowVersion:
    """The version in force. What `access_workflow` returns has one."""
    if workflow.current is None:
        raise LookupError(f"{workflow.name} was never published.")
    return workflow.current
