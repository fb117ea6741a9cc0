"""Which workers are alive, by the database's own word.

Each thread that drives runs holds a session lock of PostgreSQL under a number of its own for as long as its connection
lives (PostgreSQL documentation, 13.3.5, "Advisory Locks"). One that was killed loses it at once, so what it was at can
be taken over long before its lease has run out.

The lock can also go while the worker lives: somebody ended its connection, or the database was started again. Then it
may be in the middle of sending a call. So only what does no harm when it is done twice at once is taken over early:

* the fast lane, which only reads, and stores nothing once somebody else has moved the run;
* asking a model, and calls that read: what the slower worker brings back has an old fencing token and is not stored;
* writes whose contract says that repetitions with the same key have one effect.

Any other write is left alone until its lease has run out, which is later than the latest moment at which its sender may
get an answer. Then a person is asked, never earlier: the sender may be back in a second and say what happened.
`Step.lease_owner` is empty for such work.
"""

import secrets
import threading
from collections.abc import Collection

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

ALIVE = """
SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""The numbers of all workers that are alive, as a query."""


class _Own(threading.local):
    """The number of each thread: Django gives each a connection of its own."""

    number: int | None = None


_own = _Own()


def owner() -> int:
    """The number of this worker; the first time, it is locked."""
    if _own.number is None:
        _own.number = secrets.randbits(62)
        connection_created.connect(_lock_again, dispatch_uid="worker_liveness")
        _lock(connection)
    return _own.number


def is_alive(owner_id: int | None) -> bool:
    """Whether the worker of this number still has its connection. One query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s IN ({ALIVE})", [owner_id])
        (alive,) = cursor.fetchone()
    return bool(alive)


def gone(owner_ids: Collection[int]) -> frozenset[int]:
    """Those of these workers that have no connection any more; this one is never among them. At most one query."""
    others = [number for number in owner_ids if number != _own.number]
    if not others:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT unnest(%s::bigint[]) EXCEPT ({ALIVE})", [others])
        return frozenset(number for (number,) in cursor.fetchall())


def _lock(to: BaseDatabaseWrapper) -> None:
    """Lock the number, or another one where a connection that is not quite gone still has it. Waits for nobody."""
    locked = False
    while not locked:
        with to.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_own.number])
            (locked,) = cursor.fetchone()
        if not locked:
            _own.number = secrets.randbits(62)


def _lock_again(connection: BaseDatabaseWrapper, **_: object) -> None:
    """A new connection of this thread: the lock of the old one went with it."""
    if _own.number is not None:
        _lock(connection)
