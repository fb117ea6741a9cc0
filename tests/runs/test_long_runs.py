"""A run of thousands of steps: each step costs about as much as one of ten, and its page opens as quickly."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.verify import verify_all
from orchestrator.runs.engine import board, rows
from orchestrator.runs.engine.advancing import advance, transition
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState, StepState
from tests.reading import Markup, queries_of, signed_in
from tests.scenes import a_run
from tests.workshop import FAILURES, LEDGER, Workshop, pump, states, step, verbs

HTMX = {"HX-Request": "true"}
PARTS = ("run", "run-head", "run-graph", "run-timeline", "run-memory", "run-events")
MIXED = (
    step("first", "a")
    + step("made", "b", tool="make", compensate="{tool: shop.unmake, agent: hand, with: {word: b}}")
    + step("also", "c", tool="make", compensate="{tool: shop.unmake, agent: hand, with: {word: c}}")
    + step("skipped", "d", when="\"steps.first.output.word == 'z'\"")
    + step("shaky", "e", on_failure="fallback instead", needs="[also]")
    + step("instead", "f")
    + step("both", "${steps.first.output.word} ${steps.shaky.output.word}", needs="[shaky, skipped]")
    + step("last", "${input.word}", on_failure="terminate")
)


def chain(count: int, tool: str = "say") -> str:
    """Steps that hand a word on."""
    return step("s0", "word", tool=tool) + "".join(
        step(f"s{n}", f"${{steps.s{n - 1}.output.word}}", tool=tool) for n in range(1, count)
    )


def statements(workshop: Workshop, count: int, tool: str) -> float:
    """How many statements a step takes in a run of so many."""
    run = a_run(workshop.workflow(chain(count, tool), name=f"chain-{count}"), workshop.world.otto)
    with CaptureQueriesContext(connection) as captured:
        advance(run.ref)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED
    return len(captured) / count


@pytest.mark.parametrize("tool", ["say", "make"])
def test_a_step_takes_as_many_statements_in_a_long_run_as_in_a_short_one(workshop: Workshop, tool: str) -> None:
    statements(workshop, 2, tool)  # what is asked once in a process
    short, long = statements(workshop, 12, tool), statements(workshop, rows.MANY + 5, tool)
    assert long <= short + 4


def test_of_a_long_run_only_what_goes_on_is_read(workshop: Workshop) -> None:
    run = a_run(workshop.workflow(chain(150, "make")), workshop.world.otto)
    transition(run.ref)
    taken = board.take(run.ref, wait=True)
    assert taken is not None
    assert [row.key for row in taken.steps.values()] == ["s0"]
    assert len(taken.steps) == 150
    assert "s149" in taken.steps
    assert "s150" not in taken.steps
    assert taken.steps["s149"].state == StepState.PENDING
    with pytest.raises(KeyError):
        taken.steps["s150"]


@pytest.mark.parametrize("fails", ["", "e", "last", "e last"])
def test_a_run_comes_to_the_same_whether_its_rows_are_read_at_once_or_not(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    told: list[Any] = []
    version = workshop.workflow(MIXED)
    for many in (1_000, 0):
        LEDGER.clear()
        FAILURES.update(dict.fromkeys(fails.split(), 1))
        monkeypatch.setattr(rows, "MANY", many)
        run = pump(a_run(version, workshop.world.otto, word="last"))
        told.append((run.state, run.reason, run.output, states(run), sorted(verbs(run)), list(LEDGER)))
    assert told[0] == told[1]
    assert told[0][0] == (RunState.FAILED if "last" in fails else RunState.SUCCEEDED)
    assert ("unmake", "b") in told[0][5] or "last" not in fails


@pytest.fixture
def run(workshop: Workshop) -> Run:
    """A run of two thousand steps that has come to its end."""
    run = a_run(workshop.workflow(chain(2_000), name="long"), workshop.world.otto)
    began = time.process_time()
    advance(run.ref)
    assert time.process_time() - began < 10, "the time for a step must not grow with their number"
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.reason
    return run


def test_the_page_of_two_thousand_steps_takes_as_many_queries_as_that_of_twenty(workshop: Workshop, run: Run) -> None:
    short = a_run(workshop.workflow(chain(20), name="short"), workshop.world.otto)
    advance(short.ref)
    client = signed_in(workshop.world.lukas)
    few, many = (
        [queries_of(client, reverse(name, args=[each.ref]), headers=HTMX) for name in PARTS] for each in (short, run)
    )
    assert all(long <= short for long, short in zip(many, few, strict=True)), "a short record is verified at once"
    assert max(many) <= 28
    for name in PARTS:
        began = time.process_time()
        html = client.get(reverse(name, args=[run.ref]), headers=HTMX).content.decode()
        assert time.process_time() - began < 1
        assert html.count('class="node ') <= 60
    assert "Steps 1 to 60 of 2000" in Markup(client.get(reverse("run", args=[run.ref])).content.decode()).text
    assert all(broken is None for _, broken in verify_all())
