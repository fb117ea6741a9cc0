"""The check itself: each thing that a fault could leave behind is found, and said in a sentence."""

import os
import random
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from agents.models import ToolCall
from agents.states import CallState
from approvals.models import Decision, Review
from approvals.states import ReviewState
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState, StepState
from tests.chaos import patterns, shop
from tests.chaos.people import decide_all
from tests.chaos.shop import Outside
from tests.chaos.worker import maker
from tests.chaos.world_check import problems
from tests.scenes import a_run
from tests.workshop import pump
from tests.world import World

pytestmark = pytest.mark.django_db
LATER = timedelta(days=90)


@pytest.fixture
def outside(world: World, settings: Any, tmp_path: Path, script: Callable[[Any], None]) -> Outside:
    """A world in which a run of each kind has ended, one waits for a person, and one for its parts."""
    settings.HOLDSHORT_PYTHON_TOOLS = shop.TOOLS
    settings.HOLDSHORT_HOLD_SECONDS = 0
    script(maker)
    shop.open_books(tmp_path / "books.sqlite")
    outside = shop.an_outside(world)
    patterns.publish("inner")
    for name in ("mixed", "consent", "undo", "rounds"):
        run = a_run(patterns.publish(name), world.otto, word=name)
        pump(run)
        for _ in range(3):
            decide_all(outside, random.Random(5))
            pump(run)
    pump(a_run(patterns.publish("consent"), world.otto, word="waits"))
    pump(a_run(patterns.publish("person"), world.otto, word="waits too"))
    pump(a_run(patterns.publish("rests"), world.otto, word="rests"))
    return outside


def on_books(sql: str) -> Callable[[], object]:
    def change() -> None:
        with sqlite3.connect(os.environ[shop.BOOKS]) as books:
            books.execute(sql)

    return change


def ended() -> Run:
    return Run.objects.filter(state=RunState.SUCCEEDED, parent=None).order_by("pk")[0]


def waiting() -> Run:
    return Run.objects.filter(state=RunState.WAITING).order_by("pk")[0]


def resting() -> Run:
    return Run.objects.get(state=RunState.RESTING)


def executed() -> ToolCall:
    return ToolCall.objects.filter(state=CallState.SUCCEEDED, consent_ref__isnull=False).order_by("pk")[0]


def change(rows: Any, **values: Any) -> object:
    return type(rows).objects.filter(pk=rows.pk).update(**values)


FAULTS: dict[str, Callable[[], object]] = {
    "had 2 effects under one key": on_books("INSERT INTO effects SELECT * FROM effects LIMIT 1"),
    "the books show 0 effects of it": on_books("DELETE FROM effects WHERE rowid = 1"),
    "no call has that key": on_books("INSERT INTO effects VALUES ('stray', 'make', 'x', 0)"),
    "is recorded as withdrawn, and yet the books": lambda: change(executed(), state=CallState.WITHDRAWN),
    "no intent of it was stored": lambda: change(executed(), intent_at=None),
    "that nobody consented to": lambda: change(executed(), consent_ref=None),
    "was given to something else": lambda: change(executed(), digest="0" * 64),
    "nobody will look at it again": lambda: change(waiting(), wake_at=timezone.now() + LATER),
    "is due, and nobody comes": lambda: change(waiting(), wake_at=timezone.now() - LATER),
    "none of its steps does": lambda: Step.objects.filter(run=waiting()).update(state=StepState.SUCCEEDED),
    "waits for nothing that could be named": lambda: (
        change(resting(), wake_at=timezone.now() + timedelta(days=1)),
        Step.objects.filter(run=resting(), key="rest").update(kind="tool"),
    ),
    "and its record says that it goes on": lambda: change(waiting(), state=RunState.FAILED, wake_at=None),
    "and its record says succeeded": lambda: change(ended(), state=RunState.FAILED),
    "is not the one on record": lambda: change(ended(), output={"other": 1}),
    "is failed; its record says step.started": lambda: Step.objects.filter(run=ended(), key="w1").update(
        state=StepState.FAILED
    ),
    "and 0 decisions on it stand": lambda: change(waiting_review(), state=ReviewState.APPROVED),
    "and yet a decision on it stands": lambda: change(Decision.objects.all()[0].review, state=ReviewState.OPEN),
    "is still open, and its run has ended": lambda: change(waiting(), state=RunState.STOPPED, wake_at=None),
    "its step pay is waiting": lambda: change(waiting(), state=RunState.STOPPED, wake_at=None),
    "the worker that had": lambda: change(waiting(), lane_owner=5),
    "and a worker still has it": lambda: change(ended(), lane_owner=5),
    "has run out, and nobody took it over": lambda: change(
        Step.objects.filter(state=StepState.WAITING)[0], lease_until=timezone.now() - LATER
    ),
    "ended before it began": lambda: Step.objects.filter(run=ended()).update(started_at=timezone.now() + LATER),
}


def waiting_review() -> Review:
    return Review.objects.filter(state=ReviewState.OPEN)[0]


def test_a_world_in_order_is_found_in_order(outside: Outside) -> None:
    assert list(problems(outside, at_rest=True)) == []


def test_what_a_fault_could_leave_is_found(outside: Outside) -> None:
    missed = {sentence: found for sentence in FAULTS if (found := _not_found(sentence, outside)) is not None}
    assert missed == {}


def _not_found(sentence: str, outside: Outside) -> list[str] | None:
    """What is found instead of this sentence; None when it is found. Nothing is left of the fault afterwards."""
    books = Path(os.environ[shop.BOOKS]).read_bytes()
    with transaction.atomic():
        FAULTS[sentence]()
        found = list(problems(outside, at_rest=True))
        transaction.set_rollback(True)
    Path(os.environ[shop.BOOKS]).write_bytes(books)
    return None if any(sentence in each for each in found) else found
