"""A system outside, for tests that kill the process it is called from: its books are a file, and it calls nobody.

It keeps to the contract of its tools: a key has one effect. `pay_once` does not, and so shows whether anybody asks it
twice. Set HOLDSHORT_CHAOS_BOOKS to the file, and `HOLDSHORT_PYTHON_TOOLS={"outside": "tests.chaos.shop"}`.
"""

import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.connectors import connector_for
from agents.gateway import target_of
from agents.models import Agent, Connection, Tool
from agents.python_tools import CallContext, ToolRefused, tool
from agents.states import Effect, GrantEffect, Idempotency, Reversibility
from tests.world import World, a_connection, a_grant, a_tool, an_agent

BOOKS = "HOLDSHORT_CHAOS_BOOKS"
TOOLS = {"outside": "tests.chaos.shop"}
SLOW = 0.3
"""Seconds that the slow tools take."""
WORD = {"type": "object", "properties": {"word": {}}, "additionalProperties": False}
TABLES = """
CREATE TABLE IF NOT EXISTS effects (idempotency_key TEXT, tool TEXT, word TEXT, at REAL);
CREATE TABLE IF NOT EXISTS asked (idempotency_key TEXT, tool TEXT, word TEXT);
"""


@tool("look", "Looks at a word.", WORD, annotations={"readOnlyHint": True})
def look(arguments: dict[str, Any], context: CallContext) -> Any:
    """The word itself."""
    return arguments


@tool("slow_look", "Looks at a word for a while.", WORD, annotations={"readOnlyHint": True})
def slow_look(arguments: dict[str, Any], context: CallContext) -> Any:
    """The word itself, later."""
    time.sleep(SLOW)
    return arguments


@tool("slow", "Makes something, and takes its time.", WORD)
def slow(arguments: dict[str, Any], context: CallContext) -> Any:
    """Something, once a key, and some time before and after."""
    time.sleep(SLOW / 2)
    made = _once("slow", arguments, context)
    time.sleep(SLOW / 2)
    return made


@tool("make", "Makes something.", WORD)
def make(arguments: dict[str, Any], context: CallContext) -> Any:
    """Something, once a key."""
    return _once("make", arguments, context)


@tool("unmake", "Takes something back.", WORD)
def unmake(arguments: dict[str, Any], context: CallContext) -> Any:
    """What make made, gone; once a key."""
    return _once("unmake", arguments, context)


@tool("pay", "Pays, after a person has agreed.", WORD)
def pay(arguments: dict[str, Any], context: CallContext) -> Any:
    """A payment, once a key."""
    return _once("pay", arguments, context)


@tool("pay_once", "Pays, and knows no keys.", WORD)
def pay_once(arguments: dict[str, Any], context: CallContext) -> Any:
    """A payment each time it is asked."""
    with _books() as books:
        _write(books, "effects", "pay_once", arguments, context)
    return arguments


@tool("flaky", "Works the second time.", WORD)
def flaky(arguments: dict[str, Any], context: CallContext) -> Any:
    """Refuses the first call of each step, does the others."""
    with _books() as books:
        _write(books, "asked", "flaky", {"word": context.step_ref}, context)
        (times,) = books.execute("SELECT count(*) FROM asked WHERE word = ?", [str(context.step_ref)]).fetchone()
    if times == 1:
        raise ToolRefused("Not the first time.")
    return _once("flaky", arguments, context)


@tool("refuse", "Never works.", WORD)
def refuse(arguments: dict[str, Any], context: CallContext) -> Any:
    """Nothing."""
    raise ToolRefused("There is none today.")


def _once(name: str, arguments: dict[str, Any], context: CallContext) -> Any:
    with _books() as books:
        books.execute("BEGIN IMMEDIATE")
        known = books.execute("SELECT 1 FROM effects WHERE idempotency_key = ?", [context.idempotency_key]).fetchone()
        if not known:
            _write(books, "effects", name, arguments, context)
    return arguments


def _write(books: sqlite3.Connection, table: str, name: str, arguments: dict[str, Any], context: CallContext) -> None:
    values: list[Any] = [context.idempotency_key, name, str(arguments.get("word"))]
    if table == "effects":
        values.append(time.clock_gettime(time.CLOCK_REALTIME))  # a worker whose clock is wrong does not reach this one
    books.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def _books() -> sqlite3.Connection:
    """The books. Each call opens them anew, because tools are called from many threads."""
    return sqlite3.connect(os.environ[BOOKS], timeout=30)


def open_books(path: Path) -> None:
    """Make the books, empty, and name them to this process and its children."""
    path.unlink(missing_ok=True)
    os.environ[BOOKS] = str(path)
    with sqlite3.connect(path) as books:
        books.executescript("PRAGMA synchronous=OFF;" + TABLES)


@dataclass
class Outside:
    """The system as Holdshort knows it, and its books."""

    world: World
    connection: Connection
    agent: Agent
    tools: dict[str, Tool]

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands on its books."""
        with sqlite3.connect(os.environ[BOOKS], timeout=30) as books:
            return books.execute(sql, values).fetchall()

    def effects(self, name: str = "") -> int:
        """How many effects it had, of one tool or of all."""
        return int(self.rows("SELECT count(*) FROM effects WHERE ? IN ('', tool)", name)[0][0])

    def happened(self, key: str) -> bool:
        """What a person finds who looks an effect up by its key."""
        return bool(self.rows("SELECT 1 FROM effects WHERE idempotency_key = ?", key))


def an_outside(world: World) -> Outside:
    """The system, and an agent that may do everything by itself but pay. Needs TOOLS among the settings."""
    connection = a_connection("outside", kind="python", server="outside", environment="sandbox")
    agent = an_agent("hand", owner=world.hana, acts_for=world.refund_desk, title="Hand")
    tools: dict[str, Tool] = {}
    for remote in connector_for("python").list_tools(target_of(connection)).tools:
        tools[remote.name] = a_tool(
            remote.name,
            connection=connection,
            description=remote.description,
            input_schema=remote.input_schema,
            output_schema=remote.output_schema,
            server_digest=remote.digest,
            effect=Effect.READ if remote.name.endswith("look") else Effect.WRITE,
            reversibility=Reversibility.REVERSIBLE,
            idempotency=Idempotency.NEITHER if remote.name == "pay_once" else Idempotency.BY_KEY,
            sentence="",
            short_sentence="",
            amount_argument="",
            timeout_seconds=1,
        )
        held = remote.name == "pay"
        grant, reviewer = (GrantEffect.REVIEW, world.refund_desk) if held else (GrantEffect.ALLOWED, None)
        a_grant(agent, tools[remote.name], grant, reviewer=reviewer)
    return Outside(world, connection, agent, tools)
