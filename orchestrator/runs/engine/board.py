"""A run as one transaction sees it: its row locked, its steps, and the reviews that have news for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet

from agents.models import AgentVersion
from agents.people import Person
from agents.verdicts import Route
from approvals.actions import deliver, expire
from approvals.models import Review
from approvals.states import ReviewKind, ReviewState
from audit.clock import db_now
from audit.fixed import A_REF, A_TEXT, Fixed, FixedUpdate
from orchestrator.runs.engine import liveness, planner
from orchestrator.runs.engine.definitions import definition_of
from orchestrator.runs.engine.routes import route_of
from orchestrator.runs.engine.rows import HEAVY, UNMOVED, Steps, steps_of
from orchestrator.runs.engine.work import LEASE_MARGIN, Work
from orchestrator.runs.models import Run, Step
from orchestrator.runs.signals import announce_due, announce_run
from orchestrator.runs.states import RUN_ENDED, RunState, StepState
from orchestrator.workflows import schema

MOVING = (
    *("state", "wake_at", "version", "troubles", "output", "reason", "finished_at", "ending"),
    *("lane_until", "lane_owner", "goes_on"),
    *("input_tokens", "output_tokens", "cost", "cost_known"),
)
LONG = ("workflow_version__source", "workflow_version__definition")  # and it is known already, mostly


@dataclass
class Board:
    """Everything one transition of a run works on. Made by `take`, inside the transaction.

    `question` is set while nothing of the run may begin: when to look again. `asked` says that a person is asked then.
    `story` is what has happened in the run, as a dossier tells it, where that is known without reading it.
    """

    run: Run
    now: datetime
    steps: Steps
    parked: dict[str, datetime] = field(default_factory=dict)
    lane_lost: bool = False
    gone: frozenset[int] = frozenset()
    question: datetime | None = None
    asked: bool = False
    touched: dict[str, Step] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    story: Sequence[dict[str, Any]] | None = None
    route_of: Callable[[schema.Reviewers], Route] = route_of

    @cached_property
    def definition(self) -> schema.Definition:
        """The pinned definition of the run."""
        return definition_of(self.run)

    @property
    def stream(self) -> str:
        """The stream of the record that this run writes to."""
        return f"run:{self.run.ref}"

    @cached_property
    def around(self) -> tuple[UUID, ...]:
        """The refs of all that this run belongs to: its workflow, and the runs it is a part of with theirs."""
        refs, parent = [self.run.workflow_version.workflow.ref], self.run.parent_id
        while parent is not None:
            outer = Run.objects.filter(steps=parent).values_list("ref", "workflow_version__workflow__ref", "parent_id")
            ref, workflow, parent = outer.get()
            refs += [ref, workflow]
        return tuple(dict.fromkeys(refs))

    def views(self) -> dict[str, planner.View]:
        """The steps as the planner sees them."""
        return self.steps.views()

    def outputs(self) -> Mapping[str, Any]:
        """What later steps may refer to."""
        return planner.outputs_of(self.definition, self.views())

    def at_work(self, step: Step) -> bool:
        """Whether a worker has a step: its lease has not run out, and nobody knows that its owner is gone."""
        return self._ahead(step.lease_until) and step.lease_owner not in self.gone

    def someone_at_work(self) -> bool:
        """Whether a worker has any of the steps."""
        return any(self.at_work(step) for step in self.steps.values())

    def all_at_work(self) -> bool:
        """Whether all that is going on is with workers or rests before its next try: nothing is left to do here."""
        going_on = self.going_on()
        with_others = all(self.at_work(step) or self._ahead(step.retry_at) for step in going_on)
        return bool(going_on) and with_others and self.run.ending is None

    def lost(self) -> list[Step]:
        """The steps whose worker is gone or did not come back in time."""
        return [step for step in self.going_on() if step.lease_until and not self.at_work(step)]

    def going_on(self) -> list[Step]:
        """The steps that have begun and not ended."""
        return [step for step in self.steps.values() if step.state in planner.IN_FLIGHT]

    def to_drive(self) -> list[Step]:
        """The steps that are going on, are with no worker, do not rest, and were not driven to a halt just now."""
        free = [step for step in self.going_on() if not self.at_work(step) and step.key not in self.parked]
        return [step for step in free if not self._ahead(step.retry_at)]

    def overdue(self) -> list[Step]:
        """The steps that have taken too long and are with no worker."""
        late = [step for step in self.going_on() if step.deadline_at is not None and step.deadline_at <= self.now]
        return [step for step in late if not self.at_work(step) and not is_escalated(step)]

    def place(self, key: str) -> "Place":
        """A step with what the definition says of it."""
        return Place(self, self.steps[key], self.definition.step(key))

    def rest(self) -> None:
        """This worker does nothing more now: say when somebody has to look at this run again, whatever is lost.

        Where there is more to do than this one can, another is rung for.
        """
        going_on = self.going_on()
        leases = [step.lease_until for step in going_on if self.at_work(step)]
        busy = [*leases, *(step.retry_at for step in going_on if self._ahead(step.retry_at))]
        ends = [time for time in (self.run.deadline_at, *(step.deadline_at for step in going_on)) if self._ahead(time)]
        if busy:
            self.run.state = RunState.RUNNING
        else:
            asked = self.asked or any(step.state == StepState.WAITING for step in going_on)
            self.run.state = RunState.WAITING if asked else RunState.RESTING
        times = (*busy, *ends, *self.parked.values(), self.question)
        self.run.wake_at = min(time for time in times if time is not None)
        if self.to_drive():
            announce_due(self.run)

    def touch(self, step: Step, *, given: bool = False) -> None:
        """Have a step saved at the end of the transition, however often it changes until then.

        With `given`, so is what it was given: a list of ten thousand items need not be written again and again.
        """
        self.touched[step.key] = step
        if given:
            self.given.add(step.key)

    def store(self) -> None:
        """Save what a transition has changed of the run and its steps, and say that it has moved."""
        for step in self.touched.values():
            (_SAVE_GIVEN if step.key in self.given else _SAVE_STEP)(step)
        self.run.version += 1
        _SAVE_RUN(self.run)
        announce_run(self.run)

    def _ahead(self, time: datetime | None) -> bool:
        return time is not None and time > self.now


@dataclass
class Place:
    """One step on the board: its row and what the definition says of it."""

    board: Board
    step: Step
    spec: schema.StepSpec

    @property
    def run(self) -> Run:
        """The run of the step."""
        return self.board.run

    @property
    def started_by(self) -> Person:
        """The person who started the run and so may not approve its actions."""
        return self.run.started_by

    @property
    def rule(self) -> schema.ReviewRule:
        """Who is asked about this step and by when."""
        return schema.review_rule(self.board.definition, self.spec)

    @property
    def escalation_rule(self) -> schema.ReviewRule:
        """Who is asked when the step cannot go on by itself."""
        return schema.escalation_rule(self.board.definition, self.spec)

    @property
    def route(self) -> Route:
        """The rule's reviewer; empty where the definition names nobody."""
        return self.board.route_of(self.rule)

    def lease(self, work: Work) -> None:
        """Give the step to this worker for as long as the work may take, or until it is dead where that may be."""
        seconds = max(settings.HOLDSHORT_LEASE_SECONDS, work.seconds + LEASE_MARGIN)
        self.step.lease_until = self.board.now + timedelta(seconds=seconds)
        self.step.lease_owner = liveness.owner() if work.may_repeat else None


def is_escalated(step: Step) -> bool:
    """Whether a person is asked, or was asked and has not been heard yet, how to go on with a step."""
    return step.review is not None and step.review.kind == ReviewKind.ESCALATION


def take(ref: UUID, *, wait: bool) -> Board | None:
    """Lock a run and read what stands in its rows; None when it has ended or (without `wait`) somebody else has it.

    The reviews are locked before anything is written, in the order in which a decision locks them too.
    """
    run = (_RUN_WAITING if wait else _RUN).first(ref)
    if run is None or run.state in RUN_ENDED:
        return None
    now = db_now()
    lost = run.lane_owner is not None and run.lane_owner != liveness.owner()
    in_time = run.lane_until is not None and run.lane_until > now
    if lost and in_time and liveness.is_alive(run.lane_owner):
        return None
    if run.version:  # before its first transition nobody has been asked anything
        for review in _UNDELIVERED(ref):
            _news(review, now)
    steps = steps_of(run)
    gone = liveness.gone({step.lease_owner for step in steps.values() if step.lease_owner is not None})
    run.lane_owner = run.lane_until = None
    return Board(run, now, steps, lane_lost=lost, gone=gone)


def _news(review: Review, now: datetime) -> None:
    """Take up what became of a review, before the steps are read, so that they see it."""
    if review.state == ReviewState.OPEN and review.expires_at <= now:
        expire(review)
    if review.state != ReviewState.OPEN:
        deliver(review, now=now)


def current_version(name: str) -> AgentVersion | None:
    """The version of an agent that a step starting now will keep."""
    return _CURRENT.first(name)


def _run_of(ref: UUID, *, skip_locked: bool) -> QuerySet[Run]:
    rows = Run.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    rows = rows.select_related("workflow_version__workflow", "workflow_version__withdrawal__by", "started_by")
    return rows.defer(*LONG).filter(ref=ref)


def _undelivered_of(ref: UUID) -> QuerySet[Review]:
    rows = Review.objects.select_for_update(no_key=True).filter(run_ref=ref, delivered_at=None)
    return rows.defer(*HEAVY).order_by("pk")


def _current_of(name: str) -> QuerySet[AgentVersion]:
    versions = AgentVersion.objects.select_related("agent__acts_for_user", "agent__acts_for_team", "agent__owner")
    return versions.filter(agent__name=name, pk=F("agent__current"))


_RUN, _RUN_WAITING = (Fixed(partial(_run_of, skip_locked=skip), A_REF) for skip in (True, False))
_UNDELIVERED = Fixed(_undelivered_of, A_REF)
_SAVE_RUN = FixedUpdate(Run, MOVING)
_CHANGING = [field.name for field in Step._meta.concrete_fields if field.name not in UNMOVED]
_SAVE_GIVEN = FixedUpdate(Step, _CHANGING)
_SAVE_STEP = FixedUpdate(Step, [name for name in _CHANGING if name != "input"])
_CURRENT = Fixed(_current_of, A_TEXT)
