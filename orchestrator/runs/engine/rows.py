"""The rows of a run's steps, as one transition reads them.

Of a short run all of them are read at once. Of a long one only those of the steps that are going on are: the others are
known by their state, and what somebody asks of one is read then. So a step of a run of thousands costs little more than
one of a run of ten.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from pydantic import ValidationError

from audit.fixed import AN_ID, OTHER_ID, Fixed
from orchestrator.runs.engine import planner
from orchestrator.runs.engine.definitions import definition_of
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import StepState

MANY = 60
"""Steps in a definition from which on a run is long."""
HEAVY = ("dossier", "sentence", "form_schema")  # of a review: for those who read it
UNMOVED = ("id", "ref", "run", "key", "position", "kind", "title")  # of a step: what it is made with, for good
Past = tuple[Any, str, datetime | None]
"""What became of a step: its output, its reason, and when it ended."""


class Brief(NamedTuple):
    """What stays the same of a step while it is done, more or less."""

    id: int
    ref: UUID
    key: str
    position: int
    kind: str
    title: str
    attempt: int


class Steps(dict[str, Step]):
    """The steps of a run by their keys. What stands in the dictionary is read; `steps[key]` reads what is not yet."""

    def __init__(self, run: Run, rows: Iterable[Step], states: Mapping[str, StepState] | None = None) -> None:
        super().__init__((row.key, row) for row in rows)
        for row in self.values():
            row.run = run
        self.run, self.states = run, states or {}
        self._past: dict[str, Past] = {}
        unread = (item for item in self.states.items() if not dict.__contains__(self, item[0]))
        self._seen = {key: Seen(self, key, state) for key, state in unread}

    def __missing__(self, key: str) -> Step:
        if key not in self.states:
            raise KeyError(key)
        (row,) = _STEP(self.run.pk, key)
        row.run = self.run
        self[key] = row
        return row

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or key in self.states

    def __len__(self) -> int:
        return len(self.states.keys() | self.keys())

    def views(self) -> dict[str, planner.View]:
        """The steps as the planner sees them."""
        return {**self._seen, **views_of(self.values())}

    def refs(self) -> list[UUID]:
        """The refs of all of them."""
        return list(self.run.steps.values_list("ref", flat=True)) if self.states else [row.ref for row in self.values()]

    def briefs(self) -> list[Brief]:
        """A little of each of them."""
        if self.states:
            return [Brief(*values) for values in self.run.steps.order_by("position").values_list(*Brief._fields)]
        return [Brief(*(getattr(row, name) for name in Brief._fields)) for row in self.values()]

    def past(self, key: str) -> Past:
        """What became of a step that was not read: of one alone at first, of all where that is not enough."""
        if key not in self._past:
            rows = self.run.steps.exclude(state=StepState.PENDING).exclude(state__in=planner.IN_FLIGHT)
            rows = rows if self._past else rows.filter(key=key)
            found = rows.values_list("key", "output", "reason", "finished_at")
            self._past |= {name: (output, reason, ended) for name, output, reason, ended in found}
        return self._past.get(key, (None, "", None))


class Seen:
    """A step of a long run as the planner sees it, by its state alone until it asks for more."""

    __slots__ = ("_key", "_steps", "state")

    def __init__(self, steps: Steps, key: str, state: StepState) -> None:
        self._steps, self._key, self.state = steps, key, state

    @property
    def output(self) -> Any:
        """What it gave back."""
        return self._steps.past(self._key)[0]

    @property
    def reason(self) -> str:
        """Why it ended so."""
        return self._steps.past(self._key)[1]

    @property
    def ended(self) -> datetime | None:
        """When it ended."""
        return self._steps.past(self._key)[2]


def steps_of(run: Run) -> Steps:
    """The steps of a run: one query, or two for a long run."""
    if not _is_long(run):
        return Steps(run, _STEPS(run.pk))
    states = {key: planner.STATES[state] for key, state in run.steps.values_list("key", "state")}
    return Steps(run, _GOING_ON(run.pk), states)


def views_of(steps: Iterable[Step]) -> dict[str, planner.View]:
    """Rows as the planner sees them."""
    return {
        step.key: planner.StepView(StepState(step.state), step.output, step.reason, step.finished_at) for step in steps
    }


def _is_long(run: Run) -> bool:
    """Whether a run has many steps; one whose definition cannot be read is driven no further anyway."""
    try:
        return len(definition_of(run).steps) > MANY
    except (ValidationError, LookupError, ValueError):
        return False


def _all(run: int) -> QuerySet[Step]:
    related = ("agent_version__agent__acts_for_user", "agent_version__agent__acts_for_team")
    rows = Step.objects.filter(run=run).select_related("review", *related)
    return rows.defer(*(f"review__{name}" for name in HEAVY)).order_by("position")


def _one(run: int, key: str) -> QuerySet[Step]:
    return _all(run).filter(key=key)


def _going_on(run: int) -> QuerySet[Step]:
    return _all(run).filter(state__in=sorted(planner.IN_FLIGHT))


_STEPS = Fixed(_all, AN_ID)
_GOING_ON = Fixed(_going_on, AN_ID)
_STEP = Fixed(_one, OTHER_ID, "(the key of a step)")
