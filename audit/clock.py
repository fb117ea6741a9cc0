"""The database's clock, the only one that deadlines are decided on: a worker's own may be wrong."""

from datetime import datetime

from django.db import connection


def db_now() -> datetime:
    """The time at the database, with time zone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
