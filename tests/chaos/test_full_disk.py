"""A full disk: nothing is sent that cannot be recorded, pages can be read, and all goes on with room (F14, F15)."""

import contextlib
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test import Client
from redis import Redis

from agents.models import ToolCall
from audit.models import Entry
from audit.outages import is_full
from orchestrator.alarms import STORAGE
from orchestrator.runs.engine import outlasting
from orchestrator.runs.engine.sweeping import due_runs
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.supervisor.places import DATABASE, Places
from orchestrator.supervisor.postgres import Postgres
from orchestrator.workflows.actions import give_right
from orchestrator.workflows.rights import Right
from tests.chaos import shop
from tests.chaos.shop import Outside
from tests.chaos.small_disk import SmallDisk, mounted
from tests.chaos.world_check import verify_world
from tests.reading import page, signed_in
from tests.runs.starting import form
from tests.scenes import a_run, a_workflow
from tests.workshop import Workshop, pump, step, words
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = ("audit_entry", "audit_stream")


@pytest.fixture
def record_disk(world: World, settings: Any) -> Iterator[SmallDisk]:
    """The record lies on a small disk of its own."""
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(STORAGE)
    name, folder = f"small_{secrets.token_hex(4)}", Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    disks = mounted(folder / "disk", 2)
    disk = next(disks)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry SET (fillfactor = 10)")
        for table in TABLES:  # what tests before have deleted would take the room of this one
            cursor.execute(f"VACUUM FULL {table}")
        cursor.execute(f"CREATE TABLESPACE {name} LOCATION '{disk.path}'")
    try:
        with connection.cursor() as cursor:
            _move(cursor, name, fillfactor=10)
        yield disk
    finally:
        disk.free()
        with connection.cursor() as cursor:
            _move(cursor, "pg_default", fillfactor=100)
            cursor.execute(f"DROP TABLESPACE {name}")
        with contextlib.suppress(StopIteration):
            next(disks)
        shutil.rmtree(folder, ignore_errors=True)


def _move(cursor: Any, name: str, *, fillfactor: int) -> None:
    """Have the record lie elsewhere. With a low fill factor every entry begins a page of its own, and needs room."""
    cursor.execute(f"ALTER TABLE audit_entry SET (fillfactor = {fillfactor})")
    for table in TABLES:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass", [table])
        for (index,) in cursor.fetchall():
            cursor.execute(f"ALTER INDEX {index} SET TABLESPACE {name}")
        cursor.execute(f"ALTER TABLE {table} SET TABLESPACE {name}")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlasting, "PAUSES", (0.05, 0.1))


def test_nothing_is_sent_while_the_record_cannot_be_written(workshop: Workshop, record_disk: SmallDisk) -> None:
    version, otto = workshop.workflow(step("one", tool="make") + step("two")), workshop.world.otto
    give_right(workflow=version.workflow, right=Right.START, who=otto, by=workshop.world.hana)
    run = a_run(version, otto)
    record_disk.fill()
    before = set(Entry.objects.values_list("pk", flat=True))
    for _ in range(4):
        with pytest.raises(DatabaseError) as raised:
            pump(run)
        assert is_full(raised.value)
    assert words("make") == []
    assert not ToolCall.objects.exists()
    deadline = time.monotonic() + 20  # where the trouble was small enough to be noted, the run rests a moment
    while not due_runs() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert due_runs() == [run.ref]
    assert run.title in page(otto, run), "what there is can be read"
    client = signed_in(otto)
    client.raise_request_exception = False
    answer = client.post("/workflows/work/start/", form())
    assert answer.status_code == 503
    assert "disk is full" in answer.content.decode()
    assert Run.objects.count() == 1
    more = set(Entry.objects.exclude(pk__in=before).values_list("verb", flat=True))
    assert more <= {"run.troubled"}, "what happened to be small enough"
    assert Client().get("/healthz").json()["storage"] == "full"
    record_disk.free()
    run.refresh_from_db()
    assert run.troubles == 0
    assert pump(run).state == RunState.SUCCEEDED, run.reason
    assert words("make") == ["one"]


def test_an_outcome_that_cannot_be_recorded_is_held_until_it_can(
    world: World, record_disk: SmallDisk, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payment that must not be made twice was made, and just then the disk was full for a while."""
    settings.HOLDSHORT_PYTHON_TOOLS = shop.TOOLS
    shop.open_books(tmp_path / "books.sqlite")
    outside: Outside = shop.an_outside(world)
    monkeypatch.setattr(outlasting, "PAUSES", (0.2,) * 20)
    real = shop._write

    def write(*args: Any) -> None:
        real(*args)
        record_disk.fill()
        threading.Timer(1.0, record_disk.free).start()

    monkeypatch.setattr(shop, "_write", write)
    text = """
    name: pay
    title: Pay
    environment: sandbox
    input: {type: object, additionalProperties: false, properties: {}}
    risk: {review_from: 100, reviewers: {team: Refund desk}}
    steps:
      - {id: pay, kind: tool, title: Pay, agent: hand, tool: outside.pay_once, with: {word: once}}
    """
    run = pump(a_run(a_workflow(text), world.otto))
    Run.objects.filter(wake_at__isnull=False).update(wake_at=run.created_at)
    assert pump(run).state == RunState.SUCCEEDED, run.reason
    assert outside.effects() == 1
    assert Client().get("/healthz").json()["storage"] == "full", "it really was full"
    verify_world(outside, at_rest=True)


def test_a_full_disk_of_the_log_stops_the_server_and_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    """The log of PostgreSQL itself, which everything it acknowledges is in before."""
    home = Path(tempfile.mkdtemp(dir="/var/tmp"))
    home.chmod(0o755)
    server = Postgres(Places.for_home(home), ("min_wal_size=32MB", "max_wal_size=64MB"))
    server.prepare()
    log = server.places.database_files / "pg_wal"
    kept = log.rename(log.with_name("pg_wal_before"))
    disks = mounted(log, 128)
    try:
        disk = next(disks)
        shutil.copytree(kept, log, dirs_exist_ok=True, copy_function=shutil.copy2)
        for each in log.rglob("*"):
            shutil.chown(each, "nobody")
        acknowledged = _write_until_it_stops(server, disk)
        disk.free()
        child = server.make_child()
        child.start()
        server.wait_ready(child)
        with _connected(server) as database:
            found = {number for (number,) in database.execute("SELECT number FROM kept").fetchall()}
            database.execute("INSERT INTO kept VALUES (-1)")
        assert set(acknowledged) <= found <= {*acknowledged, len(acknowledged)}
        child.ask_to_stop()
        child.wait_stopped()
    finally:
        with contextlib.suppress(StopIteration):
            next(disks)
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(server.places.run, ignore_errors=True)


def _write_until_it_stops(server: Postgres, disk: SmallDisk) -> list[int]:
    """Commit again and again while the log has no more room; what was acknowledged."""
    child, done = server.make_child(), list[int]()
    child.start()
    server.wait_ready(child)
    try:
        with _connected(server) as database:
            database.execute("CREATE TABLE kept (number int)")
            disk.fill()
            while len(done) < 500:
                database.execute("SELECT pg_logical_emit_message(false, 'ballast', repeat('x', 1000000))")
                database.execute("INSERT INTO kept VALUES (%s)", [len(done)])
                done.append(len(done))
    except psycopg.OperationalError:
        pass
    assert 0 < len(done) < 500, "the disk was never full"
    time.sleep(0.5)
    if child.alive and child.process is not None:
        child.process.send_signal(signal.SIGQUIT)
        child.process.wait()
    return done


def _connected(server: Postgres) -> Any:
    folder = str(server.places.database_socket_folder)
    return psycopg.connect(host=folder, user=DATABASE, dbname=DATABASE, autocommit=True)
