"""The real servers and processes that tests run against. All of them end with the process that started them."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection
from redis import Redis

from orchestrator.celery import WORKER_SEEN
from orchestrator.supervisor.child import Child
from orchestrator.supervisor.places import Places
from orchestrator.supervisor.postgres import Postgres
from orchestrator.supervisor.readiness import health
from orchestrator.supervisor.roles import command_of
from orchestrator.supervisor.supervise import Supervisor
from orchestrator.supervisor.valkey import Valkey
from tests.settings import WORKER_NUMBER

# Nobody needs this data after a power cut.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400")


def start_servers(places: Places) -> Supervisor:
    """PostgreSQL and Valkey of the test run, ready to use. Stop them with `.stop()`."""
    supervisor = Supervisor(print)
    postgres, valkey = Postgres(places, FAST), Valkey(places)
    postgres.prepare()
    database, broker = postgres.make_child(), valkey.make_child()
    supervisor.start(database)
    supervisor.start(broker)
    postgres.wait_ready(database)
    valkey.wait_ready(broker)
    return supervisor


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], object], seconds: float = 20.0, what: str = "the condition") -> None:
    """Look every 20 ms until `true()`; fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)


def role(name: str, argv: list[str], **env: str) -> Child:
    """A process of the product on the test database and broker, not started. `env` adds environment variables."""
    places: Places = settings.HOLDSHORT_PLACES
    return Child(
        name=name,
        argv=argv,
        log=places.logs / f"{name}-{WORKER_NUMBER}.log",
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
            "HOLDSHORT_SECRET_KEY": settings.SECRET_KEY,
            "DATABASE_URL": places.database_url(connection.settings_dict["NAME"]),
            "REDIS_URL": settings.REDIS_URL,
            **env,
        },
        folder=Path(settings.BASE_DIR),
        grace=5.0,
    )


@contextmanager
def worker_process(**env: str) -> Iterator[Child]:
    """A real Celery worker, ready for work. Use in tests with `transactional_db`; `.process.kill()` is a SIGKILL."""
    child = role("worker", command_of("worker", "", 0), **env)
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(WORKER_SEEN)
        child.start()
        try:
            wait_until(lambda: client.exists(WORKER_SEEN) or not child.alive, 40, "the worker's first heartbeat")
            assert child.alive, child.log_tail(40)
            yield child
        finally:
            child.ask_to_stop()
            child.wait_stopped()


@contextmanager
def site_process(**env: str) -> Iterator[str]:
    """The real web server on the test database; yields its address, for example http://127.0.0.1:41234."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    child = role("web", command_of("web", "127.0.0.1", port), **env)
    child.start()
    try:
        wait_until(lambda: health(address, "localhost") or not child.alive, 40, "the first page")
        assert child.alive, child.log_tail(40)
        yield address
    finally:
        child.ask_to_stop()
        child.wait_stopped()


def manage(*arguments: str) -> list[str]:
    """The command line of `manage.py` with `arguments`."""
    return [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *arguments]


def kill(child: Child) -> None:
    """SIGKILL, and wait until the process is gone."""
    assert child.process is not None
    child.process.send_signal(signal.SIGKILL)
    child.process.wait()
