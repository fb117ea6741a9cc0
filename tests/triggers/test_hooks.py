"""Signed webhooks: who may start runs with them, how often, and what is refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from guardian.shortcuts import remove_perm

from orchestrator.runs.models import Run
from orchestrator.workflows.models import Delivery, Trigger, WorkflowVersion
from orchestrator.workflows.triggers.actions import renew_secret, switch_trigger
from tests.triggers.conftest import MAPPING, Sender, a_trigger, error_of
from tests.world import World

GOOD = {"order_id": "O-1", "amount": 5}


def test_a_signed_message_starts_a_run_in_the_name_of_the_person_of_the_trigger(world: World, sender: Sender) -> None:
    answer = sender.send(GOOD)
    assert answer.status_code == 201
    run = Run.objects.get()
    assert (run.trigger, run.started_by, run.input) == (Run.Trigger.WEBHOOK, world.tomas, GOOD)
    assert answer.json() == {"run": str(run.ref), "code": run.code}
    sender.trigger.refresh_from_db()
    assert sender.trigger.last_started_at is not None


def test_the_same_message_again_answers_the_same_run_and_starts_nothing(sender: Sender) -> None:
    first = sender.send(GOOD, message_id="msg_1")
    later = sender.send(GOOD, message_id="msg_1", at=datetime.now(UTC) + timedelta(minutes=2))
    assert (first.status_code, later.status_code) == (201, 200)
    assert first.json() == later.json()
    assert Run.objects.count() == 1
    assert Delivery.objects.get().times == 2


def test_the_same_id_with_another_body_is_refused(sender: Sender) -> None:
    sender.send(GOOD, message_id="msg_1")
    assert error_of(sender.send({"order_id": "O-2"}, message_id="msg_1"), 409)["code"] == "id_used"
    assert Run.objects.count() == 1


def test_two_webhooks_have_ids_and_secrets_of_their_own(world: World, sender: Sender) -> None:
    other = a_trigger(world, name="Other")
    assert Sender(other).send(GOOD, message_id="msg_1").status_code == 201
    assert sender.send(GOOD, message_id="msg_1").status_code == 201
    forged = Sender(other)
    forged.trigger = sender.trigger
    error_of(forged.send(GOOD), 401)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_signature": ""},
        {"webhook_id": ""},
        {"webhook_timestamp": ""},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,not base64"},
        {"webhook_signature": "v1a,AAAA v2,AAAA"},
        {"webhook_signature": ",,, ,"},
        {"webhook_signature": "v1,\u00e9"},
        {"webhook_timestamp": "yesterday"},
        {"webhook_timestamp": "nan"},
        {"webhook_timestamp": "inf"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_id": "a b"},
        {"webhook_id": "x" * 121},
        {"webhook_id": "other"},
    ],
)
def test_a_message_that_is_not_rightly_signed_is_refused(sender: Sender, change: dict[str, Any]) -> None:
    assert error_of(sender.send(GOOD, **change), 401)["code"] == "unauthorised"
    assert not Run.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 365, 60 * 24 * 365])
def test_a_message_from_another_time_is_refused(sender: Sender, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert "timestamp" in error_of(sender.send(GOOD, at=at), 401)["message"]


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_by_some_minutes(sender: Sender, minutes: int) -> None:
    assert sender.send(GOOD, at=datetime.now(UTC) + timedelta(minutes=minutes)).status_code == 201


def test_one_of_several_signatures_is_enough_while_a_sender_changes_its_key(sender: Sender) -> None:
    at = datetime.now(UTC)
    right = sender.webhook.sign("msg_1", at, json.dumps(GOOD))
    answer = sender.send(GOOD, message_id="msg_1", at=at, webhook_signature=f"v1,AAAA v2,x {right}")
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b" ", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b'{"a": 1, "a": 2}', 400, "malformed_json"),
        (b'{"a": NaN}', 400, "malformed_json"),
        (b"[" * 1_000 + b"]" * 1_000, 400, "malformed_json"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 413, "too_large"),
        (b'"' + b"x" * 300_000 + b'"', 413, "too_large"),
        (b"[]", 422, "invalid_input"),
        (b"null", 422, "invalid_input"),
        (b"{}", 422, "invalid_input"),
        (b'{"order_id": 5}', 422, "invalid_input"),
        (b'{"order_id": "O-1", "more": 1}', 422, "invalid_input"),
        (b'{"order_id": "O-\\u0000"}', 400, "malformed_json"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_what_is_wrong(
    sender: Sender, body: bytes, status: int, code: str
) -> None:
    error = error_of(sender.send(body), status)
    assert error["code"] == code
    assert all(problem["sentence"] for problem in error["problems"])
    assert not Run.objects.exists()


def test_bytes_that_are_no_text_are_refused(sender: Sender) -> None:
    error_of(sender.send(b'{"order_id": "\xff\xfe"}'), 401)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_another_kind_of_content_is_refused(sender: Sender, kind: str) -> None:
    assert error_of(sender.send(GOOD, content_type=kind), 415)["code"] == "unsupported_type"


def test_size_is_refused_by_its_header_before_anything_is_read(hook: Trigger) -> None:
    answer = Client().post(
        f"/hooks/{hook.ref}", b"{}", content_type="application/json", headers={"content-length": "9" * 9}
    )
    error_of(answer, 413)


def test_what_was_refused_may_come_again_once_it_is_put_right(world: World, refund: WorkflowVersion) -> None:
    remove_perm("workflows.start_workflow", world.tomas, refund.workflow)
    hook = a_trigger(world, runs_as=world.hana)
    Trigger.objects.update(runs_as=world.tomas)
    sender = Sender(hook)
    assert "may no longer start" in error_of(sender.send(GOOD, message_id="msg_1"), 422)["problems"][0]["sentence"]
    Trigger.objects.update(runs_as=world.hana)
    assert sender.send(GOOD, message_id="msg_1").status_code == 201
    assert Delivery.objects.get().times == 2


def test_a_person_who_has_left_starts_nothing(world: World, sender: Sender) -> None:
    world.tomas.is_active = False
    world.tomas.save()
    error_of(sender.send(GOOD), 422)
    assert Delivery.objects.get().outcome == Delivery.Outcome.REFUSED


def test_a_mapping_makes_the_input(world: World, refund: WorkflowVersion) -> None:
    sender = Sender(a_trigger(world, mapping=MAPPING))
    assert sender.send({"type": "refund", "data": {"order": "O-7"}, "more": [1]}).status_code == 201
    assert sender.send({"data": {"order": "O-8", "amount": 2.5}}).status_code == 201
    inputs = [run.input for run in Run.objects.order_by("pk")]
    assert inputs == [{"order_id": "O-7"}, {"order_id": "O-8", "amount": 2.5}]
    problems = error_of(sender.send({"data": {}}), 422)["problems"]
    assert problems == [{"path": "/data/order", "sentence": "There is no data.order."}]


def test_a_webhook_that_is_off_or_not_there_is_not_found(world: World, sender: Sender, daily: Trigger) -> None:
    error_of(Client().post(f"/hooks/{uuid4()}", b"{}", content_type="application/json"), 404)
    error_of(Sender(daily).send(GOOD), 404)
    switch_trigger(workflow="refund", ref=sender.trigger.ref, on=False, by=world.hana)
    error_of(sender.send(GOOD), 404)
    switch_trigger(workflow="refund", ref=sender.trigger.ref, on=True, by=world.hana)
    assert sender.send(GOOD).status_code == 201


def test_a_renewed_secret_ends_the_one_before(world: World, sender: Sender) -> None:
    renewed = renew_secret(workflow="refund", ref=sender.trigger.ref, by=world.hana)
    error_of(sender.send(GOOD), 401)
    assert Sender(renewed).send(GOOD).status_code == 201


def test_only_post_and_no_cookie_counts(world: World, hook: Trigger) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.hana, backend="django.contrib.auth.backends.ModelBackend")
    assert error_of(client.get(f"/hooks/{hook.ref}"), 405)["code"] == "method_not_allowed"
    error_of(client.post(f"/hooks/{hook.ref}", b"{}", content_type="application/json"), 401)
    assert Sender(hook, client).send(GOOD).status_code == 201


def test_too_many_messages_are_refused(sender: Sender, settings: Any) -> None:
    settings.HOLDSHORT_API_REQUESTS_PER_MINUTE = 2
    codes = [sender.send(GOOD).status_code for _ in range(5)]
    assert codes.count(201) <= 4
    assert 429 in codes


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_starts_the_run(sender: Sender) -> None:
    barrier = Barrier(6)

    def send(_: int) -> int:
        barrier.wait()
        try:
            return int(Sender(sender.trigger).send(GOOD, message_id="msg_1").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == [200] * 5 + [201]
    assert Run.objects.count() == 1
