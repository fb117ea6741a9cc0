"""`manage.py up`: starts everything, keeps it running, leaves nothing behind, and finds its data again."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from redis import Redis

from orchestrator.celery import WORKER_SEEN
from orchestrator.supervisor.child import HEALTHY_AFTER_SECONDS, LONGEST_BACKOFF, Child
from orchestrator.supervisor.places import DATABASE, Places
from orchestrator.supervisor.readiness import health
from orchestrator.supervisor.supervise import Supervisor
from tests.servers import free_port, manage, role, wait_until

LEASH = settings.BASE_DIR / "orchestrator" / "supervisor" / "leash.py"


@dataclass
class Up:
    """A running `manage.py up`."""

    process: "subprocess.Popen[bytes]"
    address: str
    output: Path
    home: Path

    def wait_ready(self) -> None:
        wait_until(lambda: "Stop with Ctrl-C" in self.said or self.process.poll() is not None, 90, "the greeting")
        assert self.process.poll() is None, self.said

    @property
    def said(self) -> str:
        return self.output.read_text()

    def family(self) -> set[int]:
        """The process, its children and their children, by number."""
        parents = dict(_processes())
        family = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return family


def _processes() -> Iterator[tuple[int, int]]:
    """Every live process of this machine with its parent."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    yield int(entry.name), int(parent)


def gone(family: set[int]) -> bool:
    """Whether none of these processes lives."""
    return family.isdisjoint(pid for pid, _parent in _processes())


@contextmanager
def up(home: Path, **environment: str) -> Iterator[Up]:
    """Start `manage.py up`; whatever the test does, nothing of it is left at the end."""
    port = free_port()
    output = home.with_name(f"{home.name}-{port}.log")
    inherited = {
        k: v for k, v in os.environ.items() if not k.startswith("HOLDSHORT_") and k != "DJANGO_SETTINGS_MODULE"
    }
    with output.open("wb") as log:
        process = subprocess.Popen(
            manage("up"),
            env={
                **inherited,
                "HOLDSHORT_HOME": str(home),
                "PORT": str(port),
                "HOLDSHORT_TRICKLE_SECONDS": "0",
                **environment,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Up(process, f"http://localhost:{port}", output, home)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


def sql(home: Path, statement: str) -> object:
    """Run a statement on the embedded database of `home`; the first value of its first row, if it has rows."""
    socket = str(Places.for_home(home).database_socket_folder)
    with psycopg.connect(host=socket, user=DATABASE, dbname=DATABASE, autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@pytest.mark.skipif(sys.platform != "linux", reason="the tie to the parent is Linux's")
def test_nothing_outlives_a_killed_supervisor_and_the_next_start_has_all_data(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home) as first:
        first.wait_ready()
        with urllib.request.urlopen(f"{first.address}/healthz") as page:
            assert json.load(page) == {"status": "ok", "database": "ok", "broker": "ok", "worker": "ok"}
        sql(home, "CREATE TABLE kept AS SELECT 42 AS answer")
        family = first.family()
        assert len(family) > 6, "database, broker, web, worker and clock"
        first.process.kill()
        wait_until(lambda: gone(family), 10, "the end of every child")

    with up(home) as second:
        second.wait_ready()
        assert sql(home, "SELECT answer FROM kept") == 42
        family = second.family()
        began = time.monotonic()
        second.process.terminate()
        assert second.process.wait(10) == 0
        assert time.monotonic() - began < 6
        wait_until(lambda: gone(family), 1, "the end of every child")
        assert not Places.for_home(home).run.exists()
        assert "Stopped." in second.said


def test_children_that_die_are_started_again_and_a_second_start_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home) as running:
        running.wait_ready()
        with up(home) as second:
            assert second.process.wait(30) == 1
            assert f"already runs in {home} (process {running.process.pid})" in second.said

        server = int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: "postgres ended (-9)" in running.said, 10, "the notice")
        wait_until(lambda: health(running.address, "localhost").get("database") == "ok", 20, "the database")
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(10) == 0


def test_with_a_database_and_a_broker_of_its_own_neither_is_started(tmp_path: Path, django_db_setup: None) -> None:
    places: Places = settings.HOLDSHORT_PLACES
    with psycopg.connect(
        host=str(places.database_socket_folder), user=DATABASE, dbname="postgres", autocommit=True
    ) as admin:
        admin.execute("DROP DATABASE IF EXISTS outside")
        admin.execute("CREATE DATABASE outside")
        try:
            home = tmp_path / "home"
            with up(home, DATABASE_URL=places.database_url("outside"), REDIS_URL=places.broker_url(60)) as running:
                running.wait_ready()
                assert not (home / "postgres").exists()
                assert not Places.for_home(home).run.exists()
                assert "Database" not in running.said.split("Tables")[0]
        finally:
            admin.execute("DROP DATABASE outside WITH (FORCE)")
            with Redis.from_url(places.broker_url(60)) as client:
                client.flushdb()


@pytest.mark.django_db(transaction=True)
def test_one_role_alone_is_the_process_itself(tmp_path: Path) -> None:
    with Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete(WORKER_SEEN)
    port = str(free_port())
    web = role("only-web", manage("up", "--only", "web"), PORT=port, HOLDSHORT_HOME=str(tmp_path))
    worker = role("only-worker", manage("up", "--only", "worker"), HOLDSHORT_HOME=str(tmp_path))
    try:
        web.start()
        worker.start()
        wait_until(lambda: health(f"http://localhost:{port}", "localhost").get("status") == "ok", 60, "a healthy page")
        for child, program in ((web, "uvicorn"), (worker, "celery")):
            assert child.process is not None
            assert program in Path(f"/proc/{child.process.pid}/cmdline").read_text()
        assert not (tmp_path / "postgres").exists()
    finally:
        for child in (web, worker):
            child.ask_to_stop()
            child.wait_stopped()


@pytest.mark.parametrize(
    ("environment", "advice"),
    [
        ({"PORT": "http"}, "PORT is 'http', but must be a number from 1 to 65535."),
        ({"PORT": "70000"}, "PORT is '70000'"),
        ({"HOST": "192.0.2.1"}, "cannot be used"),
    ],
)
def test_a_start_that_cannot_succeed_says_what_to_change(
    environment: dict[str, str], advice: str, tmp_path: Path
) -> None:
    with up(tmp_path / "home", **environment) as refused:
        assert refused.process.wait(30) == 1
        assert advice in refused.said
        assert "Traceback" not in refused.said


def test_data_of_another_postgresql_are_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("12\n")
    with up(home) as refused:
        assert refused.process.wait(30) == 1
        assert "was made by PostgreSQL 12" in refused.said
    assert [entry.name for entry in (home / "postgres").iterdir()] == ["PG_VERSION"]


@pytest.mark.skipif(sys.platform != "linux", reason="the tie to the parent is Linux's")
def test_a_leashed_program_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    starter = (
        f"import subprocess, sys; subprocess.run([sys.executable, {str(LEASH)!r}, sys.executable, '-c', sys.argv[1]])"
    )
    with subprocess.Popen([sys.executable, "-c", starter, program]) as parent:
        wait_until(lambda: note.exists() and note.read_text(), 10, "the program")
        parent.kill()
    wait_until(lambda: gone({int(note.read_text())}), 5, "the end of the program")


def test_children_asked_together_are_waited_for_together(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    stubborn = f"trap '' TERM; echo x >> {ready}; while true; do sleep 0.1; done"
    supervisor = Supervisor(print)
    for number in range(3):
        supervisor.start(Child(f"stubborn-{number}", ["sh", "-c", stubborn], tmp_path / "log", grace=0.5))
    wait_until(lambda: ready.exists() and len(ready.read_text().split()) == 3, 10, "all of them")
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 1.4
    assert not any(child.alive for child in supervisor.children)


def test_the_wait_before_a_restart_grows_and_shrinks_after_a_healthy_life(tmp_path: Path) -> None:
    child = Child("clock", ["true"], tmp_path / "log")
    child.started_at = time.monotonic()
    waits = [child.next_backoff() for _crash in range(8)]
    assert waits[:4] == [0.5, 1, 2, 4]
    assert waits[-1] == LONGEST_BACKOFF
    child.started_at = time.monotonic() - HEALTHY_AFTER_SECONDS - 1
    assert child.next_backoff() == 0.5
