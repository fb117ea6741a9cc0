"""The questions of the fast lane: the same review that the ordinary way opens, and what the record says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agents.gateway import Read
from agents.people import Person
from agents.verdicts import Route
from approvals.actions import make_review, told_of
from approvals.models import Review
from approvals.routing import Reviewer, settle_route
from approvals.states import ReviewKind
from audit.fixed import AN_ID, Fixed
from audit.log import SYSTEM, Party, party
from orchestrator.accounts.models import User
from orchestrator.runs.engine import asking, planner
from orchestrator.runs.engine.board import Board, Place
from orchestrator.runs.engine.dossier import read_event
from orchestrator.runs.engine.lane import calling, statements
from orchestrator.runs.engine.routes import route_of
from orchestrator.runs.engine.rows import Brief, Steps
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import StepState
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.schema import Reviewers

Story = list[tuple[Read, datetime]]


@dataclass(frozen=True)
class Question:
    """A review that is not stored yet, its dossier as bytes, what its step is given, and the entries about both."""

    review: Review
    dossier: bytes
    given: dict[str, Any]
    entries: tuple[tuple[str, dict[str, Any]], ...]


class Facts:
    """What questions need to know and what seldom changes: people, teams and titles, at one revision of the rules."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self._routes: dict[tuple[str | None, str | None], Route] = {}
        self._reviewers: dict[Route, Reviewer] = {}
        self._people: dict[int, Person] = {}
        self._versions: dict[int, WorkflowVersion] = {}

    def route(self, reviewers: Reviewers) -> Route:
        """The team or person that a definition names."""
        key = (reviewers.team, reviewers.person)
        if key not in self._routes:
            self._routes[key] = route_of(reviewers)
        return self._routes[key]

    def reviewer(self, route: Route) -> Reviewer | None:
        """Who is asked; None where it would be the last resort, which many changes that nobody counts may end."""
        if route not in self._reviewers:
            reviewer = settle_route(route, kind=ReviewKind.FORM, started_by=None)
            if not reviewer.named:
                return None
            self._reviewers[route] = reviewer
        return self._reviewers[route]

    def fill(self, run: Run) -> None:
        """Give a run its version, with the workflow, and the person who started it."""
        if run.workflow_version_id not in self._versions:
            (self._versions[run.workflow_version_id],) = _VERSION(run.workflow_version_id)
        if run.started_by_id not in self._people:
            (self._people[run.started_by_id],) = _PERSON(run.started_by_id)
        run.workflow_version = self._versions[run.workflow_version_id]
        run.started_by = self._people[run.started_by_id]


_VERSION = Fixed(
    lambda pk: (
        WorkflowVersion.objects.filter(pk=pk).select_related("workflow", "withdrawal").defer("source", "definition")
    ),
    AN_ID,
)
_PERSON = Fixed(lambda pk: User.objects.filter(pk=pk), AN_ID)
_facts = Facts(0)


def _facts_at(revision: int) -> Facts:
    global _facts  # noqa: PLW0603 - one for all threads: whoever finds an old one makes a new one
    facts = _facts
    if facts.revision != revision:
        facts = _facts = Facts(revision)
    return facts


def question_of(
    run: Run,
    graph: planner.Graph,
    steps: Mapping[str, Brief],
    key: str,
    *,
    revision: int,
    around: tuple[UUID, ...],
    story: Story | None,
    at: datetime,
) -> Question | None:
    """The question of a step to a person; None where it has to be asked in the ordinary way."""
    brief, spec = steps[key], graph.definition.step(key)
    given = calling.given_to(run, spec, graph.outputs())
    if given is None or not calling.is_plain(spec) or calling.book.is_stopped(revision, (run.ref, *around), at):
        return None
    facts = _facts_at(revision)
    facts.fill(run)
    step = Step(run=run, state=StepState.RUNNING, started_at=at, input=given, **brief._asdict())
    states = {other: graph.states.get(other, StepState.PENDING) for other in steps}
    told = None if story is None else [read_event(*each) for each in story]
    board = Board(run, at, Steps(run, [step], states), story=told, route_of=facts.route)
    ask = asking.about_form(Place(board, step, spec))
    reviewer = facts.reviewer(ask.route)
    if reviewer is None:
        return None
    review, dossier = make_review(ask, reviewer, at)
    review.pk = statements.next_review()
    begun = {"step": str(brief.ref), "step_title": brief.title, "kind": brief.kind, "input": given}
    return Question(
        review,
        dossier,
        given,
        (
            ("step.started", {"actor": SYSTEM, "subject": Party("step", str(brief.ref), brief.title), "data": begun}),
            ("review.opened", {"actor": ask.asked_by, "subject": party(review), "data": told_of(ask, review, dossier)}),
        ),
    )
