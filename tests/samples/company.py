"""The sample company as tests meet it: a real process over stdio, and its SQLite file read from outside."""

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, RequestParamsMeta

ROOT = Path(__file__).resolve().parents[2]
TODAY = "2026-11-23"
KEY = "holdshort.dev/idempotency-key"

T = TypeVar("T")


@dataclass(frozen=True)
class Ask:
    """One call: a tool, its arguments, and perhaps an idempotency key."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    key: str | None = None


def parameters(books: Path, **knobs: str) -> StdioServerParameters:
    """How to start the company on a file of its own; knobs are further environment variables."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "orchestrator.samples.company"],
        env={"HOLDSHORT_COMPANY_DB": str(books), "HOLDSHORT_COMPANY_TODAY": TODAY} | knobs,
        cwd=ROOT,
    )


def visit(books: Path, talk: Callable[[Client], Awaitable[T]], **knobs: str) -> T:
    """Start the company, talk to it, stop it."""

    async def session() -> T:
        async with Client(stdio_client(parameters(books, **knobs))) as client:
            return await talk(client)

    with ThreadPoolExecutor(1) as apart:  # a browser test before this one may have left a loop running in this thread
        return apart.submit(asyncio.run, session()).result()


def calls(books: Path, *asked: Ask) -> list[CallToolResult]:
    """Several calls, one after the other, in one process of the company."""

    async def talk(client: Client) -> list[CallToolResult]:
        return [await client.call_tool(ask.tool, ask.arguments, meta=meta(ask.key)) for ask in asked]

    return visit(books, talk)


def meta(key: str | None) -> RequestParamsMeta | None:
    """The request's `_meta` with an idempotency key."""
    values: Any = {KEY: key}
    return values if key else None


def said(result: CallToolResult) -> str:
    """The text of a result."""
    return "".join(getattr(part, "text", "") for part in result.content)


def rows(books: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the company's own file says, read from outside."""
    with sqlite3.connect(books) as connection:
        return connection.execute(sql, values).fetchall()


def effects(books: Path, key: str | None = None) -> int:
    """How many effects the company had, in all or for one idempotency key."""
    return int(rows(books, "SELECT count(*) FROM effects WHERE ?1 IS NULL OR idempotency_key = ?1", key)[0][0])
