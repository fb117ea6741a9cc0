"""Rows out of the books, and the one way in which the company says no."""

import sqlite3
from typing import Any

Rows = list[dict[str, Any]]


class Refused(Exception):
    """The company does not do this; the message says why."""


def one_row(books: sqlite3.Connection, sql: str, noun: str, key: str) -> dict[str, Any]:
    """The row whose `:id` this is. Raises Refused in a sentence when there is none."""
    row = books.execute(sql, {"id": key.strip()}).fetchone()
    if row is None:
        raise Refused(f"There is no {noun} {key}.")
    return dict(row)


def all_rows(books: sqlite3.Connection, sql: str, values: dict[str, Any]) -> Rows:
    """Every row, as names and values."""
    return [dict(row) for row in books.execute(sql, values)]


def next_id(books: sqlite3.Connection, table: str, prefix: str) -> str:
    """The number of the next row that is added to a table; inside a write transaction only."""
    count = books.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 (our own names)
    return f"{prefix}{70_001 + count}"
