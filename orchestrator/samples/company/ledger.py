"""Which calls arrived and which had an effect: the company's own witness, and what makes a repeated key harmless."""

import json
import sqlite3
from typing import Any

from pydantic import BaseModel

from orchestrator.samples.company.clock import now
from orchestrator.samples.company.database import writing
from orchestrator.samples.company.rows import Refused
from orchestrator.samples.company.tools import Tool


def answer(
    books: sqlite3.Connection, tool: Tool, asked: BaseModel, idempotency_key: str | None
) -> tuple[dict[str, Any], bool]:
    """Do one call. Returns the result as JSON values, and whether the books changed just now.

    A key seen before gets its first result again without a second effect. Raises Refused, with nothing changed, for
    what the company does not do and for a key that comes back with another call.
    """
    arguments = json.dumps(asked.model_dump(), sort_keys=True, ensure_ascii=False)
    call = _arrived(books, tool.name, arguments, idempotency_key)
    try:
        result, outcome = _done(books, tool, asked, arguments, idempotency_key)
    except Refused:
        _came_of(books, call, "refused")
        raise
    _came_of(books, call, outcome)
    return result, outcome == "effect"


def _done(
    books: sqlite3.Connection, tool: Tool, asked: BaseModel, arguments: str, key: str | None
) -> tuple[dict[str, Any], str]:
    if not tool.writes:
        return tool.run(books, asked).model_dump(), "read"
    with writing(books):
        first = _first_result(books, tool.name, arguments, key)
        if first is not None:
            return first, "repeated"
        result = tool.run(books, asked).model_dump()
        books.execute(
            "INSERT INTO effects (idempotency_key, tool, arguments, at, result) VALUES (?, ?, ?, ?, ?)",
            [key, tool.name, arguments, now(), json.dumps(result, ensure_ascii=False)],
        )
    return result, "effect"


def _first_result(books: sqlite3.Connection, tool: str, arguments: str, key: str | None) -> dict[str, Any] | None:
    row = books.execute("SELECT * FROM effects WHERE idempotency_key = ?", [key]).fetchone()
    if row is None:
        return None
    if (row["tool"], row["arguments"]) != (tool, arguments):
        raise Refused(f"The idempotency key {key} was used for another call before, so this one was not done.")
    result: dict[str, Any] = json.loads(row["result"])
    return result


def _arrived(books: sqlite3.Connection, tool: str, arguments: str, key: str | None) -> int:
    cursor = books.execute(
        "INSERT INTO calls (at, tool, arguments, idempotency_key) VALUES (?, ?, ?, ?)", [now(), tool, arguments, key]
    )
    return cursor.lastrowid or 0


def _came_of(books: sqlite3.Connection, call: int, outcome: str) -> None:
    books.execute("UPDATE calls SET outcome = ? WHERE id = ?", [outcome, call])
