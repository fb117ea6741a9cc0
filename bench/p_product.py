"""Holdshort as one of the engines of a comparison: `p_product.py setup|worker|driver|verify`.

The real engine with everything on: permissions, the ToolCall of every step, the chained record. The environment says
where PostgreSQL and Redis are (PEER_PG, PEER_REDIS), which case it is and how many runs (PEER_WL, PEER_N).
"""

import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
os.environ |= {
    "DATABASE_URL": os.environ["PEER_PG"],
    "REDIS_URL": os.environ["PEER_REDIS"],
    "HOLDSHORT_HOME": os.environ.get("HOLDSHORT_HOME", os.environ["PEER_WORK"]),
    "HOLDSHORT_PYTHON_TOOLS": '{"bench": "bench.tools"}',
    "HOLDSHORT_TRICKLE_SECONDS": "0",
}

import django  # noqa: E402 - the environment comes first

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench import protocol, scene, unrecorded  # noqa: E402
from orchestrator.accounts.models import User  # noqa: E402
from orchestrator.celery import app  # noqa: E402
from orchestrator.runs.models import Run  # noqa: E402
from orchestrator.runs.states import RunState  # noqa: E402

CASE = {"w4": "w1"}.get(os.environ.get("PEER_WL", "w1"), os.environ.get("PEER_WL", "w1"))
RUNS = int(os.environ.get("PEER_N", "0"))
RECORDED = os.environ.get("BENCH_RECORD") != "off"
THREADS = os.environ.get("PEER_THREADS", "8")
_refs: dict[int, UUID] = {}


def setup() -> None:
    """Tables, and the scene."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    scene.set_scene()


def worker() -> None:
    """A worker as `manage.py up --only worker` starts it."""
    from celery.signals import worker_ready

    from bench import hooks  # noqa: F401 - it connects itself

    worker_ready.connect(lambda **_: protocol.ready(), weak=False)
    options = ["--pool", "threads", "--concurrency", THREADS, "--without-gossip", "--without-mingle", "-l", "ERROR"]
    app.worker_main(["worker", *options, "-n", f"w{os.environ.get('PEER_IDX', '0')}@bench"])


def driver() -> None:
    """Starts the runs and decides, as a web process does."""
    from approvals.actions import Answer, decide
    from approvals.models import Review
    from approvals.states import Verdict
    from orchestrator.runs.starting.actions import start_run

    starter, decider = (User.objects.get(email=email) for email in (scene.STARTER, scene.DECIDER))
    version = scene.version_of(CASE)

    if not RECORDED:
        unrecorded.switch_off()

    def go() -> None:
        for number in range(RUNS):
            run = start_run(version=version, by=starter, values={"wf": number}, trigger=Run.Trigger.API)
            _refs[number] = run.ref

    seen_before: dict[UUID, list[Any]] = {}

    def look() -> None:
        if not seen_before:
            rows = Review.objects.values_list("run_ref", "ref", "digest", "version")
            seen_before.update({run: what for run, *what in rows})

    def decide_one(number: int) -> None:
        ref, digest, seen = seen_before[_refs[number]]
        decide(user=decider, ref=ref, answer=Answer(Verdict.ANSWER, digest=digest, version=seen, form={"ok": True}))

    app.connection_for_write().ensure_connection()
    connection.close()
    protocol.serve(go, look, decide_one)


def verify() -> None:
    """How many runs have ended well, and whether every chain of the record holds."""
    if RECORDED:
        call_command("verify_audit")
    print(Run.objects.filter(state=RunState.SUCCEEDED).count())  # noqa: T201 - the answer


{"setup": setup, "worker": worker, "driver": driver, "verify": verify}[sys.argv[1]]()
