"""Whatever stands in the queue, the worker lives, takes the next message, and tells of it (F10)."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from redis import Redis

from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.supervisor.child import Child
from orchestrator.transport import LARGEST, QUARANTINE, QUARANTINE_KEEPS
from tests.chaos.faults import POISON, QUEUE, _message
from tests.scenes import a_run
from tests.servers import wait_until, worker_process
from tests.workshop import Workshop, step

pytestmark = pytest.mark.django_db(transaction=True)


def envelope(**wrong: Any) -> bytes:
    """A message that is right but for this."""
    right = json.loads(_message("runs.sweep", []))
    return json.dumps({**right, **wrong}).encode()


def of_headers(**wrong: Any) -> bytes:
    """A message that is right but for some of its headers."""
    right = json.loads(_message("runs.sweep", []))
    return json.dumps({**right, "headers": {**right["headers"], **wrong}}).encode()


BODY = base64.b64encode(b"\xff not json").decode()
WORSE = (
    b"null",
    b"17",
    b'"text"',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"{" + b" " * (LARGEST + 1) + b"}",
    b"\x00" * 3_000_000,
    envelope(body={"__type__": "datetime", "__value__": "never"}),
    envelope(body={"__type__": "uuid", "__value__": {"hex": 5}}),
    envelope(body={"__type__": "decimal", "__value__": "1.5"}),
    envelope(body="%%% no base64"),
    envelope(body=BODY),
    envelope(body=17),
    envelope(body=None),
    envelope(headers=None),
    envelope(headers=[]),
    envelope(headers={}),
    envelope(properties=None),
    envelope(properties={}),
    envelope(properties={"delivery_tag": ["a", "list"], "body_encoding": "base64"}),
    envelope(properties={"delivery_tag": "x", "body_encoding": "rot13"}),
    envelope(**{"content-type": "application/x-yaml"}),
    envelope(**{"content-type": 5}),
    envelope(**{"content-encoding": "no such encoding"}),
    of_headers(task=["runs.sweep"]),
    of_headers(task={}),
    of_headers(id=None),
    of_headers(id={"a": 1}),
    of_headers(eta="yesterday"),
    of_headers(eta=17),
    of_headers(expires="never"),
    of_headers(timelimit=17),
    of_headers(timelimit=["a"]),
    of_headers(retries="many"),
    of_headers(compression="zip"),
    of_headers(ignore_result="maybe", stamps=7, stamped_headers=3, group=[1]),
)


@pytest.fixture
def worker(workshop: Workshop) -> Iterator[tuple[Child, Redis]]:
    """A real worker on a queue and a quarantine that are empty, and a client of its broker."""
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(QUEUE, QUARANTINE)
        tools = json.dumps(settings.HOLDSHORT_PYTHON_TOOLS)
        with worker_process(HOLDSHORT_PYTHON_TOOLS=tools) as child:
            yield child, client
        client.delete(QUEUE, QUARANTINE)


def put_in(child: Child, client: Any, *messages: bytes) -> None:
    """Put messages into the queue and wait until the worker has taken them all."""
    for message in messages:
        client.lpush(QUEUE, message)
    wait_until(lambda: not client.llen(QUEUE) or not child.alive, 30, "the queue")
    assert child.alive, child.log_tail(30)


def test_a_worker_outlives_every_message_and_takes_the_next_one(
    worker: tuple[Child, Any], workshop: Workshop, client: Any
) -> None:
    child, broker = worker
    put_in(child, broker, *POISON, *WORSE)
    run = a_run(workshop.workflow(step("one") + step("two", tool="make")), workshop.world.otto)
    wait_until(lambda: Run.objects.get(pk=run.pk).state == RunState.SUCCEEDED, 20, "a run that is rung for afterwards")
    assert child.alive
    kept = [json.loads(entry) for entry in broker.lrange(QUARANTINE, 0, -1)]
    assert len(kept) > 20
    assert all(entry["problem"] and len(entry["message"]) <= 8_000 for entry in kept)
    assert Client().get("/healthz").json()["put_aside"] == len(kept)
    assert "was put aside" in child.log_tail(2_000)


def test_of_many_such_messages_the_newest_are_kept(worker: tuple[Child, Any]) -> None:
    child, broker = worker
    put_in(child, broker, *(b"bad %d" % number for number in range(QUARANTINE_KEEPS + 50)))
    wait_until(lambda: b"bad 149" in b"".join(broker.lrange(QUARANTINE, 0, -1)), 10, "the last one")
    assert broker.llen(QUARANTINE) == QUARANTINE_KEEPS
    assert child.alive
