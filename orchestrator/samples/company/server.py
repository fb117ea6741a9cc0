"""The MCP server of the sample company.

A write may carry an idempotency key in the request's `_meta`, where no agent sees it. What the company refuses comes
back as an error result with a sentence, as the protocol asks for errors that a model may read and correct.
"""

import json
import os
import sqlite3
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from pydantic import ValidationError

from orchestrator.samples.company import ledger
from orchestrator.samples.company.database import open_company
from orchestrator.samples.company.rows import Refused
from orchestrator.samples.company.tools import TOOLS, Tool

IDEMPOTENCY_KEY = "holdshort.dev/idempotency-key"
INSTRUCTIONS = "Norrland Group: shop orders and refunds, insurance claims, sales, contracts, published texts, and mail."

Context = ServerRequestContext[dict[str, Any], Any]


async def serve() -> None:
    """Serve over stdin and stdout until the client closes them."""
    server = company_server(open_company())
    async with stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())


def company_server(books: sqlite3.Connection) -> Server[dict[str, Any]]:
    """The server over an open set of books."""
    listing = types.ListToolsResult(tools=[_listed(tool) for tool in TOOLS.values()])

    async def list_tools(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return listing

    async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        await anyio.sleep(_milliseconds("HOLDSHORT_COMPANY_DELAY_MS"))
        try:
            result, changed = _call(books, params)
        except Refused as refusal:
            return types.CallToolResult(content=[types.TextContent(text=str(refusal))], is_error=True)
        if changed:
            await anyio.sleep(_milliseconds("HOLDSHORT_COMPANY_PAUSE_AFTER_EFFECT_MS"))
        text = json.dumps(result, ensure_ascii=False)
        return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=result)

    return Server(
        "norrland-company",
        version="1",
        title="Norrland Group",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        get_tool_input_schema=lambda name: TOOLS[name].asks.model_json_schema() if name in TOOLS else None,
    )


def _listed(tool: Tool) -> types.Tool:
    takes, answers = tool.schemas()
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=takes,
        output_schema=answers,
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.writes, destructive_hint=tool.writes, idempotent_hint=True, open_world_hint=False
        ),
    )


def _call(books: sqlite3.Connection, params: types.CallToolRequestParams) -> tuple[dict[str, Any], bool]:
    tool = TOOLS.get(params.name)
    if tool is None:
        raise Refused(f"There is no tool {params.name}. The tools are: {', '.join(TOOLS)}.")
    try:
        asked = tool.asks.model_validate(params.arguments or {}, strict=True)
    except ValidationError as error:
        raise Refused(_sentence(tool, error)) from error
    key = (params.meta or {}).get(IDEMPOTENCY_KEY)
    return ledger.answer(books, tool, asked, str(key) if key is not None else None)


def _sentence(tool: Tool, error: ValidationError) -> str:
    problems = [f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()]
    return f"{tool.name} was not done. {'; '.join(problems)}."


def _milliseconds(name: str) -> float:
    """Seconds out of an environment variable in milliseconds, for tests that need a slow company. Unset is 0."""
    return float(os.environ.get(name, "0")) / 1000
