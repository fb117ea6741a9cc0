"""Several runs in the fast lane at once: the same rows and record as alone, one commit for all of them."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from agents.models import Grant, ToolCall
from agents.states import GrantEffect
from audit.models import Entry
from audit.prepared import Prepared, first_of_each
from audit.verify import verify_all
from orchestrator.runs import tasks
from orchestrator.runs.engine import advancing, lane, leaving
from orchestrator.runs.engine.ending import cancel_run
from orchestrator.runs.engine.lane import entering, statements, together
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from tests.runs.test_lane import THREE, leaves
from tests.runs.test_lane_questions import ASKING, answer
from tests.scenes import a_run, open_reviews
from tests.workshop import FAILURES, Workshop, pump, states, verbs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No version is known for its slow steps, and a slow machine makes none."""
    monkeypatch.setattr(entering, "_slow", {})
    monkeypatch.setattr(together, "SLOW_SECONDS", 60.0)
    monkeypatch.setattr(together, "LONG_SECONDS", 60.0)


def some_runs(workshop: Workshop, count: int = 3, steps: str = THREE) -> list[Run]:
    """New runs of a workflow that this process knows."""
    version = workshop.workflow(steps)
    pump(a_run(version, workshop.world.otto))
    return [a_run(version, workshop.world.otto) for _ in range(count)]


def refs(runs: list[Run]) -> list[Any]:
    return [run.ref for run in runs]


def states_of(runs: list[Run]) -> list[str]:
    return [Run.objects.get(pk=run.pk).state for run in runs]


def transactions_of(runs: list[Run]) -> int:
    """How many transactions have stored what was read for these runs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM agents_toolcall WHERE run_ref = ANY(%s)", [refs(runs)])
        return int(cursor.fetchone()[0])


def test_runs_beside_each_other_leave_what_each_leaves_alone(workshop: Workshop) -> None:
    first, *others = some_runs(workshop, 5)
    assert advancing.advance_together(refs(others)) == []
    alone = pump(first)
    for run in others:
        assert leaves(run) == leaves(alone)
        assert verbs(run) == verbs(alone) == ["run.started", *["step.read"] * 3, "run.finished"]
    assert states_of(others) == [RunState.SUCCEEDED] * 4
    assert [broken for _, broken in verify_all() if broken] == []


def test_a_step_of_all_of_them_is_one_commit(workshop: Workshop) -> None:
    runs = some_runs(workshop, 8)
    with CaptureQueriesContext(connection) as queries:
        assert advancing.advance_together(refs(runs)) == []
    assert len(queries) == 1 + 8 * 3, "one to take them, and one for each step"
    assert transactions_of(runs) == 3


def test_one_that_somebody_cancels_stops_alone(workshop: Workshop) -> None:
    runs = some_runs(workshop)
    lanes = lane.claim_together(refs(runs))
    assert [each.run.ref for each in lanes] == refs(runs)
    cancel_run(ref=runs[1].ref, by=workshop.world.otto, reason="Not needed.", now=True)
    left = lane.ride(lanes)
    assert [each.run.ref for each in left] == [runs[1].ref]
    assert pump(runs[1]).state == RunState.STOPPED
    assert states_of(runs) == [RunState.SUCCEEDED, RunState.STOPPED, RunState.SUCCEEDED]


def test_a_read_that_fails_takes_only_its_own_run_out_of_the_lane(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = some_runs(workshop)
    FAILURES["b again"] = FAILURES["a again"] = 1
    left = advancing.advance_together(refs(runs))
    assert len(left) == 1
    assert sorted(states_of(runs)) == sorted([RunState.RUNNING, RunState.SUCCEEDED, RunState.SUCCEEDED])
    (run,) = Run.objects.filter(ref__in=left)
    assert (run.lane_owner, run.lane_until) == (None, None)
    assert states(pump(run)) == {"a": "succeeded", "b": "waiting", "c": "pending"}


def test_nothing_is_stored_once_a_grant_has_changed(workshop: Workshop) -> None:
    runs = some_runs(workshop)
    lanes = lane.claim_together(refs(runs))
    Grant.objects.filter(tool=workshop.tools["say"]).update(effect=GrantEffect.FORBIDDEN)
    assert lane.ride(lanes) == lanes
    lane.give_back(lanes)
    assert [verbs(run) for run in runs] == [["run.started"]] * 3
    assert [len(open_reviews(pump(run))) for run in runs] == [1] * 3


def test_questions_are_asked_beside_each_other(workshop: Workshop) -> None:
    runs = some_runs(workshop, 4, ASKING.replace("${input.word}", "a word"))
    assert advancing.advance_together(refs(runs)) == []
    assert [len(open_reviews(run)) for run in runs] == [1] * 4
    assert states_of(runs) == [RunState.WAITING] * 4
    for run in runs:
        answer(run, workshop)
    assert {pump(run).state for run in runs} == {RunState.SUCCEEDED}
    assert [broken for _, broken in verify_all() if broken] == []


def test_with_slow_tools_the_others_are_left_to_others(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = some_runs(workshop)
    monkeypatch.setattr(together, "SLOW_SECONDS", 0.0)
    left = advancing.advance_together(refs(runs))
    assert len(left) >= 2
    assert all(run.lane_owner is None for run in Run.objects.filter(ref__in=left))
    more = [a_run(runs[0].workflow_version, workshop.world.otto) for _ in range(2)]
    assert lane.claim_together(refs(more)) == [], "the version is known to be slow"
    monkeypatch.setattr(entering, "_slow", dict.fromkeys(entering._slow, 0.0))
    assert len(lane.claim_together(refs(more))) == 2, "but not for ever"
    assert {pump(run).state for run in runs} == {RunState.SUCCEEDED}
    assert not Entry.objects.filter(verb="run.troubled").exists()


def test_what_waits_to_be_stored_waits_for_a_moment_only(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = some_runs(workshop)
    stored: list[int] = []
    real = statements.store

    def note(changes: Any) -> Any:
        stored.append(len(changes))
        return real(changes)

    monkeypatch.setattr(statements, "store", note)
    monkeypatch.setattr(together, "ROUND_SECONDS", 0.0)
    assert advancing.advance_together(refs(runs)) == []
    assert set(stored) <= {0, 1} and sum(stored) == 9


def test_a_worker_that_leaves_gives_them_back(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = some_runs(workshop)
    monkeypatch.setattr(leaving, "is_leaving", lambda: True)
    assert advancing.advance_together(refs(runs)) == refs(runs)
    monkeypatch.undo()
    assert not Run.objects.filter(lane_owner__isnull=False).exists()
    assert {pump(run).state for run in runs} == {RunState.SUCCEEDED}
    assert not Entry.objects.filter(verb="run.troubled").exists()


@pytest.mark.parametrize("error", [OperationalError("away"), KeyError("a mistake of ours")])
def test_when_it_breaks_each_goes_on_alone(
    error: Exception, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = some_runs(workshop)

    real = statements.store

    def breaks(changes: Any) -> Any:
        if len(changes) > 1:
            raise error
        return real(changes)

    monkeypatch.setattr(statements, "store", breaks)
    rung: list[list[str]] = []
    monkeypatch.setattr(tasks.begin, "apply_async", lambda refs, known, **options: rung.append(list(refs[0])))
    tasks.begin([str(run.ref) for run in runs])
    assert not Run.objects.filter(lane_owner__isnull=False).exists()
    for some in rung:
        tasks.begin(some)
    assert {pump(run).state for run in runs} == {RunState.SUCCEEDED}
    assert not Entry.objects.filter(verb="run.troubled").exists()
    assert ToolCall.objects.filter(run_ref__in=refs(runs)).count() == 9


def test_an_answer_that_is_lost_has_nothing_done_twice(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = some_runs(workshop)
    real = statements.store

    def lost(changes: Any) -> Any:
        real(changes)
        raise OperationalError("The connection is gone.")

    monkeypatch.setattr(statements, "store", lost)
    assert advancing.advance_together(refs(runs)) == refs(runs)
    assert ToolCall.objects.filter(run_ref__in=refs(runs)).count() == 3, "stored, and nobody knows"
    assert {pump(run).state for run in runs} == {RunState.SUCCEEDED}
    assert ToolCall.objects.filter(run_ref__in=refs(runs)).count() == 9
    assert [broken for _, broken in verify_all() if broken] == []


ADD = Prepared("SELECT (%(a)s / %(b)s)::text", {"a": "bigint", "b": "bigint"})


def test_statements_are_answered_in_their_order() -> None:
    for _ in range(3):  # the first time, nothing is prepared yet
        assert first_of_each([(ADD, {"a": 8, "b": number}) for number in (1, 2, 4)]) == [b"8", b"4", b"2"]
        assert ADD.first({"a": 9, "b": 3}) == b"3"


def test_a_connection_serves_on_after_one_was_refused() -> None:
    connection.ensure_connection()
    same = connection.connection
    with pytest.raises(Exception, match="division by zero"):
        first_of_each([(ADD, {"a": 8, "b": number}) for number in (1, 0, 4)])
    assert ADD.first({"a": 9, "b": 3}) == b"3"
    assert connection.connection is same


def test_nothing_of_any_is_stored_when_one_is_refused() -> None:
    keep = Prepared("INSERT INTO kept VALUES (%(word)s) RETURNING word", {"word": "text"})
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE kept (word text)")
        with pytest.raises(Exception, match="division by zero"):
            first_of_each([(keep, {"word": "lost"}), (ADD, {"a": 8, "b": 0}), (keep, {"word": "never"})])
        assert first_of_each([(keep, {"word": word}) for word in ("one", "two")]) == [b"one", b"two"]
        cursor.execute("SELECT word FROM kept ORDER BY word")
        assert cursor.fetchall() == [("one",), ("two",)]
        cursor.execute("DROP TABLE kept")


def test_megabytes_go_through_at_once() -> None:
    big = Prepared("SELECT length(%(text)s)::text", {"text": "text"})
    for _ in range(3):
        assert first_of_each([(big, {"text": "x" * 3_000_000})] * 5) == [b"3000000"] * 5
        assert big.first({"text": "x"}) == b"1"


def test_a_connection_that_ends_in_the_middle_is_an_outage() -> None:
    end = Prepared("SELECT pg_terminate_backend(pg_backend_pid())::text || %(a)s", {"a": "text"})
    with pytest.raises(OperationalError):
        first_of_each([(ADD, {"a": 1, "b": 1}), (end, {"a": ""}), (ADD, {"a": 1, "b": 1})])
    connection.close()
    assert ADD.first({"a": 9, "b": 3}) == b"3"
