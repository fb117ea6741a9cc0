"""A broker that is gone, hangs or hangs up: nobody who starts a run waits for it, and workers come back by themselves.

(F06, F07)
"""

import json
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.accounts.actions import create_token
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.supervisor.child import Child
from orchestrator.supervisor.places import Places
from orchestrator.supervisor.roles import command_of
from orchestrator.supervisor.valkey import Valkey
from orchestrator.workflows.actions import give_right
from orchestrator.workflows.rights import Right
from tests.scenes import a_run
from tests.servers import kill, role, site_process, wait_until
from tests.workshop import Workshop, step

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 3.0  # seconds, on a machine that does other things; whoever waited for the broker would need far more


@contextmanager
def a_server(answer: str) -> Iterator[str]:
    """The address of something that listens and never answers, or hangs up at once, or of nothing at all."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answer != "refuses":
            server.listen(100)
        if answer == "hangs up":
            threading.Thread(target=_hang_up, args=(server,), daemon=True).start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def _hang_up(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


def start(address: str, secret: str) -> float:
    """Start a run through the API; the seconds that took."""
    body = json.dumps({"workflow": "work", "input": {}}).encode()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", "Host": "localhost"}
    request = urllib.request.Request(f"{address}/api/v1/runs", body, headers)
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201
    return time.monotonic() - began


@pytest.mark.parametrize("answer", ["hangs", "hangs up", "refuses"])
def test_whoever_starts_a_run_does_not_wait_for_the_broker(workshop: Workshop, answer: str) -> None:
    version, otto = workshop.workflow(step("one")), workshop.world.otto
    give_right(workflow=version.workflow, right=Right.START, who=otto, by=workshop.world.hana)
    secret = create_token(owner=otto, name="Program")[1]
    with a_server(answer) as url, site_process(REDIS_URL=url) as address:
        urllib.request.urlopen(urllib.request.Request(f"{address}/sign-in/", headers={"Host": "localhost"})).close()
        took = [start(address, secret) for _ in range(6)]
    assert max(took[1:]) < AT_ONCE, took
    assert took[0] < 2 * AT_ONCE, "the first one also loads what is needed"
    assert set(due_runs()) == set(Run.objects.values_list("ref", flat=True))
    assert Run.objects.count() == 6


@contextmanager
def a_valkey(folder: Path) -> Iterator[tuple[Valkey, Child]]:
    """A broker of one's own, that may be killed."""
    server = Valkey(Places.for_home(folder))
    child = server.make_child()
    child.start()
    server.wait_ready(child)
    try:
        yield server, child
    finally:
        kill(child)


def test_a_worker_outlives_its_broker_and_goes_on_with_the_next_one(workshop: Workshop, tmp_path: Path) -> None:
    version = workshop.workflow(step("one", tool="make"))
    with a_valkey(tmp_path) as (server, broker):
        url = server.places.broker_url()
        more: dict[str, Any] = {"REDIS_URL": url, "HOLDSHORT_PYTHON_TOOLS": '{"workshop": "tests.workshop"}'}
        worker, clock = (role(name, command_of(name, "", 0), **more) for name in ("worker", "beat"))
        worker.start()
        clock.start()
        try:
            ended(a_run(version, workshop.world.otto))
            kill(broker)
            run = a_run(version, workshop.world.otto)
            time.sleep(3)
            with a_valkey(tmp_path) as (_, other):
                ended(run)
                assert worker.alive, worker.log_tail(40)
                assert clock.alive, clock.log_tail(40)
                pauses(other)
                ended(a_run(version, workshop.world.otto))
                assert worker.alive, worker.log_tail(40)
        finally:
            kill(worker)
            kill(clock)


def pauses(broker: Child) -> None:
    """The broker stands still for longer than anybody who rings waits."""
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    broker.process.send_signal(signal.SIGCONT)


def ended(run: Run) -> None:
    wait_until(lambda: Run.objects.get(pk=run.pk).state == RunState.SUCCEEDED, 40, "the end of the run")
