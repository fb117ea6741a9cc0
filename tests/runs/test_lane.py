"""The fast lane: the same rows and the same record as the ordinary way, in one statement, or nothing at all."""

import re
from contextlib import nullcontext
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.actions import stops
from agents.models import Grant, ToolCall
from agents.states import CallState, GrantEffect, StopMode, StopScope
from audit.models import Entry
from audit.verify import verify_all
from orchestrator.runs.engine import lane
from orchestrator.runs.engine.advancing import advance, transition
from orchestrator.runs.engine.ending import cancel_run
from orchestrator.runs.engine.lane import statements
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState
from tests.scenes import a_run, open_reviews
from tests.workshop import FAILURES, Workshop, pump, states, step, verbs, words
from tests.world import a_contract

THREE = step("a") + step("b", "${steps.a.output.word} again") + step("c")


NAMED_BY = {
    "runs_run": {"id", "ref"},
    "runs_step": {"id", "run_id"},
    "approvals_review": {"id"},
    "approvals_decision": {"review_id"},
    "audit_stream": {"key"},
}
"""What an answered run and all that goes with it are looked up by."""


def in_the_lane(workshop: Workshop, steps: str = THREE) -> lane.Lane:
    """A run of these steps that this worker has just taken into the lane. Another one went before it."""
    version = workshop.workflow(steps)
    pump(a_run(version, workshop.world.otto))
    taken = lane.claim(a_run(version, workshop.world.otto).ref)
    assert taken is not None
    return taken


def leaves(run: Run) -> list[Any]:
    """What a run has left in the tables, without what is different each time."""
    calls = ToolCall.objects.filter(run_ref=run.ref).order_by("pk")
    fields = ("tool_name", "state", "result", "error", "reason", "trace", "risk", "review_from", "call_key")
    kept = [(bytes(call.arguments), *(getattr(call, name) for name in fields)) for call in calls]
    columns = ("key", "state", "input", "output", "attempt", "reason")
    return [list(Step.objects.filter(run=run).order_by("position").values_list(*columns)), kept]


def test_the_lane_leaves_what_the_ordinary_way_leaves(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    version = workshop.workflow(THREE)
    fast = pump(a_run(version, workshop.world.otto))
    claimed = pump(a_run(version, workshop.world.otto))
    monkeypatch.setattr(lane, "enter", lambda board: None)
    monkeypatch.setattr(lane, "claim", lambda ref: None)
    slow = pump(a_run(version, workshop.world.otto))
    assert fast.output == claimed.output == slow.output == {"c": {"word": "c"}}
    assert leaves(fast) == leaves(claimed) == leaves(slow)
    assert verbs(fast) == verbs(claimed) == ["run.started", *["step.read"] * 3, "run.finished"]
    assert "step.finished" in verbs(slow)
    assert [broken for _, broken in verify_all() if broken] == []


def test_the_lane_needs_no_query_but_its_own_statements(workshop: Workshop) -> None:
    taken = in_the_lane(workshop)
    with CaptureQueriesContext(connection) as queries:
        assert taken.perform()
    assert ["chain AS (" in query["sql"] for query in queries] == [True] * 3
    assert Run.objects.get(pk=taken.run.pk).state == RunState.SUCCEEDED


@pytest.mark.parametrize("begun", [False, True])
def test_only_who_may_be_for_the_lane_takes_a_turn(
    begun: bool, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = Mock(side_effect=nullcontext)
    monkeypatch.setattr(lane, "turn", turn)
    monkeypatch.setattr(lane, "enter", lambda board: None)
    run = a_run(workshop.workflow(THREE), workshop.world.otto)
    advance(run.ref, begun=begun)
    assert turn.call_count == (0 if begun else 1)
    assert Run.objects.get(pk=run.pk).state == RunState.SUCCEEDED


def test_nothing_is_stored_once_a_grant_has_changed(workshop: Workshop) -> None:
    taken = in_the_lane(workshop)
    Grant.objects.filter(tool=workshop.tools["say"]).update(effect=GrantEffect.FORBIDDEN)
    assert not taken.perform()
    run = Run.objects.get(pk=taken.run.pk)
    assert verbs(run) == ["run.started"]
    assert states(run) == {"a": "pending", "b": "pending", "c": "pending"}
    assert len(open_reviews(pump(run))) == 1, "the ordinary way refuses the call, and a person is asked"


def test_a_stop_ends_the_lane_at_once(workshop: Workshop) -> None:
    taken = in_the_lane(workshop)
    stops.stop(by=workshop.world.hana, scope=StopScope.EVERYTHING, ref=None, mode=StopMode.NOW, reason="Look here.")
    before = words()
    assert not taken.perform()
    assert verbs(Run.objects.get(pk=taken.run.pk)) == ["run.started"]
    assert len(words()) - len(before) <= 1, "at most the read that was being made"
    assert pump(Run.objects.get(pk=taken.run.pk)).state == RunState.RESTING


def test_nothing_is_stored_once_somebody_else_has_moved_the_run(workshop: Workshop) -> None:
    taken = in_the_lane(workshop)
    cancel_run(ref=taken.run.ref, by=workshop.world.otto, reason="Not needed.", now=True)
    assert not taken.perform()
    run = Run.objects.get(pk=taken.run.pk)
    assert verbs(run) == ["run.started", "run.cancelled"]
    assert pump(run).state == RunState.STOPPED


def test_a_run_in_the_lane_is_left_to_its_worker(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = in_the_lane(workshop)
    Run.objects.filter(pk=taken.run.pk).update(lane_owner=5)
    monkeypatch.setattr("orchestrator.runs.engine.liveness.is_alive", lambda number: True)
    assert transition(taken.run.ref) is None
    assert states(taken.run) == {"a": "pending", "b": "pending", "c": "pending"}


def test_what_a_dead_worker_was_at_is_taken_over_and_on_record(workshop: Workshop) -> None:
    taken = in_the_lane(workshop)
    Run.objects.filter(pk=taken.run.pk).update(lane_owner=5)  # nobody holds that lock
    advance(taken.run.ref)
    run = Run.objects.get(pk=taken.run.pk)
    assert run.state == RunState.SUCCEEDED, run.reason
    assert verbs(run)[:2] == ["run.started", "run.troubled"]


def test_a_read_that_fails_is_on_record_and_the_step_goes_on_by_its_rules(workshop: Workshop) -> None:
    FAILURES["b"] = 1
    run = workshop.run(step("a") + step("b"))
    assert verbs(run)[1:3] == ["step.read", "call.failed"]
    call = ToolCall.objects.get(run_ref=run.ref, state=CallState.FAILED)
    assert call.error == "There is no b today."
    assert states(run) == {"a": "succeeded", "b": "waiting"}


def test_a_step_that_changes_something_never_goes_by_the_lane(workshop: Workshop) -> None:
    run = workshop.run(step("a", tool="make"))
    assert "call.intended" in verbs(run)
    assert lane.claim(a_run(run.workflow_version, workshop.world.otto).ref) is None


@pytest.mark.parametrize("fast", [True, False])
def test_sensitive_values_are_masked_in_the_record(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    if not fast:
        monkeypatch.setattr(lane, "enter", lambda board: None)
    a_contract(workshop.tools["say"], **contract_of(workshop), sensitive=["/word"])
    run = workshop.run(step("a", "4111 1111 1111 1234") + step("b"))
    assert run.state == RunState.SUCCEEDED
    entries = list(Entry.objects.filter(stream__key=f"run:{run.ref}"))
    assert not [entry for entry in entries if b"4111 1111" in bytes(entry.payload)]
    assert [entry for entry in entries if b"1234" in bytes(entry.payload)]


def contract_of(workshop: Workshop) -> dict[str, Any]:
    current = workshop.tools["say"].current
    assert current is not None
    names = (
        "description",
        "input_schema",
        "server_digest",
        "effect",
        "reversibility",
        "idempotency",
        "timeout_seconds",
    )
    return {name: getattr(current, name) for name in names} | {
        "sentence": "",
        "short_sentence": "",
        "amount_argument": "",
    }


@pytest.mark.django_db
def test_an_answered_run_is_taken_by_the_indexes_that_name_it_also_when_planned_on_empty_tables() -> None:
    statement = statements._RESUME
    text, nothing = statement._statement.text, ",".join(["NULL"] * len(statement.types))
    with connection.cursor() as cursor:
        for table in NAMED_BY:  # those of the tests have statistics of what other tests left there
            cursor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL) ON COMMIT DROP")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute("SET LOCAL enable_seqscan = off")  # what small tables seem to be best read by
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"PREPARE planned AS {text}")
        cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE planned ({nothing})")
        (((plan,),),) = cursor.fetchall()
        cursor.execute("DEALLOCATE planned")
    looked = [
        (node["Relation Name"], re.findall(r"\w+", node.get("Index Cond", "nothing"))[0])
        for node in nodes_of(plan["Plan"])
        if node.get("Relation Name") in NAMED_BY and node["Node Type"] != "ModifyTable"
    ]
    assert {table for table, _ in looked} == set(NAMED_BY)
    assert set(looked) <= {(table, name) for table, names in NAMED_BY.items() for name in names}


def nodes_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """A plan's nodes, the innermost too."""
    return [plan, *(node for inner in plan.get("Plans", ()) for node in nodes_of(inner))]
