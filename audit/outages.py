"""When the database itself is in trouble: not there, or out of something. Whatever was under way is rolled back."""

import psycopg
from django.db import DatabaseError, InterfaceError

GONE = ("08", "57P")
FULL = ("53", "58")
GAVE_WAY = ("40",)


def is_outage(error: BaseException | None) -> bool:
    """Whether the same may work later, because only the database was in trouble: its connection was lost, it stops or
    starts, its disk is full, it cannot read or write, or it rolled this back to let others go on.

    PostgreSQL documentation, appendix A: class 08 is about connections, 57P about a server that stops, 53 about what it
    lacks, 58 about errors of its system, 40 about transactions that gave way. Without any state the connection was
    lost.
    """
    cause = _cause(error)
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | InterfaceError):
        return False
    state = getattr(cause, "sqlstate", None)
    return state is None or state.startswith((*GONE, *FULL, *GAVE_WAY))


def is_full(error: BaseException | None) -> bool:
    """Whether the database is there, and can store nothing more."""
    return is_outage(error) and (getattr(_cause(error), "sqlstate", None) or "").startswith(FULL)


def _cause(error: BaseException | None) -> BaseException | None:
    return error.__cause__ if isinstance(error, DatabaseError | InterfaceError) and error.__cause__ else error
