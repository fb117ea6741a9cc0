"""What can go wrong around workers, each as a function that does it to a story and says whether it hit anything."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from redis import Redis

from audit.clock import db_now
from orchestrator.runs.models import Run
from orchestrator.runs.states import RUN_ENDED, RunState
from tests.chaos.arena import Arena, persist
from tests.servers import kill

QUEUE = "holdshort:celery"
DEADLY = (
    "before the model is asked",
    "after the model answered",
    "before the intent",
    "inside the intent's transaction",
    "after the intent, before it is sent",
    "after a function was called, before its answer",
    "inside the outcome's transaction",
    "between a decision and its being taken up",
    "while a decision is taken up",
    "as the fast lane is entered",
    "in the fast lane, between two steps",
    "in the fast lane, just after its statement",
    "in the fast lane, after a question",
    "as the fast lane hears of an answer",
    "while a step begins",
    "while a part is made",
    "while parts are taken up",
    "before a run ends",
)
Inject = Callable[[Arena, random.Random], bool]


@dataclass(frozen=True)
class Fault:
    """`inject` is done once in the middle of a story; `workers` are the plans of its workers from the start.

    `seen` says afterwards, from the hits that processes noted, whether what began with the story has hit.
    """

    name: str
    inject: Inject = lambda arena, choice: True
    workers: Callable[[random.Random], list[dict[str, Any]]] = lambda choice: [{}, {}]
    sweepers: int = 1
    seen: Callable[[Arena], bool] = field(default=lambda arena: True)


def at_work() -> int:
    """How many runs are with a worker now."""
    leased = Q(steps__lease_until__gt=db_now()) | Q(lane_owner__isnull=False) | Q(state=RunState.PENDING)
    return Run.objects.exclude(state__in=RUN_ENDED).filter(leased).distinct().count()


def under_way() -> int:
    """How many runs have not ended."""
    return Run.objects.exclude(state__in=RUN_ENDED).count()


def kill_workers(arena: Arena, choice: random.Random) -> bool:
    """kill -9 of all workers at once (F04)."""
    workers = [child for child in arena.processes if child.name.startswith("worker")]
    hit = persist(at_work) > 0
    for child in workers:
        kill(child)
    return hit


def kill_broker(arena: Arena, choice: random.Random) -> bool:
    """The broker is killed and comes back empty (F06)."""
    hit = persist(under_way) > 0
    kill(arena.broker)
    time.sleep(choice.random())
    arena.start_broker()
    return hit


def flush_broker(arena: Arena, choice: random.Random) -> bool:
    """Whatever the broker had is gone (F06)."""
    with Redis.from_url(settings.REDIS_URL) as client:
        hit = bool(client.dbsize()) and persist(under_way) > 0
        client.flushall()
    return hit


def kill_database(arena: Arena, choice: random.Random) -> bool:
    """PostgreSQL stops without a goodbye and starts again (F13)."""
    hit = persist(under_way) > 0
    for _ in range(choice.randint(1, 2)):
        arena.kill_database()
        time.sleep(choice.random())
    return hit


def cut_connections(arena: Arena, choice: random.Random) -> bool:
    """Connections end at random moments, whatever they are in the middle of (F11)."""
    cut = 0
    for _ in range(12):
        cut += persist(lambda: _cut(choice.choice([0.3, 1.0])))
        time.sleep(choice.random() / 3)
    return cut > 0


def _cut(share: float) -> int:
    """Cut the connections that are in a transaction, and a share of the others; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()
                 AND (state <> 'idle' OR random() < %s)""",
            [share],
        )
        return int(cursor.fetchone()[0])


def poison(arena: Arena, choice: random.Random) -> bool:
    """Messages that are no JSON, of unknown tasks, with arguments of wrong kinds (F10)."""
    with Redis.from_url(settings.REDIS_URL) as client:
        bad = list(POISON)
        choice.shuffle(bad)
        for message in bad:
            client.lpush(QUEUE, message)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            arena.revive()
            if not any(message in bad for message in client.lrange(QUEUE, 0, -1)):
                return True
            time.sleep(0.2)
    return False


def _message(task: Any, arguments: Any, options: Any = None, *, kind: str = "application/json") -> bytes:
    """A message as kombu puts it into the queue, whatever it says."""
    import base64
    import uuid

    ident = str(uuid.uuid4())
    body = base64.b64encode(json.dumps([arguments, options or {}, {}]).encode()).decode()
    headers = {"lang": "py", "task": task, "id": ident, "root_id": ident, "parent_id": None}
    delivery = {"exchange": "", "routing_key": "celery"}
    properties = {"body_encoding": "base64", "delivery_tag": ident, "delivery_info": delivery, "priority": 0}
    envelope = {
        **{"body": body, "content-encoding": "utf-8", "content-type": kind},
        **{"headers": headers, "properties": properties},
    }
    return json.dumps(envelope).encode()


POISON = (
    b"",
    b"not json at all \xff\x00",
    b"{}",
    b"[1, 2, 3]",
    b'{"body": "!!!", "headers": null, "properties": {}}',
    _message("no.such.task", []),
    _message(None, []),
    _message("runs.advance", []),
    _message("runs.advance", [None]),
    _message("runs.advance", [17]),
    _message("runs.advance", ["not a ref"]),
    _message("runs.advance", [{"a": [1]}]),
    _message("runs.advance", ["00000000-0000-7000-8000-000000000000"]),
    _message("runs.advance", "text", {"ref": 1, "other": 2}),
    _message("runs.start_batch", ["not a ref"]),
    _message("runs.sweep", ["too", "many"]),
    _message("runs.advance", ["x" * 1_000_000]),
    _message("runs.advance", [], kind="application/x-python-serialize"),
)


def _deadly(choice: random.Random) -> list[dict[str, Any]]:
    return [{"die": [choice.choice(DEADLY), choice.randint(1, 6)]} for _ in range(2)]


def _sweepers_seen(arena: Arena) -> bool:
    return sum(key.startswith("sweep: ") for key in arena.hits()) >= 2


def _points_seen(arena: Arena) -> bool:
    return any(key.startswith("point: ") for key in arena.hits())


def _skews_seen(arena: Arena) -> bool:
    return sum(key.startswith("skew: ") for key in arena.hits()) >= 2


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("points", workers=_deadly, seen=_points_seen),
        Fault("workers", kill_workers),
        Fault("broker", kill_broker),
        Fault("flush", flush_broker),
        Fault("database", kill_database),
        Fault("connections", cut_connections),
        Fault("poison", poison),
        Fault("copies", workers=lambda _: [{"copies": True}] * 2, seen=lambda arena: arena.hits()["copy"] > 0),
        Fault("sweepers", sweepers=2, seen=_sweepers_seen),
        Fault("skew", workers=lambda _: [{"skew": 600}, {"skew": -600}], seen=_skews_seen),
    )
}
