"""The database's clock, the only one that deadlines are decided on: a worker's own may be wrong."""

from datetime import datetime

from audit.prepared import Statement

_NOW = Statement("SELECT clock_timestamp()")


def db_now() -> datetime:
    """The time at the database, with time zone."""
    now: datetime = _NOW.rows()[0][0]
    return now
