"""How the parts of a run's steps stand: rounds, items, plans and runs of other workflows. Two queries at any number."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min

from agents.people import Person
from orchestrator.runs.access import runs_for
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState

MOST_ROUNDS = 300
ACTIVE = (RunState.PENDING, RunState.RUNNING, RunState.WAITING, RunState.RESTING)


@dataclass
class Tally:
    """The parts of one step: by state in its latest attempt, and those that have worked out in any."""

    attempt: int = 0
    states: dict[str, int] = field(default_factory=dict)
    done: int = 0
    highest: int = -1
    first: datetime | None = None
    last: datetime | None = None

    @property
    def failed(self) -> int:
        """How many did not work out."""
        return self.states.get(RunState.FAILED, 0) + self.states.get(RunState.STOPPED, 0)

    @property
    def active(self) -> int:
        """How many have begun and not ended."""
        return sum(self.states.get(state, 0) for state in ACTIVE)

    @property
    def asking(self) -> int:
        """How many wait for a person."""
        return self.states.get(RunState.WAITING, 0)

    @property
    def rounds(self) -> int:
        """How many rounds of a loop have begun in its latest attempt."""
        return self.highest + 1

    def add(self, attempt: int, state: str, number: int, highest: int) -> None:
        """Count parts of one attempt in one state. Attempts come in order."""
        if attempt > self.attempt:
            self.attempt, self.states, self.highest = attempt, {}, -1
        self.states[state] = number
        self.highest = max(self.highest, highest)
        if state == RunState.SUCCEEDED:
            self.done += number


@dataclass(frozen=True)
class Part:
    """A round of a loop, a plan, or the run of another workflow. `index` counts from 0."""

    step: int
    pk: int
    ref: UUID
    index: int
    state: str
    begun: datetime
    ended: datetime | None


def tallies_of(run: Run) -> dict[int, Tally]:
    """The tallies of the steps of a run that have parts, by the primary keys of the steps. One query."""
    found: dict[int, Tally] = {}
    groups = Run.objects.filter(parent__run=run).order_by("parent_id", "parent_attempt")
    counted = groups.values_list("parent_id", "parent_attempt", "state").annotate(
        Count("pk"), Max("index"), Min("created_at"), Max("finished_at")
    )
    for step, attempt, state, number, highest, first, last in counted:
        tally = found.setdefault(step, Tally())
        tally.add(attempt, state, number, highest)
        tally.first = min(tally.first or first, first)
        tally.last = max(filter(None, (tally.last, last)), default=None)
    return found


def parts_of(run: Run, user: Person) -> list[Part]:
    """The newest parts that are no items of a list, as far as the reader may see them, oldest first. One query."""
    rows = runs_for(user).filter(parent__run=run, parent__total=None).order_by("-pk")
    fields = ("parent_id", "pk", "ref", "index", "state", "created_at", "finished_at")
    return [Part(*row) for row in rows.values_list(*fields)[:MOST_ROUNDS]][::-1]
