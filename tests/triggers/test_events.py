"""Events that programs tell of: taken in once, and runs of triggers started once."""

from typing import Any

import pytest
from django.test import TestCase

from orchestrator.accounts.actions import create_token
from orchestrator.runs.models import Event, Run
from orchestrator.runs.signals import event_received
from orchestrator.runs.starting import firing
from orchestrator.runs.starting.actions import start_run
from orchestrator.workflows.models import Delivery, Trigger, WorkflowVersion
from tests.gate.conftest import Program
from tests.triggers.conftest import a_trigger, error_of
from tests.world import World

TOLD = {"id": "evt-1", "name": "order-returned", "key": "O-1", "data": {"order": "O-1"}}


@pytest.fixture
def listening(world: World, refund: WorkflowVersion) -> Trigger:
    """A trigger that starts a refund when an order came back."""
    mapping = {"order_id": "${payload.key}"}
    return a_trigger(world, Trigger.Kind.EVENT, event="order-returned", mapping=mapping)


@pytest.fixture
def program(world: World, refund: WorkflowVersion) -> Program:
    """A program of Tomás, who may start refunds."""
    return Program(create_token(owner=world.tomas, name="Shop")[1])


def test_an_event_starts_the_runs_of_its_triggers(program: Program, listening: Trigger, world: World) -> None:
    answer = program.post("/events", TOLD)
    run = Run.objects.get()
    event = Event.objects.get()
    assert answer.status_code == 201
    assert answer.json() | {"received_at": 0} == {
        "ref": str(event.ref),
        "id": "evt-1",
        "name": "order-returned",
        "key": "O-1",
        "received_at": 0,
        "runs": [str(run.ref)],
    }
    assert (run.trigger, run.input, run.started_by) == (Run.Trigger.EVENT, {"order_id": "O-1"}, world.tomas)
    assert (event.by, event.data) == (world.tomas, {"order": "O-1"})


def test_the_same_event_told_again_is_the_same_and_starts_nothing(program: Program, listening: Trigger) -> None:
    first, later = program.post("/events", TOLD), program.post("/events", TOLD)
    assert (first.status_code, later.status_code) == (201, 200)
    assert first.json() == later.json()
    assert (Event.objects.count(), Run.objects.count()) == (1, 1)


def test_the_same_id_for_another_event_is_refused(program: Program, listening: Trigger) -> None:
    program.post("/events", TOLD)
    changes: list[dict[str, Any]] = [{"key": "O-2"}, {"name": "other"}, {"data": {}}]
    for change in changes:
        assert error_of(program.post("/events", TOLD | change), 409)["code"] == "id_used"
    assert Run.objects.count() == 1


def test_ids_are_told_apart_by_person(program: Program, world: World, listening: Trigger) -> None:
    program.post("/events", TOLD)
    assert Program(create_token(owner=world.hana, name="Other")[1]).post("/events", TOLD).status_code == 201
    assert Event.objects.count() == 2


def test_who_may_not_start_a_workflow_starts_no_run_by_an_event(world: World, listening: Trigger) -> None:
    answer = Program(create_token(owner=world.ines, name="Other")[1]).post("/events", TOLD)
    assert (answer.status_code, answer.json()["runs"]) == (201, [])
    assert not Run.objects.exists()


def test_what_does_not_fit_is_refused_at_the_trigger_and_the_event_stands(program: Program, listening: Trigger) -> None:
    assert program.post("/events", TOLD | {"key": "x"}).status_code == 201
    (delivery,) = Delivery.objects.all()
    assert delivery.outcome == Delivery.Outcome.REFUSED
    assert delivery.problems[0]["path"] == "/order_id"


def test_a_trigger_that_breaks_keeps_neither_the_event_nor_other_triggers_from_going_on(
    program: Program, listening: Trigger, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = a_trigger(world, Trigger.Kind.EVENT, "Second", event="order-returned", mapping=listening.mapping)
    tried = list[int]()

    def once_broken(**given: Any) -> Run:
        tried.append(1)
        if len(tried) == 1:
            raise ZeroDivisionError
        return start_run(**given)

    monkeypatch.setattr(firing, "start_run", once_broken)
    answer = program.post("/events", TOLD)
    assert (answer.status_code, len(answer.json()["runs"])) == (201, 1)
    assert Delivery.objects.get(trigger=listening).problems == [{"path": "", "sentence": firing.OUR_MISTAKE}]
    assert Delivery.objects.get(trigger=second).outcome == Delivery.Outcome.STARTED
    assert Event.objects.count() == 1


def test_an_event_of_another_name_and_a_trigger_that_is_off_start_nothing(program: Program, listening: Trigger) -> None:
    program.post("/events", TOLD | {"id": "1", "name": "order-lost"})
    Trigger.objects.update(enabled=False)
    program.post("/events", TOLD | {"id": "2"})
    assert not Run.objects.exists()


def test_listeners_hear_of_a_new_event_once_after_commit(program: Program) -> None:
    heard: list[Event] = []

    def listen(event: Event, **_: Any) -> None:
        heard.append(event)

    event_received.connect(listen)
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            program.post("/events", TOLD)
            assert heard == []
        with TestCase.captureOnCommitCallbacks(execute=True):
            program.post("/events", TOLD)
    finally:
        event_received.disconnect(listen)
    assert heard == [Event.objects.get()]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"id": ""}, 422),
        ({"id": "a b"}, 422),
        ({"id": 5}, 422),
        ({"name": "Not A Name"}, 422),
        ({"key": ""}, 422),
        ({"key": "x" * 301}, 422),
        ({"data": []}, 422),
        ({"data": "x"}, 422),
        ({"more": 1}, 422),
        ({"key": "a\u0000b"}, 400),
        ({"key": "\ud800"}, 400),
    ],
)
def test_an_event_that_does_not_fit_is_refused(program: Program, change: dict[str, Any], status: int) -> None:
    error_of(program.post("/events", TOLD | change), status)
    assert not Event.objects.exists()


def test_an_event_needs_a_token(refund: WorkflowVersion) -> None:
    error_of(Program().post("/events", TOLD), 401)
