"""What every test stands on: one PostgreSQL and one Valkey for the whole run, and no way out of this machine."""

import os
import shutil
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.backends.postgresql.creation import DatabaseCreation
from django.test import TransactionTestCase
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.servers import site_process, start_servers

pytest_plugins = ["tests.world", "tests.scenes", "tests.workshop", "tests.browsing"]

FLUSH_TRIES = 5
TOGETHER = ("tests/chaos/test_stories.py", "tests/connectors/test_retail.py")
"""Files whose tests share what takes long to make."""
EMPTY = """
DO $$
DECLARE
    kept CONSTANT name[] := '{django_migrations,django_content_type,auth_permission}';
    one record;
    protecting text[];
    has boolean;
BEGIN
    EXECUTE (SELECT 'LOCK TABLE ' || string_agg(format('%I', tablename), ', ' ORDER BY tablename)
             FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (kept));
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT format('%I', tablename) AS name FROM pg_tables
               WHERE schemaname = 'public' AND tablename <> ALL (kept) LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || one.name || ')' INTO has;
        CONTINUE WHEN NOT has;
        SELECT array_agg(format('ALTER TABLE %s %%s TRIGGER %I', one.name, tgname)) INTO protecting
        FROM pg_trigger WHERE tgrelid = one.name::regclass AND tgenabled = 'A' AND NOT tgisinternal;
        FOR place IN 1 .. coalesce(array_length(protecting, 1), 0) LOOP
            EXECUTE format(protecting[place], 'DISABLE');
        END LOOP;
        EXECUTE 'DELETE FROM ' || one.name;
        FOR place IN 1 .. coalesce(array_length(protecting, 1), 0) LOOP
            EXECUTE format(protecting[place], 'ENABLE ALWAYS');
        END LOOP;
    END LOOP;
END $$
"""
THIS_MACHINE = ("127.", "::1", "localhost")


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers, in the process that starts the run and before its workers exist; keep sockets at home."""
    _keep_sockets_on_this_machine()
    _empty_tables_quickly()
    _let_the_test_database_go()
    if not hasattr(config, "workerinput"):
        settings.HOLDSHORT_HOME.mkdir(mode=0o700)
        servers = start_servers(settings.HOLDSHORT_PLACES)
        for folder in (settings.HOLDSHORT_HOME, settings.HOLDSHORT_PLACES.run):
            config.add_cleanup(partial(shutil.rmtree, folder, ignore_errors=True))
        config.add_cleanup(servers.stop)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: the tests wait for servers and browsers about half of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Each test goes to whichever process is free, but those of some files stay together."""
    return _SomeTogether(config, log)


class _SomeTogether(LoadScopeScheduling):  # type: ignore[misc]
    """The marks of `--dist loadgroup` no longer reach pytest-xdist 3.8 with pytest 9.2, which keeps names of tests in
    another way.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


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


def _empty_tables_quickly() -> None:
    """Empty the tables after a transactional test by deleting what is in them: most have nothing, and truncating takes
    a quarter of a second whatever they have.

    Content types and permissions stay, because the running site remembers their keys; roles are made again. All tables
    are locked first, as truncating does, so that no page of the site leaves a row behind. The triggers that protect
    history are ENABLE ALWAYS and thus switched off by name.
    """

    def empty(self: TransactionTestCase) -> None:
        from orchestrator.accounts.roles import ensure_roles

        for left in reversed(range(FLUSH_TRIES)):
            try:
                with connection.cursor() as cursor:
                    cursor.execute(EMPTY)
                break
            except OperationalError as error:  # the running site was just answering a page of the test that ended
                if not left or "deadlock" not in str(error):
                    raise
        ensure_roles()

    TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]


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
