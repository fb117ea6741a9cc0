"""A worker's connection to the database: a broken one is replaced before the next task, a sound one is not asked."""

from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from orchestrator import celery
from orchestrator.celery import drop_broken_connections, keep_connections

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


def test_a_worker_plans_prepared_statements_once_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = connections.settings["default"]
    for name, value in (("CONN_MAX_AGE", 0), ("OPTIONS", {"options": "-c application_name=ours"})):
        monkeypatch.setitem(settings, name, value)
    monkeypatch.setattr(celery, "app", SimpleNamespace(conf=SimpleNamespace(broker_transport_options={})))
    connection.close()
    keep_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('plan_cache_mode'), current_setting('application_name')")
        assert cursor.fetchone() == ("force_generic_plan", "ours")
    connection.close()
