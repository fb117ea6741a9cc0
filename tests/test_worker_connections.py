"""A worker's connection to the database: a broken one is replaced before the next task, a sound one is not asked."""

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from orchestrator.celery import drop_broken_connections

pytestmark = pytest.mark.django_db(transaction=True)


def pid() -> int:
    """The server process of this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_a_connection_that_the_server_has_ended_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", None)
    ended = pid()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
        assert cursor.fetchone() == (True,)
    other.close()
    drop_broken_connections()
    assert pid() != ended


def test_a_sound_connection_is_kept_and_costs_no_query() -> None:
    before = pid()
    with CaptureQueriesContext(connection) as asked:
        drop_broken_connections()
    assert len(asked) == 0 and pid() == before


def test_a_connection_after_an_error_is_looked_at() -> None:
    before = pid()
    connection.errors_occurred, connection.close_at = True, None
    drop_broken_connections()
    assert not connection.errors_occurred and pid() == before


def test_a_connection_that_was_left_in_a_transaction_is_dropped() -> None:
    before = pid()
    connection.set_autocommit(False)
    drop_broken_connections()
    assert connection.connection is None and pid() != before
