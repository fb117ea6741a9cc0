"""Statements that are planned once behave like any other statement on Django's connection."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.fixed import FixedInsert
from audit.prepared import Prepared, Statement

pytestmark = pytest.mark.django_db(transaction=True)


def names() -> set[str]:
    return set(Group.objects.values_list("name", flat=True))


def test_the_first_statement_of_a_transaction_belongs_to_it() -> None:
    insert = Statement("INSERT INTO auth_group (name) VALUES ($1)")
    for _ in range(3):
        with transaction.atomic():
            assert insert.count(["Gone"]) == 1
            transaction.set_rollback(True)
    assert "Gone" not in names()
    with transaction.atomic():
        insert.count(["Kept"])
    assert "Kept" in names()


def test_it_is_prepared_at_its_second_use_also_after_a_rollback() -> None:
    mark = "SELECT 'a statement that nobody else has', $1::int"
    statement = Statement(mark)

    def known() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", [mark])
            return int(cursor.fetchone()[0])

    statement.rows([1])
    assert known() == 0
    with transaction.atomic():
        assert statement.rows([2]) == [("a statement that nobody else has", 2)]
        transaction.set_rollback(True)
    assert known() == 1
    assert statement.rows([3])[0][1] == 3
    connection.close()
    assert statement.rows([4])[0][1] == 4, "another connection learns it anew"


def test_what_the_database_refuses_is_raised_as_django_raises_it() -> None:
    insert = FixedInsert(Group)
    first = insert(Group(name="Once"))
    assert Group.objects.get(pk=first.pk) == first and not first._state.adding
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Group(name="Once"))
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            insert(Group(name="Once"))
        insert(Group(name="Twice"))
    assert {"Once", "Twice"} <= names()


def test_nothing_is_sent_in_a_transaction_that_is_broken() -> None:
    insert = FixedInsert(Group)
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            insert(Group(name="Never"))
    assert "Never" not in names()


def test_who_logs_statements_sees_them_with_their_values() -> None:
    statement = Prepared("SELECT %(text)s, %(number)s", {"text": "text", "number": "bigint"})
    with CaptureQueriesContext(connection) as captured:
        statement.first({"text": "it's", "number": None})
    assert [each["sql"] for each in captured.captured_queries] == ["SELECT 'it''s'::text, NULL::bigint"]
