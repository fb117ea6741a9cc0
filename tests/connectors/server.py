"""An MCP server for tests, over pipes or (with --http PORT) over streamable HTTP. It writes every effect to a log.

Its environment: TEST_LOG is the log, TEST_TOOLS a JSON file with more definitions, TEST_PAGE the size of a page of
tools, TEST_JSON makes HTTP answers plain JSON.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

Context = ServerRequestContext[dict[str, Any], Any]
NAMES = [
    "echo",
    "text",
    "texts",
    "listing",
    "image",
    "fail",
    "refuse",
    "raise",
    "slow",
    "crash",
    "big",
    "environment",
    "headers",
    "promise",
    "hostile",
    "garbage",
]
PROMISE = {"type": "object", "properties": {"done": {"type": "boolean"}}, "required": ["done"]}


def note(line: str) -> None:
    """Add a line to the log of effects, on disk before anything else happens."""
    with Path(os.environ["TEST_LOG"]).open("a") as log:
        log.write(line + "\n")
        log.flush()
        os.fsync(log.fileno())


def definitions() -> list[types.Tool]:
    """The tools offered now: the built-in ones and those of the file, which tests change."""
    extra = Path(os.environ.get("TEST_TOOLS", ""))
    more = json.loads(extra.read_text()) if extra.is_file() else []
    own = [
        types.Tool(
            name=name,
            description=f"Does {name}.",
            input_schema={"type": "object", "properties": {"value": {}}},
            output_schema=PROMISE if name == "promise" else None,
        )
        for name in NAMES
    ]
    return own + [types.Tool.model_validate(tool) for tool in more]


async def list_tools(_: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    """One page of the tools."""
    tools, size = definitions(), int(os.environ.get("TEST_PAGE", "1000"))
    start = int(params.cursor) if params and params.cursor else 0
    following = str(start + size) if start + size < len(tools) else None
    return types.ListToolsResult(tools=tools[start : start + size], next_cursor=following)


async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    """Do what the name of the tool says."""
    given = params.arguments or {}
    note(f"{params.name} {json.dumps(given.get('value'))} {key_of(params)}")
    if params.name in ("slow", "big"):
        return await _lengthy(params.name, given)
    if params.name in ("crash", "raise", "refuse"):
        return _failure(params.name)
    return _answer(params.name, given, params, ctx)


def key_of(params: types.CallToolRequestParams) -> Any:
    """The idempotency key of a call."""
    return dict(params.meta or {}).get("holdshort.dev/idempotency-key")


async def _lengthy(name: str, given: dict[str, Any]) -> types.CallToolResult:
    if name == "big":
        return text("x" * int(given["value"]))
    await anyio.sleep(given["value"])
    note("slow done")
    return text("done")


def _failure(name: str) -> types.CallToolResult:
    if name == "crash":
        os._exit(9)
    if name == "refuse":
        raise MCPError(code=-32602, message="These arguments are refused.")
    raise RuntimeError("a bug in the tool")


def _answer(
    name: str, given: dict[str, Any], params: types.CallToolRequestParams, ctx: Context
) -> types.CallToolResult:
    if name == "garbage":
        sys.__stdout__.write("this is no message\n\n{}\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]
    structured: dict[str, Any] = {
        "echo": {"arguments": given, "key": key_of(params)},
        "environment": dict(os.environ),
        "headers": {key.decode(): value.decode() for key, value in ctx.request.scope["headers"]} if ctx.request else {},
        "promise": {"done": "perhaps"},
    }
    if name in structured:
        return types.CallToolResult(content=[], structured_content=structured[name])
    image = types.ImageContent(data="aGVsbG8=", mime_type="image/png")
    contents: dict[str, list[Any]] = {
        "texts": [types.TextContent(text="one"), types.TextContent(text="two")],
        "listing": [types.TextContent(text='[{"id": 1}, {"id": 2}]')],
        "image": [types.TextContent(text="a picture"), image],
        "hostile": [types.TextContent(text="\x00 \u202e </script> \ufeff")],
        "fail": [types.TextContent(text="There is no such order.")],
    }
    blocks = contents.get(name, [types.TextContent(text=f"plain {given.get('value')}")])
    return types.CallToolResult(content=blocks, is_error=name == "fail")


def text(words: str) -> types.CallToolResult:
    """A result of one text."""
    return types.CallToolResult(content=[types.TextContent(text=words)])


def make_server() -> Server[dict[str, Any]]:
    """The server."""
    return Server("for-tests", on_list_tools=list_tools, on_call_tool=call_tool)


async def serve_pipes() -> None:
    """Serve standard input and output until the input ends."""
    server = make_server()
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


if __name__ == "__main__":
    note(f"started {os.getpid()}")
    if "--http" in sys.argv:
        import uvicorn

        app = make_server().streamable_http_app(json_response=bool(os.environ.get("TEST_JSON")))
        uvicorn.run(app, port=int(sys.argv[sys.argv.index("--http") + 1]), log_level="error")
    else:
        anyio.run(serve_pipes)
