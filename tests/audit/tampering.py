"""What somebody with the database in their hands can do: change rows that the database itself protects."""

from typing import Any

from django.db import connection


def overwrite(pk: int, **columns: Any) -> None:
    """Change columns of an audit entry behind the product's back, as a superuser of the database could."""
    _behind_its_back(
        f"UPDATE audit_entry SET {', '.join(f'{name} = %s' for name in columns)} WHERE id = %s", *columns.values(), pk
    )


def remove(pk: int) -> None:
    """Take an audit entry out of the database."""
    _behind_its_back("DELETE FROM audit_entry WHERE id = %s", pk)


def _behind_its_back(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        cursor.execute(sql, values)
        for trigger in ("no_change", "no_delete", "no_truncate"):
            cursor.execute(f"ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_{trigger}")
