"""The list of runs: newest first, some at a time, with what each is doing and whom it waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from agents.people import Person
from approvals.models import Review
from approvals.states import ReviewState
from audit import canonical
from orchestrator.runs.access import runs_for
from orchestrator.runs.models import Batch, Run, Step
from orchestrator.runs.pages.filters import RunFilters
from orchestrator.runs.states import STEP_ENDED, StepState
from orchestrator.workflows.models import Workflow

PAGE = 50
HEAVY = (
    *("input", "output", "definition", "workflow_version__source", "workflow_version__definition"),
    *("parent__input", "parent__output"),
)


@dataclass(frozen=True)
class RunRow:
    """A run in the list. `step` is the first step that is going on, else the first that has not begun.

    `waits_for` names who was asked.
    """

    run: Run
    seconds: float
    step: Step | None
    waits_for: tuple[Review, ...]


@dataclass(frozen=True)
class RunsPage:
    """Some runs. `older` is where the next page begins; `seen` changes whenever something shown here has changed."""

    rows: tuple[RunRow, ...]
    older: int | None
    seen: str


def runs_page(user: Person, filters: RunFilters, before: int | None) -> RunsPage:
    """The newest runs that match, or those older than the run `before`. The same number of queries at any size."""
    found = runs_for(user).filter(filters.condition(user)).order_by("-pk")
    found = found.select_related("workflow_version__workflow", "started_by", "parent").defer(*HEAVY)
    runs = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    shown = runs[:PAGE]
    rows = _rows(shown, timezone.now())
    return RunsPage(rows, shown[-1].pk if len(runs) > PAGE else None, _seen(rows))


def changes_since(user: Person, filters: RunFilters, seen: str) -> bool:
    """Whether the first page is no longer what somebody saw."""
    return runs_page(user, filters, None).seen != seen


def workflows_to_choose(user: Person) -> QuerySet[Workflow]:
    """The workflows by which this reader may narrow the list down."""
    workflows = Workflow.objects.only("name", "title")
    if user.has_perm("workflows.view_workflow"):
        return workflows
    return workflows.filter(Exists(runs_for(user).filter(workflow_version__workflow=OuterRef("pk"))))


def batch_named(filters: RunFilters) -> Batch | None:
    """The batch whose runs were asked for."""
    return Batch.objects.only("name").filter(ref=filters.batch).first() if filters.batch else None


def _rows(runs: Sequence[Run], now: datetime) -> tuple[RunRow, ...]:
    steps = {step.run_id: step for step in _current_steps(runs)}
    asked: dict[object, list[Review]] = {}
    for review in _open_reviews(runs):
        asked.setdefault(review.run_ref, []).append(review)
    return tuple(
        RunRow(
            run,
            ((run.finished_at or now) - run.created_at).total_seconds(),
            steps.get(run.pk),
            tuple(asked.get(run.ref, ())),
        )
        for run in runs
    )


def _current_steps(runs: Sequence[Run]) -> QuerySet[Step]:
    """The step of each run that is named in the list."""
    going_on = [run.pk for run in runs if run.finished_at is None]
    steps = Step.objects.filter(run__in=going_on).exclude(state__in=STEP_ENDED)
    begun = ~Q(state=StepState.PENDING)
    chosen = steps.only("run", "title", "position").annotate(begun=begun)
    return chosen.order_by("run_id", "-begun", "position").distinct("run_id")


def _open_reviews(runs: Sequence[Run]) -> QuerySet[Review]:
    reviews = Review.objects.filter(run_ref__in=[run.ref for run in runs], state=ReviewState.OPEN)
    return reviews.select_related("person", "team").only("run_ref", "person__name", "team__name").order_by("pk")


def _seen(rows: Sequence[RunRow]) -> str:
    facts = [[row.run.pk, row.run.version, row.run.state, [review.pk for review in row.waits_for]] for row in rows]
    return canonical.digest(facts)[:16]
