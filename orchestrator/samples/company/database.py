"""The company's SQLite file: where it lies, opening it, and one kind of write transaction.

Many processes open it at the same time (one server a worker), so it is in WAL mode and every writer takes the write
lock before it reads what it decides on.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.samples.company.clock import opening_day
from orchestrator.samples.company.seed import CHAPTERS
from orchestrator.samples.company.seed.pen import Row

LOCK_WAIT_SECONDS = 15.0
SCHEMAS = Path(__file__).with_name("schema")


def company_path() -> Path:
    """The file named by HOLDSHORT_COMPANY_DB, else `company.sqlite` in HOLDSHORT_HOME, else in `var/`."""
    named = os.environ.get("HOLDSHORT_COMPANY_DB")
    return Path(named) if named else Path(os.environ.get("HOLDSHORT_HOME") or "var") / "company.sqlite"


def open_company(path: Path | None = None) -> sqlite3.Connection:
    """A connection to the books, which are created and filled by whoever opens the file first."""
    path = path or company_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.create_function("fold", 1, str.casefold, deterministic=True)
    connection.execute("PRAGMA foreign_keys = ON")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")  # survives the death of any process; only power loss may undo
    if _chapters(connection) < len(CHAPTERS):
        _write_chapters(connection)
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction that holds the lock from its start: what is read inside stays true until the commit."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for the lock here, so two first openers need a retry of their own."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _chapters(connection: sqlite3.Connection) -> int:
    """How many chapters are in the books."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _write_chapters(connection: sqlite3.Connection) -> None:
    """Write the chapters that are missing: all of them into an empty file, the new ones after an update."""
    with writing(connection):
        for name, rows_of in list(CHAPTERS.items())[_chapters(connection) :]:
            for statement in (SCHEMAS / f"{name}.sql").read_text(encoding="utf-8").split(";"):
                connection.execute(statement)
            for table, rows in rows_of(opening_day()).items():
                _insert(connection, table, rows)
        connection.execute(f"PRAGMA user_version = {len(CHAPTERS)}")


def _insert(connection: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    for row in rows:
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608 (our own names)
