"""Where the benchmark stands: servers of its own in a state folder of its own, and processes of a Holdshort on them.

Nothing here touches the data of whoever runs it: the folder is made anew below the folder for temporary files, the
servers listen on sockets in it, and both are gone at the end.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from orchestrator.supervisor.child import Child
from orchestrator.supervisor.leash import tie_to
from orchestrator.supervisor.places import DATABASE, Places
from orchestrator.supervisor.postgres import Postgres
from orchestrator.supervisor.roles import Role, command_of
from orchestrator.supervisor.supervise import Supervisor
from orchestrator.supervisor.valkey import Valkey

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ROOT / "bench" / "p_product.py"
SCENE = "bench_scene"  # the database with tables and scene, from which each stage gets a copy
STATEMENTS = "shared_preload_libraries=pg_stat_statements"  # comes with the wheel


class BenchFailed(Exception):
    """The benchmark cannot go on; the message says what did not happen, with the end of the log that tells why."""


@dataclass
class Grounds:
    """The servers, a connection to their `postgres` database, and what processes need to know of them."""

    places: Places
    supervisor: Supervisor
    control: "psycopg.Connection[tuple[object, ...]]"
    env: dict[str, str]

    def server(self, name: str) -> int:
        """The process id of one of the two servers: postgres or valkey."""
        (child,) = (each for each in self.supervisor.children if each.name == name)
        assert child.process is not None
        return child.process.pid

    def set_scene(self) -> None:
        """Make tables and scene once, in a database that is then only copied."""
        done = subprocess.run(
            [sys.executable, str(PRODUCT), "setup"],
            env=self.env,
            cwd=self.places.home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchFailed(f"The tables and the scene could not be made:\n{done.stderr[-2000:]}")
        self.control.execute(f'ALTER DATABASE "{DATABASE}" RENAME TO "{SCENE}"')

    def begin_afresh(self) -> None:
        """A new copy of the scene, an empty broker, and a checkpoint behind us."""
        self.control.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
        self.control.execute(f'CREATE DATABASE "{DATABASE}" TEMPLATE "{SCENE}"')
        self.control.execute("CHECKPOINT")
        with redis.Redis(unix_socket_path=str(self.places.broker_socket)) as client:
            client.flushall()

    def role(self, role: Role, marks: Path, *, recorded: bool = True) -> Child:
        """A worker or a clock as `manage.py up --only` becomes it, not started; the worker also tells (bench.hooks)."""
        hooks = ["--include", "bench.hooks", "--loglevel", "ERROR"] if role == "worker" else []
        env = {**self.env, "PEER_MARK": str(marks), "BENCH_RECORD": "on" if recorded else "off"}
        log = self.places.logs / f"{role}.log"
        return Child(role, [*command_of(role, "", 0), *hooks], log, env=env, folder=ROOT)

    def driver(self, case: str, runs: int, marks: Path, *, recorded: bool = True) -> "subprocess.Popen[str]":
        """A process that starts runs and decides, as a web process does. It speaks the protocol of the harness."""
        told = {"PEER_WL": case, "PEER_N": str(runs), "PEER_MARK": str(marks)}
        return subprocess.Popen(
            [sys.executable, str(PRODUCT), "driver"],
            env={**self.env, **told, "BENCH_RECORD": "on" if recorded else "off"},
            cwd=self.places.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            preexec_fn=tie_to(os.getpid(), 9),  # noqa: PLW1509 - only prctl and getppid run there
        )

    def verify(self) -> int:
        """How many runs have ended well. Raises BenchFailed when a chain of the record is broken."""
        done = subprocess.run(
            [sys.executable, str(PRODUCT), "verify"],
            env=self.env,
            cwd=self.places.home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchFailed(f"The record does not hold:\n{done.stderr[-2000:]}")
        return int(done.stdout.split()[-1])


@contextmanager
def grounds() -> Iterator[Grounds]:
    """Start the servers in a new folder; stop them and remove it at the end. Raises CannotStart."""
    home = Path(tempfile.mkdtemp(prefix="holdshort-bench-"))
    places, supervisor = Places.for_home(home), Supervisor(print)
    try:
        postgres, valkey = Postgres(places, (STATEMENTS,)), Valkey(places)
        postgres.prepare()
        database, broker = postgres.make_child(), valkey.make_child()
        supervisor.start(database)
        supervisor.start(broker)
        postgres.wait_ready(database)
        valkey.wait_ready(broker)
        with psycopg.connect(places.database_url("postgres"), autocommit=True) as control:
            control.execute("CREATE EXTENSION pg_stat_statements")
            yield Grounds(places, supervisor, control, _environment(places))
    finally:
        supervisor.stop()
        for folder in (home, places.run):
            shutil.rmtree(folder, ignore_errors=True)


def _environment(places: Places) -> dict[str, str]:
    """What processes of the benchmark are told: nothing of the settings of whoever started it."""
    ours = ("HOLDSHORT_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PEER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "HOLDSHORT_HOME": str(places.home),
        "HOLDSHORT_SECRET_KEY": secrets.token_urlsafe(60),
        "HOLDSHORT_PYTHON_TOOLS": json.dumps({"bench": "bench.tools"}),
        "HOLDSHORT_TRICKLE_SECONDS": "0",
        "PEER_PG": places.database_url(),
        "PEER_REDIS": places.broker_url(),
        "PEER_WORK": str(places.home),
    }
