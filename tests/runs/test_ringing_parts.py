"""A run hears at once when a part of it ends, whatever else is going on; no sweep is needed for that."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from orchestrator.runs.engine import parts
from orchestrator.runs.engine.advancing import advance
from orchestrator.runs.engine.parts import Tally
from orchestrator.runs.models import Run, Step
from orchestrator.runs.signals import run_due
from orchestrator.runs.states import RunState
from tests.scenes import a_run
from tests.workshop import Workshop, words

pytestmark = pytest.mark.django_db(transaction=True)

EACH = """
- {id: each, title: Each, kind: tool, agent: hand, tool: shop.say, for_each: {items: "${input.words}", at_once: 2},
   with: {word: "${item}"}}
- {id: again, title: Again, kind: loop, needs: [each], with: {word: "${input.word}"}, max_rounds: 3,
   until: "input.round == 2",
   steps: [{id: say, title: Say, kind: tool, agent: hand, tool: shop.say, with: {word: "${input.word}"}}]}
"""


@pytest.fixture
def rung() -> Iterator[deque[UUID]]:
    """For which runs a worker was rung for, in order."""
    found: deque[UUID] = deque()

    def note(run: Run, **_: Any) -> None:
        found.append(run.ref)

    run_due.connect(note, weak=False)
    yield found
    run_due.disconnect(note)


def answer(rung: deque[UUID]) -> None:
    """Do what workers would do for what they were rung for, and nothing else."""
    while rung:
        advance(rung.popleft())


def test_what_ends_rings_for_the_run_it_is_a_part_of(workshop: Workshop, rung: deque[UUID]) -> None:
    run = a_run(workshop.workflow(EACH), workshop.world.otto, words=["a", "b", "c", "d", "e"], word="f")
    rung.append(run.ref)
    answer(rung)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.reason
    assert sorted(words()) == ["a", "b", "c", "d", "e", "f", "f"]
    assert not Run.objects.filter(parent__isnull=False, told=False).exists()


def test_a_part_that_ends_while_its_run_is_driven_is_heard_of_right_after(
    workshop: Workshop, rung: deque[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(workshop.workflow(EACH), workshop.world.otto, words=["a", "b"], word="f")
    rung.clear()
    advance(run.ref)
    part, other = rung
    rung.clear()
    real = parts.count
    seen: list[tuple[int, int]] = []

    def count(step: Step) -> Tally:
        """In the middle of a transition of the run another worker ends a part, and is sent away from the run."""
        if not seen:
            worker = threading.Thread(target=_advance_elsewhere, args=(other, run.ref))
            worker.start()
            worker.join()
            rung.clear()
        tally = real(step)
        seen.append((tally.active, tally.succeeded))
        return tally

    advance(part)
    rung.clear()
    monkeypatch.setattr(parts, "count", count)
    advance(run.ref)
    assert seen == [(1, 1)], "what the run does not know of yet is not over"
    assert rung == deque([run.ref])
    answer(rung)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.reason


def _advance_elsewhere(part: UUID, whole: UUID) -> None:
    advance(part)
    advance(whole)
    connection.close()
