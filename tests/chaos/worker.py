"""A real Celery worker with faults in it: `celery -A tests.chaos.worker`, with all options of the product's own.

HOLDSHORT_CHAOS_WORKER is JSON: `skew` in seconds sets this process's clock wrong, `die` = [point, time] kills it there,
`copies` sends every message two to five times. Its leases and pauses are short, so that a fault is over in seconds.
"""

import datetime
import json
import os
import random
import time
from typing import Any

PLAN: dict[str, Any] = json.loads(os.environ.get("HOLDSHORT_CHAOS_WORKER", "{}"))


def _skew_clock(seconds: float) -> None:
    """Set what this process takes for the time wrong, before anything has looked at it."""
    from django.utils import timezone

    real_time, real_now, wrong = time.time, timezone.now, datetime.timedelta(seconds=seconds)
    time.time = lambda: real_time() + seconds
    timezone.now = lambda: real_now() + wrong


if PLAN.get("skew"):
    _skew_clock(PLAN["skew"])

from celery import Task  # noqa: E402 - the clock had to be wrong before
from celery.signals import task_postrun, worker_init  # noqa: E402

from orchestrator.celery import app  # noqa: E402
from tests.chaos import points  # noqa: E402

__all__ = ["app"]


@worker_init.connect(dispatch_uid="chaos")
def prepare(**_: object) -> None:
    """Called once in the worker before its first task."""
    import django

    django.setup()
    shorten()
    if PLAN.get("copies"):
        send_copies()
    if PLAN.get("die"):
        points.arm(*PLAN["die"])


def shorten() -> None:
    """Short leases and pauses, and a model for the agents."""
    from agents.runtime import scripted
    from orchestrator.runs.engine import board, troubles

    setattr(board, "LEASE_MARGIN", 1.0)  # noqa: B010 - it stands there only to be read
    troubles.FIRST_PAUSE, troubles.LONGEST_PAUSE = datetime.timedelta(seconds=0.3), datetime.timedelta(seconds=2)
    scripted._scripts["test"] = maker


def maker(state: Any) -> Any:
    """An agent that makes what it is told to, and says so."""
    from agents.runtime.scripted import Call, Final

    return Call("make", word="made by an agent") if state.turn == 1 else Final({"made": "yes"})


def send_copies() -> None:
    """Have every message of this process sent two to five times."""
    real = Task.apply_async

    def apply_async(self: Any, *args: Any, **options: Any) -> Any:
        for _ in range(random.randint(1, 4)):
            points.hit("copy")
            real(self, *args, **options)
        return real(self, *args, **options)

    Task.apply_async = apply_async  # type: ignore[method-assign]


@task_postrun.connect(dispatch_uid="chaos-skew")
def note_work(task: Any, **_: object) -> None:
    """Called after each task: one that drives runs has done so by a wrong clock."""
    if PLAN.get("skew") and task.name == "runs.advance":
        points.hit(f"skew: {PLAN['skew']}")
