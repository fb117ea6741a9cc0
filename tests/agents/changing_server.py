"""An MCP server whose tools are what a JSON file says at the moment: for tests of what changes on a server.

The file holds a list of objects with name, title, description and inputSchema, as the protocol spells them.
"""

import json
import sys
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

Context = ServerRequestContext[dict[str, Any], Any]


async def serve(file: Path) -> None:
    """Serve over stdin and stdout until the client closes them."""

    async def list_tools(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in json.loads(file.read_text())])

    server: Server[dict[str, Any]] = Server("changing", version="1", on_list_tools=list_tools)
    async with stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(serve, Path(sys.argv[1]))
