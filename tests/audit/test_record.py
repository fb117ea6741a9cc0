"""The record itself: written with the change or not at all, chained, unchangeable in the database (T66, T76, P05)."""

import threading
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import canonical, verbs
from audit.log import SYSTEM, NotInTransaction, Party, record
from audit.models import Entry, Stream
from audit.text import escape, unescape
from audit.verbs import UnknownVerb
from audit.verify import verify_stream

THING = Party("thing", "42", "A thing")
FROZEN = (
    "audit_entry",
    "audit_stream",
    "agents_toolversion",
    "agents_agentversion",
    "workflows_workflowversion",
    "approvals_decision",
    "approvals_comment",
    "runs_turn",
    "runs_attempt",
)


@pytest.fixture(autouse=True)
def _a_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(verbs.SENTENCES, "test.happened", "{actor} did it to {subject}.")


def write(stream: str = "test:1", **data: object) -> Entry:
    """One entry."""
    return record("test.happened", actor=SYSTEM, subject=THING, stream=stream, data=data)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_a_transaction_and_inside_one_it_is() -> None:
    with pytest.raises(NotInTransaction):
        write()
    with transaction.atomic():
        write()
    assert Entry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_the_change_that_is_rolled_back() -> None:
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_a_verb_without_a_sentence_is_refused() -> None:
    with pytest.raises(UnknownVerb):
        record("test.unheard_of", actor=SYSTEM, subject=THING, stream="test:1")


@pytest.mark.django_db
def test_entries_of_a_stream_follow_each_other_and_streams_are_apart() -> None:
    first, second, other = write(n=1), write(n=2), write("test:2", n=1)
    assert (first.seq, second.seq, other.seq) == (1, 2, 1)
    assert bytes(second.previous) == bytes(first.hash)
    assert bytes(other.previous) == b""
    assert all(verify_stream(stream) is None for stream in Stream.objects.all())


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["origin", "replica"])
@pytest.mark.parametrize("table", FROZEN)
def test_the_database_refuses_to_rewrite_history(table: str, mode: str) -> None:
    triggers = "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'A' AND NOT tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(triggers, [table])
        assert cursor.fetchone()[0] >= 3, "every trigger must fire in replica mode too"
        cursor.execute(f"SET session_replication_role = {mode}")
        try:
            with pytest.raises(DatabaseError, match="history"), transaction.atomic():
                cursor.execute(f"TRUNCATE {table} CASCADE")
        finally:
            cursor.execute("SET session_replication_role = origin")


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["origin", "replica"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET verb = 'test.other'",
        "UPDATE audit_entry SET payload = '{}'",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_stream",
        "UPDATE audit_stream SET key = 'other'",
    ],
)
def test_an_entry_cannot_be_changed_or_deleted(statement: str, mode: str) -> None:
    write(n=1)
    with connection.cursor() as cursor:
        cursor.execute(f"SET session_replication_role = {mode}")
        try:
            with pytest.raises(DatabaseError, match="history"), transaction.atomic():
                cursor.execute(statement)
        finally:
            cursor.execute("SET session_replication_role = origin")


@pytest.mark.django_db(transaction=True)
def test_the_command_exits_with_an_error_and_names_the_first_bad_entry() -> None:
    with transaction.atomic():
        for number in range(5):
            write(n=number)
    call_command("verify_audit", stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_change")
        cursor.execute("UPDATE audit_entry SET verb = 'test.other' WHERE seq = 3")
        cursor.execute("ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_no_change")
    told = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", stdout=StringIO(), stderr=told)
    assert ended.value.code == 1
    assert "test:1, entry 3" in told.getvalue()


@pytest.mark.django_db(transaction=True)
def test_writers_of_one_stream_wait_for_each_other_and_leave_no_gap() -> None:
    barrier = threading.Barrier(8)

    def writer() -> None:
        barrier.wait()
        for number in range(5):
            with transaction.atomic():
                write(n=number)
        connection.close()

    threads = [threading.Thread(target=writer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream = Stream.objects.get(key="test:1")
    assert stream.seq == 40
    assert verify_stream(stream) is None
    times = list(stream.entries.order_by("seq").values_list("at", flat=True))
    assert times == sorted(times)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile=st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_is_recorded_and_can_be_had_back_to_the_letter(hostile: str) -> None:
    entry = record("test.happened", actor=SYSTEM, subject=THING, stream="test:1", data={"text": hostile})
    stored = canonical.parse(bytes(Entry.objects.get(pk=entry.pk).payload))
    assert unescape(stored["text"]) == hostile


@given(st.text(st.characters(exclude_categories=())))
def test_escaping_loses_nothing_and_leaves_nothing_unstorable(text: str) -> None:
    stored = escape(text)
    assert unescape(stored) == text
    assert "\x00" not in stored
    stored.encode("utf-8")


@pytest.mark.django_db(transaction=True)
def test_a_huge_text_is_kept_by_its_beginning_and_its_digest() -> None:
    huge = "x" * 1_000_000
    with transaction.atomic():
        entry = write(reasoning=huge, fine="y" * 60_000)
    data = canonical.parse(bytes(entry.payload))
    assert len(data["reasoning"]) < 65_000
    assert data["reasoning"].endswith(f"SHA-256 {canonical.digest_bytes(huge.encode())})")
    assert data["fine"] == "y" * 60_000
    assert verify_stream(entry.stream) is None
