"""What every test stands on: one PostgreSQL and one Valkey for the whole run, and no way out of this machine."""

import shutil
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.servers import site_process, start_servers

pytest_plugins = ["tests.world", "tests.scenes", "tests.workshop", "tests.browsing"]

FLUSH_TRIES = 5
THIS_MACHINE = ("127.", "::1", "localhost")


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers, in the process that starts the run and before its workers exist; keep sockets at home."""
    _keep_sockets_on_this_machine()
    _let_flush_pass_history()
    _let_the_test_database_go()
    _keep_content_types()
    if not hasattr(config, "workerinput"):
        settings.HOLDSHORT_HOME.mkdir(mode=0o700)
        servers = start_servers(settings.HOLDSHORT_PLACES)
        for folder in (settings.HOLDSHORT_HOME, settings.HOLDSHORT_PLACES.run):
            config.add_cleanup(partial(shutil.rmtree, folder, ignore_errors=True))
        config.add_cleanup(servers.stop)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that are allowed to take longest first, so that no worker has one left when the other is done."""

    def allowed(item: pytest.Item) -> float:
        limit = item.get_closest_marker("timeout")
        return limit.args[0] if limit else 0

    items.sort(key=allowed, reverse=True)


def _keep_sockets_on_this_machine() -> None:
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(THIS_MACHINE):
            raise PermissionError(f"A test tried to reach {address}; tests stay on this machine.")
        real_connect(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign, assignment]


def _let_the_test_database_go() -> None:
    """Drop the test database at the end even if a page of the running site is just asking it something."""

    def destroy(self: Any, test_database_name: str, verbosity: int) -> None:
        with self._nodb_cursor() as cursor:
            name = self.connection.ops.quote_name(test_database_name)
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    setattr(DatabaseCreation, "_destroy_test_db", destroy)  # noqa: B010 - the stubs do not know it


def _let_flush_pass_history() -> None:
    """Let the flush after a transactional test empty tables that the database itself protects.

    Their triggers are ENABLE ALWAYS, so they are switched off by name around the TRUNCATE, in its transaction.
    """
    real_flush = DatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT format('%I', relname), format('%I', tgname) FROM pg_trigger "
                "JOIN pg_class ON pg_class.oid = tgrelid WHERE tgenabled = 'A' AND NOT tgisinternal"
            )
            frozen = cursor.fetchall()
        off = [f"ALTER TABLE {table} DISABLE TRIGGER {trigger}" for table, trigger in frozen]
        on = [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}" for table, trigger in frozen]
        for left in reversed(range(FLUSH_TRIES)):
            try:
                real_flush(self, [*off, *sql_list, *on])
                return
            except OperationalError as error:  # the running site was just answering a page of the test that ended
                if not left or "deadlock" not in str(error):
                    raise

    DatabaseOperations.execute_sql_flush = execute_sql_flush  # type: ignore[method-assign, assignment]


def _keep_content_types() -> None:
    """Leave the content types out of that flush: the running site remembers their keys as long as it lives."""
    real_sql = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, style: Any, tables: list[str], **options: Any) -> list[str]:
        return real_sql(self, style, [table for table in tables if table != "django_content_type"], **options)

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign, assignment]


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """No counter of one test, such as that of failed sign-ins, reaches the next."""
    yield
    cache.clear()


@pytest.fixture(scope="session")
def site_server(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The real web server on this worker's test database, for the whole run."""
    with django_db_blocker.unblock(), site_process() as address:
        yield address


@pytest.fixture
def site(site_server: str, transactional_db: None) -> str:
    """The address of the running site. Rows made in the test are committed, so the site sees them."""
    return site_server
