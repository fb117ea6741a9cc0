"""The connector for MCP servers, over the pipes of a program or over streamable HTTP."""

import logging
import time
from typing import Any, cast

import anyio
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    HEADER_MISMATCH,
    PARSE_ERROR,
    CallToolRequest,
    CallToolRequestParams,
    ListToolsRequest,
    PaginatedRequestParams,
    RequestParamsMeta,
)
from pydantic import RootModel, ValidationError

from agents.connectors import background
from agents.connectors.base import ConnectorError, ListReport, Reply, Target, TooLate, longest_call
from agents.connectors.reading import MAX_ERROR, MAX_TOOLS, reply_from, report_of
from agents.connectors.secrets import hide, secrets_of
from agents.connectors.sessions import Pool, Session
from agents.connectors.streamable import verdict_of
from agents.python_tools import CallContext

logger = logging.getLogger(__name__)

KEY_META = "holdshort.dev/idempotency-key"
MAX_PAGES = 100
PROBE_SECONDS = 5.0
_GRACE = 30.0  # seconds beyond all timeouts until the loop itself is taken to hang
_Raw = RootModel[dict[str, Any]]  # results as they came, for what the SDK's types would drop

_pool = Pool()
background.on_stop(_pool.close)


class McpConnector:
    """Lists and calls tools of MCP servers, old and new ones. Sessions are shared, and reopened when they die."""

    def list_tools(self, target: Target) -> ListReport:
        """Every tool the server offers now, at most 500. Raises ConnectorError."""
        return background.run(_list(target), timeout=2 * target.timeout + _GRACE)

    def call(self, target: Target, tool: str, arguments: dict[str, Any], context: CallContext) -> Reply:
        """Call one tool once; the time-out begins when the server is connected. Raises ConnectorError."""
        meta = cast("RequestParamsMeta", {KEY_META: context.idempotency_key})
        request = CallToolRequest(params=CallToolRequestParams(name=tool, arguments=arguments, _meta=meta))
        longest = longest_call(target, context.timeout)
        return background.run(_call(target, request, context), timeout=longest)


async def _list(target: Target) -> ListReport:
    for last in (False, True):
        session, reused = _pool.session(target)
        try:
            client = await session.client()
            with anyio.fail_after(target.timeout):
                return report_of(await _definitions(client))
        except ConnectorError as error:
            problem = error
        except Exception as error:
            problem = _problem(error, session, sent=False)
        await _pool.drop(session)
        if last or not reused:
            break
    raise problem


async def _call(target: Target, request: CallToolRequest, context: CallContext) -> Reply:
    session = await _answering(target)
    try:
        return await _send(session, request, context)
    except ConnectorError as error:
        if error.sent is None or session.usable:
            raise
    # The server had forgotten the session, so it did not take the request: once more with a new one.
    await _pool.drop(session)
    return await _send(await _answering(target), request, context)


async def _answering(target: Target) -> Session:
    """A connected session whose server is not known to be stuck. Raises ConnectorError (never sent)."""
    session, _ = _pool.session(target)
    try:
        client = await session.client()
        if not session.doubtful:
            return session
        with anyio.fail_after(PROBE_SECONDS):
            await _page(client, None)
        session.doubtful = False
        return session
    except ConnectorError:
        await _pool.drop(session)
        raise
    except Exception:
        await _pool.drop(session)
    session, _ = _pool.session(target)
    await session.client()
    return session


async def _send(session: Session, request: CallToolRequest, context: CallContext) -> Reply:
    """Send a request over a connected session and read the answer."""
    secrets = secrets_of(session.target)
    client = await session.client()
    try:
        with anyio.fail_after(context.timeout):
            return reply_from(await _exchange(client, request, context.begin_by), secrets)
    except ConnectorError:
        raise
    except TimeoutError as error:
        session.doubtful = True
        raise ConnectorError(f"There was no answer within {context.timeout:g} s.", sent=None) from error
    except MCPError as error:
        if _answered(error, session):
            return Reply(
                ok=False, value=None, error=hide(error.message[:MAX_ERROR], secrets), raw_size=len(error.message)
            )
        raise _problem(error, session, sent=None) from error
    except Exception as error:
        raise _problem(error, session, sent=None) from error


async def _exchange(client: Client, request: CallToolRequest, begin_by: float) -> dict[str, Any]:
    """The raw result. Not the SDK's call_tool: that fails after the effect when a result does not fit its schema."""
    if time.monotonic() > begin_by:
        raise TooLate
    try:
        return (await client.session.send_request(request, _Raw)).root
    except MCPError as error:
        if error.code != HEADER_MISMATCH:
            raise
    # The protocol's own recovery: the server refused because some arguments also belong into headers, which the SDK
    # knows from the tool's definition.
    await client.list_tools()
    if time.monotonic() > begin_by:
        raise TooLate
    return (await client.session.send_request(request, _Raw)).root


async def _definitions(client: Client) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await _page(client, cursor)
        found += page.get("tools") or []
        following = page.get("nextCursor")
        if not following or following == cursor or len(found) > MAX_TOOLS:
            break
        cursor = following
    return found


async def _page(client: Client, cursor: str | None) -> dict[str, Any]:
    request = ListToolsRequest(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
    return (await client.session.send_request(request, _Raw)).root


def _answered(error: MCPError, session: Session) -> bool:
    """Whether an error is the server's own answer, not something made up on this side because none came."""
    if verdict_of(error.data) is not None or error.code == PARSE_ERROR:
        return False
    if error.code != CONNECTION_CLOSED:
        return True
    return session.usable and not error.message.startswith(("Connection closed", "SSE stream"))


def _problem(error: Exception, session: Session, *, sent: bool | None) -> ConnectorError:
    """What went wrong, as a sentence without secrets. `sent` is what to say where the error itself does not tell."""
    verdict = verdict_of(error.data) if isinstance(error, MCPError) else None
    if isinstance(error, TimeoutError):
        text = f"There was no answer within {session.target.timeout:g} s."
    elif isinstance(error, ValidationError):
        text = "The server answered in a form that MCP does not know."
    elif isinstance(error, MCPError):
        text = f"The server could not be used: {error.message[:300].rstrip('.')}."
    else:
        logger.warning("A connector failed: %s", type(error).__name__)
        text = f"The connection failed: {type(error).__name__}."
    harmless = verdict[0] is False if verdict else sent is False
    return ConnectorError(hide(text, secrets_of(session.target)), sent=False if harmless else None)
