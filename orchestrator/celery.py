"""The Celery application; its options are the CELERY_ settings."""

import os
import select
import time
from typing import Any

from celery import Celery, Task
from celery.signals import heartbeat_sent, task_prerun, worker_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import connections
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestrator.warming import Warm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
# By whichever address, Valkey is read through our own transport: no message can end a worker.
TRANSPORT_ALIASES.update({"redis": "orchestrator.transport:Transport", "rediss": "orchestrator.transport:Transport"})

REST = 2.0
"""Seconds for which nobody rings again after the broker did not answer. Then the next one tries."""


class Bell(Task):  # type: ignore[type-arg]
    """A task that is given up at once while the broker does not answer, however many are to be rung for."""

    abstract = True
    silent_until = 0.0

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the message. Raises kombu's OperationalError when the broker does not answer, or did not just now."""
        if time.monotonic() < Bell.silent_until:
            raise OperationalError("The broker did not answer a moment ago.")
        try:
            return super().apply_async(*args, **options)
        except (OperationalError, OSError):
            Bell.silent_until = time.monotonic() + REST
            raise


app = Celery("holdshort", task_cls=Bell)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Celery closes the database connection before and after every task unless told how often it may be used again. A worker
# keeps its own: a lock on it says that the worker is alive, and opening one for each task costs more than most tasks.
app.conf["CELERY_DB_REUSE_MAX"] = 1_000_000
app.steps["worker"].add(Warm)

WORKER_SEEN = "holdshort:worker-seen"
# A worker beats every two seconds; after three missed beats it counts as gone.
WORKER_SEEN_SECONDS = 7


def broker() -> "Redis":
    """A client of the broker that gives up after a second."""
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1, retry=once)


def messages_waiting() -> int:
    """How many messages wait, those for new runs left out. Raises RedisError when the broker does not answer."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    with broker() as client:
        return int(client.llen(f"{prefix}{app.conf.task_default_queue}"))


@worker_init.connect(dispatch_uid="keep-connections")
def keep_connections(**_: object) -> None:
    """Called once in a worker before its first task: connections last until they break.

    The plans of prepared statements are made once and for all at their first use, and not after some; no other
    statement has parameters. For who waits for messages a pause is nothing that has to end the connection: those to the
    broker are patient here.
    """
    database = connections.settings["default"]
    database["CONN_MAX_AGE"] = None
    given = database["OPTIONS"].get("options", "")
    database["OPTIONS"]["options"] = f"{given} -c plan_cache_mode=force_generic_plan".strip()
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "socket_timeout": 5.0}


@worker_ready.connect(dispatch_uid="look-for-due-work")
def look_for_due_work(**_: object) -> None:
    """Called in a worker that can take tasks: what another one left behind does not wait for the next sweep."""
    app.send_task("runs.sweep", retry=False)


@worker_shutting_down.connect(dispatch_uid="leave")
def leave_the_rest(**_: object) -> None:
    """Called in a worker that is asked to end: it finishes what it has begun, and begins nothing more."""
    from orchestrator.runs.engine.leaving import leave

    leave()


@task_prerun.connect(dispatch_uid="drop-broken-connections")
def drop_broken_connections(**_: object) -> None:
    """Called in the worker before each task: one whose connection broke gets a new one.

    A server that ends a connection says so on it. So one on which nothing has arrived need not be asked.
    """
    for each in connections.all(initialized_only=True):
        broken = each.connection is None or each.errors_occurred or not each.get_autocommit()
        if broken or _has_news(each.connection.pgconn.socket):
            each.close_if_unusable_or_obsolete()


def _has_news(socket: int) -> bool:
    """Whether something has arrived, or the other end is gone."""
    look = select.poll()
    look.register(socket, select.POLLIN)
    return bool(look.poll(0))


@heartbeat_sent.connect(dispatch_uid="worker-seen")
def note_worker(**_: object) -> None:
    """Called in the worker on each of its heartbeats: leave a trace that vanishes by itself."""
    try:
        with broker() as client:
            client.set(WORKER_SEEN, 1, ex=WORKER_SEEN_SECONDS)
    except RedisError:
        pass  # the missing trace tells it
