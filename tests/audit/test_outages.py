"""What the database refuses for reasons of its own, and what it refuses because it was asked for something wrong."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, transaction

from audit.outages import is_full, is_outage

pytestmark = pytest.mark.django_db(transaction=True)


def test_whoever_gives_way_to_another_transaction_may_try_again() -> None:
    both = Barrier(2, timeout=10)

    def lock(first: int, second: int) -> DatabaseError | None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '50ms'; SELECT pg_advisory_xact_lock(%s)", [first])
                both.wait()
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [second])
        except DatabaseError as error:
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(2) as threads:
        (error,) = filter(None, threads.map(lock, (7_001, 7_002), (7_002, 7_001)))
    assert "deadlock" in str(error)
    assert is_outage(error) and not is_full(error)


def test_a_mistake_of_ours_is_no_outage() -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    assert not is_outage(caught.value)
    assert not is_outage(ValueError()) and not is_outage(None)
