"""`manage.py up`: starts everything a Holdshort needs and keeps it running until it is told to stop."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from orchestrator.supervisor.child import Child
from orchestrator.supervisor.exceptions import CannotStart
from orchestrator.supervisor.guards import only_one, port_from, refuse_taken_port
from orchestrator.supervisor.leash import die_with_parent
from orchestrator.supervisor.postgres import Postgres
from orchestrator.supervisor.readiness import wait_healthy
from orchestrator.supervisor.roles import ROLES, Role, command_of
from orchestrator.supervisor.supervise import Supervisor
from orchestrator.supervisor.valkey import Valkey

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """A signal asked us to stop. Not an Exception, so that nothing on the way takes it for an error of its own."""


class Command(BaseCommand):
    """Database, broker, web pages, worker and clock in one go, or one role of them for production."""

    help = "Start Holdshort: its database and broker unless DATABASE_URL and REDIS_URL are set, web, worker, beat."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--only` runs one role in place of this process; `--tied` is for make."""
        parser.add_argument("--only", choices=ROLES, help="run this one role and nothing else")
        parser.add_argument("--tied", action="store_true", help="stop when the process that started this one ends")

    def handle(self, *args: Any, only: Role | None = None, tied: bool = False, **options: Any) -> None:
        """Run until SIGINT or SIGTERM. Raises CommandError with what to change when something cannot start."""
        if tied:
            die_with_parent(signal.SIGTERM)
        os.environ["HOLDSHORT_HOME"] = str(settings.HOLDSHORT_HOME)
        self.supervisor = Supervisor(self._say)
        try:
            self.host, self.port = os.environ.get("HOST") or "127.0.0.1", port_from(os.environ.get("PORT") or "8000")
            if only:
                self._become(only)
            with only_one(settings.HOLDSHORT_HOME / "up.lock"):
                self._run()
        except CannotStart as reason:
            raise CommandError(str(reason)) from None
        except StopAsked:
            self._say("Stopped.")

    def _run(self) -> None:
        began = time.monotonic()
        try:
            _on_stop_signals(_raise_stop)
            refuse_taken_port(self.host, self.port)
            self._start_servers()
            self._prepare_data()
            self._start_roles()
            self._greet(time.monotonic() - began)
            self.supervisor.watch()
        finally:
            _on_stop_signals(signal.SIG_IGN)
            self.supervisor.stop()
            shutil.rmtree(settings.HOLDSHORT_PLACES.run, ignore_errors=True)  # sockets only

    def _start_servers(self) -> None:
        if settings.EMBEDDED_DATABASE:
            with self._stage("Database"):
                postgres = Postgres(settings.HOLDSHORT_PLACES)
                postgres.prepare()
                child = postgres.make_child()
                self.supervisor.start(child)
                postgres.wait_ready(child)
        if settings.EMBEDDED_BROKER:
            with self._stage("Broker"):
                valkey = Valkey(settings.HOLDSHORT_PLACES)
                child = valkey.make_child()
                self.supervisor.start(child)
                valkey.wait_ready(child)

    def _prepare_data(self) -> None:
        with self._stage("Tables"):
            call_command("migrate", verbosity=0, interactive=False)
        if settings.PRODUCTION:
            with self._stage("Static files"):
                call_command("collectstatic", verbosity=0, interactive=False)
        elif "load_samples" in get_commands():
            with self._stage("Sample company"):
                call_command("load_samples", verbosity=0)
        connections.close_all()

    def _start_roles(self) -> None:
        with self._stage("Web, worker, clock"):
            logs = settings.HOLDSHORT_PLACES.logs
            for role in ROLES:
                command = command_of(role, self.host, self.port)
                stop = signal.SIGQUIT if role == "worker" else signal.SIGTERM  # Celery's soft shutdown
                log = logs / f"{role}.log"
                self.supervisor.start(Child(role, command, log, folder=settings.BASE_DIR, stop_signal=stop))
            known_name = settings.ALLOWED_HOSTS[0].lstrip(".")
            wait_healthy(self._address, known_name, self.supervisor.children, logs)

    def _become(self, role: Role) -> NoReturn:
        """Replace this process by the role, so that signals and exit codes are the role's own."""
        if role == "web" and settings.PRODUCTION:
            call_command("collectstatic", verbosity=0, interactive=False)
        os.chdir(settings.BASE_DIR)
        command = command_of(role, self.host, self.port)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted

    @property
    def _address(self) -> str:
        name = {"127.0.0.1": "localhost", "0.0.0.0": "localhost", "::": "localhost"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{name}]:{self.port}" if ":" in name else f"http://{name}:{self.port}"

    def _greet(self, seconds: float) -> None:
        self._say(f"\nHoldshort is ready after {seconds:.1f} s: {self._address}/\n")
        rows = [] if settings.PRODUCTION else _demo_sign_ins()
        if rows:
            widths = [max(len(row[column]) for row in rows) for column in range(3)]
            self._say("Sign in as")
            for row in rows:
                self._say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
            self._say("")
        self._say(f"Data and logs are in {settings.HOLDSHORT_HOME}. Stop with Ctrl-C.")

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """One line of progress: the name at once, the seconds when it is done."""
        self.stdout.write(f"{name} ".ljust(22, "."), ending=" ")
        self.stdout.flush()
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self._say("not done")
            raise
        self._say(f"{time.monotonic() - began:.1f} s")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _on_stop_signals(handler: Any) -> None:
    for number in STOP_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup stays in force
            signal.signal(number, handler)


def _raise_stop(number: int, frame: object) -> NoReturn:
    raise StopAsked


def _demo_sign_ins() -> list[tuple[str, str, str]]:
    """Role, e-mail address and password of each person of the sample company."""
    if find_spec("orchestrator.samples.people") is None:
        return []
    from orchestrator.samples.people import demo_sign_ins

    return demo_sign_ins()
