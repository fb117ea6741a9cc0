"""The Celery application; its options are the CELERY_ settings."""

import os

from celery import Celery
from celery.signals import heartbeat_sent, task_prerun, worker_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import connections
from kombu.transport import TRANSPORT_ALIASES
from redis import Redis, RedisError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
# By whichever address, Valkey is read through our own transport: no message can end a worker.
TRANSPORT_ALIASES.update({"redis": "orchestrator.transport:Transport", "rediss": "orchestrator.transport:Transport"})

app = Celery("holdshort")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Celery closes the database connection before and after every task unless told how often it may be used again. A worker
# keeps its own: a lock on it says that the worker is alive, and opening one for each task costs more than most tasks.
app.conf["CELERY_DB_REUSE_MAX"] = 1_000_000

WORKER_SEEN = "holdshort:worker-seen"
# A worker beats every two seconds; after three missed beats it counts as gone.
WORKER_SEEN_SECONDS = 7


def broker() -> "Redis":
    """A client of the broker that gives up after a second."""
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


def messages_waiting() -> int:
    """How many messages wait in the queue for a worker. Raises RedisError when the broker does not answer."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    with broker() as client:
        return int(client.llen(f"{prefix}{app.conf.task_default_queue}"))


@worker_init.connect(dispatch_uid="keep-connections")
def keep_connections(**_: object) -> None:
    """Called once in a worker before its first task: connections last until they break."""
    connections.settings["default"]["CONN_MAX_AGE"] = None


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
    """Called in the worker before each task: one whose connection broke gets a new one."""
    for each in connections.all(initialized_only=True):
        each.close_if_unusable_or_obsolete()


@heartbeat_sent.connect(dispatch_uid="worker-seen")
def note_worker(**_: object) -> None:
    """Called in the worker on each of its heartbeats: leave a trace that vanishes by itself."""
    try:
        with broker() as client:
            client.set(WORKER_SEEN, 1, ex=WORKER_SEEN_SECONDS)
    except RedisError:
        pass  # the missing trace tells it
