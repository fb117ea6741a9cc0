"""The parts of a step as a table: rounds of a loop, items of a list, plans, runs of other workflows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, TextField
from django.db.models.functions import Cast, Left
from django.http import Http404
from django.utils import timezone

from agents.people import Person
from orchestrator.runs.access import runs_for
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState

PAGE = 50
GIVEN = 200  # characters of a part's input that the table shows
NAMES = {"loop": "Round", "plan": "Plan", "workflow": "Run"}
PLURALS = {"Round": "rounds", "Plan": "plans", "Run": "runs", "Item": "items"}


@dataclass(frozen=True)
class PartRow:
    """A part as the table shows it. `given` is the beginning of its input."""

    run: Run
    name: str
    given: str
    seconds: float


@dataclass(frozen=True)
class PartsPage:
    """Some parts of a step, in the order in which they were begun. `later` is where the next page begins."""

    step: Step
    rows: tuple[PartRow, ...]
    counts: Mapping[str, int]
    state: str
    after: int | None
    later: int | None

    @property
    def total(self) -> int:
        """How many parts there are, of all attempts."""
        return sum(self.counts.values())

    @property
    def states(self) -> list[tuple[str, str, int]]:
        """The states to choose from, with how many parts are in each."""
        return [(state.value, state.label, self.counts[state]) for state in RunState if state in self.counts]

    @property
    def words(self) -> str:
        """What its parts are called."""
        return PLURALS[name_of(self.step)]


def parts_page(user: Person, run: Run, ref: UUID, state: str, after: int | None) -> PartsPage:
    """The parts of a step that the reader may see, in one state or in all. Raises Http404 for a step that is none.

    The same number of queries at any size.
    """
    step = run.steps.filter(ref=ref).defer("input", "output").first()
    if step is None:
        raise Http404
    found = runs_for(user).filter(parent=step)
    counts = dict(found.order_by().values_list("state").annotate(Count("pk")))
    state = state if state in RunState.values else ""
    found = found.filter(state=state) if state else found
    found = found.filter(pk__gt=after) if after else found
    shown = found.defer("input", "output", "definition").annotate(given=Left(Cast("input", TextField()), GIVEN))
    parts = list(shown.order_by("pk")[: PAGE + 1])
    now = timezone.now()
    rows = tuple(_row(part, step, now) for part in parts[:PAGE])
    return PartsPage(step, rows, counts, state, after, parts[PAGE - 1].pk if len(parts) > PAGE else None)


def name_of(step: Step) -> str:
    """What one part of a step is called."""
    return "Item" if step.total is not None else NAMES.get(step.kind, "Item")


def place_of(part: Run, step: Step) -> str:
    """A part by its place: `Round 2`, `Item 12 of 2,000`."""
    name = name_of(step)
    if name in ("Plan", "Run"):
        return name
    return f"{name} {part.index + 1:,}" + (f" of {step.total:,}" if step.total is not None else "")


def _row(part: Run, step: Step, now: datetime) -> PartRow:
    seconds = ((part.finished_at or now) - part.created_at).total_seconds()
    return PartRow(part, place_of(part, step), getattr(part, "given", ""), seconds)
