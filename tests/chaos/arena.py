"""Servers, workers and a world of their own, on which everything may be killed. Used by the runner, in its own process.

A story happens in a database of its own, copied from one that was migrated once, so that checking it takes no longer
the more stories there were.
"""

import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection
from redis import Redis, RedisError

from orchestrator.supervisor.child import Child
from orchestrator.supervisor.places import DATABASE, Places
from orchestrator.supervisor.postgres import Postgres
from orchestrator.supervisor.roles import command_of
from orchestrator.supervisor.valkey import Valkey
from tests.chaos import points, shop
from tests.servers import kill, role

# A commit that was acknowledged must survive `-m immediate`; only a power cut may lose it here.
OPTIONS = ("fsync=off", "full_page_writes=off", "max_connections=200")
PATIENCE = 40.0
SHORT = {"HOLDSHORT_LEASE_SECONDS": "2", "HOLDSHORT_MODEL_SECONDS": "2", "HOLDSHORT_HOLD_SECONDS": "1"}
T = TypeVar("T")


class Arena:
    """A PostgreSQL and a Valkey that may be killed, and processes of the product on them."""

    def __init__(self) -> None:
        self.places: Places = settings.HOLDSHORT_PLACES
        self.places.home.mkdir(mode=0o700, parents=True)
        self.postgres, self.valkey = Postgres(self.places, OPTIONS), Valkey(self.places)
        self.postgres.prepare()
        self.database, self.broker = self.postgres.make_child(), self.valkey.make_child()
        self.processes: list[Child] = []
        self.stories = 0
        settings.HOLDSHORT_PYTHON_TOOLS = shop.TOOLS
        settings.HOLDSHORT_HOLD_SECONDS = int(SHORT["HOLDSHORT_HOLD_SECONDS"])
        os.environ[points.HITS] = str(self.places.home / "hits")

    def start(self) -> None:
        """Start the servers and make the database that all others are copied from."""
        self.start_database()
        self.start_broker()
        call_command("migrate", verbosity=0)

    def start_database(self) -> None:
        """Start PostgreSQL, again after it was killed."""
        self.database = self.postgres.make_child()
        self.database.start()
        self.postgres.wait_ready(self.database)

    def start_broker(self) -> None:
        """Start Valkey, empty."""
        self.broker = self.valkey.make_child()
        self.broker.start()
        self.valkey.wait_ready(self.broker)

    def new_story(self) -> None:
        """An empty database, broker, list of hits and books."""
        self.end_processes()
        self.stories += 1
        name = f"story_{self.stories}"
        connection.close()
        connection.settings_dict["NAME"] = "postgres"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS story_{self.stories - 1} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
        connection.close()
        connection.settings_dict["NAME"] = name
        with Redis.from_url(settings.REDIS_URL) as client:
            client.flushall()
        Path(os.environ[points.HITS]).write_text("")
        shop.open_books(self.places.home / "books.sqlite")

    def worker(self, **plan: Any) -> Child:
        """A real Celery worker, as `manage.py up --only worker` starts one, with this fault in it."""
        command = [part.replace("orchestrator.celery", "tests.chaos.worker") for part in command_of("worker", "", 0)]
        return self._start(f"worker-{len(self.processes)}", command, HOLDSHORT_CHAOS_WORKER=json.dumps(plan))

    def sweeper(self) -> Child:
        """A clock that rings for due work."""
        return self._start(f"sweeper-{len(self.processes)}", [sys.executable, "-m", "tests.chaos.sweeper"])

    def _start(self, name: str, command: list[str], **env: str) -> Child:
        child = role(name, command, HOLDSHORT_PYTHON_TOOLS=json.dumps(shop.TOOLS), **SHORT, **env)
        child.start()
        self.processes.append(child)
        return child

    def revive(self) -> int:
        """Start a healthy worker in place of each one that has ended, as the supervisor does; how many had."""
        ended = [child for child in self.processes if not child.alive]
        for child in ended:
            self.processes.remove(child)
            self.worker() if child.name.startswith("worker") else self.sweeper()
        return len(ended)

    def end_processes(self) -> None:
        """End workers and sweepers, whatever they are doing."""
        for child in self.processes:
            kill(child)
        self.processes.clear()

    def stop(self) -> None:
        """End everything."""
        self.end_processes()
        connection.close()
        for child in (self.broker, self.database):
            child.ask_to_stop()
            child.wait_stopped()
        for folder in (self.places.home, self.places.run):
            shutil.rmtree(folder, ignore_errors=True)

    def kill_database(self) -> None:
        """What `pg_ctl restart -m immediate` does: no checkpoint, no goodbye, and start again from the log."""
        process = self.database.process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait()
        self.start_database()

    def hits(self) -> Counter[str]:
        """What has hit since the story began."""
        return Counter(Path(os.environ[points.HITS]).read_text().splitlines())

    def logs(self) -> str:
        """The end of what the workers said, for a story that went wrong."""
        return "\n".join(f"--- {child.name}\n{child.log_tail(15)}" for child in self.processes)


def persist(action: Callable[[], T]) -> T:
    """Do something on servers that may be down just now: again and again, until it works."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return action()
        except (DatabaseError, InterfaceError, RedisError, OSError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(0.1)
