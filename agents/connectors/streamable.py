"""HTTP to a server, guarded: no proxies from the environment, no foreign redirects, answers of bounded length, and for
each failed request the knowledge whether it can have had an effect.
"""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import anyio
import httpx2
from mcp.client.streamable_http import streamable_http_client

from agents.connectors.base import ConnectorError, Target

MAX_MESSAGE = 8 * 1024 * 1024  # bytes of one answer
_MAX_ERROR = 64 * 1024
# A server can't know this, so it can't pretend that a request of ours was never sent.
_OURS = secrets.token_hex(16)
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


class Web:
    """Streams to one HTTP server. `gone` is set when its session there has ended."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.gone = anyio.Event()
        self.last_words = ""

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[Any]:
        """The pair of message streams. Raises ConnectorError for an address that is not plain http or https."""
        parts = urlsplit(self.target.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ConnectorError("The address must begin with http:// or https:// and hold no password.", sent=False)
        timeout = httpx2.Timeout(10.0, read=None)  # a call has its own timeout; the server's silence is no error
        async with (
            httpx2.AsyncClient(
                headers={**self.target.headers, "Accept-Encoding": "identity"},
                transport=_Guard(self.gone),
                timeout=timeout,
                trust_env=False,
            ) as client,
            streamable_http_client(self.target.url, http_client=client, max_sse_event_size=MAX_MESSAGE) as streams,
        ):
            yield streams


def verdict_of(data: Any) -> tuple[Literal[False] | None] | None:
    """For the data of an error made here: a one-tuple of what ConnectorError.sent has to say. None for a server's."""
    if isinstance(data, dict) and data.get("by") == _OURS:
        return (False,) if data.get("sent") is False else (None,)
    return None


class _Guard(httpx2.AsyncHTTPTransport):
    """Answers in the server's stead, as JSON-RPC errors of our own, where the server gave no answer that counts."""

    def __init__(self, gone: anyio.Event) -> None:
        super().__init__(trust_env=False)
        self.gone = gone

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != "POST":
            return await super().handle_async_request(request)
        try:
            response = await super().handle_async_request(request)
        except _NEVER_SENT as error:
            return _own_answer(f"could not connect: {error or type(error).__name__}", sent=False)
        except (httpx2.TransportError, OSError) as error:
            return _own_answer(f"the connection broke: {error or type(error).__name__}", sent=None)
        return await self._judged(request, response)

    async def _judged(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        status, kind = response.status_code, response.headers.get("content-type", "").lower()
        if status >= 400:
            return await self._refusal(request, response, status)
        packed = (
            response.headers.get("content-encoding", "identity") != "identity"
        )  # not asked for: sizes could deceive
        unreadable = packed or (status == 200 and not kind.startswith(("application/json", "text/event-stream")))
        if (status == 202 or unreadable) and _wants_answer(request):
            await response.aclose()
            return _own_answer(f"it answered {status} with no message in it", sent=None)
        if isinstance(response.stream, httpx2.AsyncByteStream) and kind.startswith("application/json"):
            response.stream = _Bounded(response.stream)
        return response

    async def _refusal(self, request: httpx2.Request, response: httpx2.Response, status: int) -> httpx2.Response:
        """4xx: the request was not taken. 5xx: it may have been. A JSON-RPC error in the body is an answer."""
        body = await _beginning(response)
        if _is_rpc_error(body):
            return httpx2.Response(status, headers={"content-type": "application/json"}, content=body)
        if status == 404 and "mcp-session-id" in request.headers:
            self.gone.set()
        if not _wants_answer(request):
            return httpx2.Response(status, content=b"")
        return _own_answer(f"it answered {status} {response.reason_phrase}", sent=False if status < 500 else None)


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends in an error once it is longer than one message may be."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self.stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self.stream:
            size += len(chunk)
            if size > MAX_MESSAGE:
                raise httpx2.StreamError(f"The answer is longer than {MAX_MESSAGE:,} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self.stream.aclose()


def _own_answer(what: str, *, sent: Literal[False] | None) -> httpx2.Response:
    error = {"code": -32099, "message": what, "data": {"by": _OURS, "sent": sent}}
    return httpx2.Response(503, json={"jsonrpc": "2.0", "id": None, "error": error})


def _wants_answer(request: httpx2.Request) -> bool:
    try:
        message = json.loads(request.content)
    except ValueError:
        return False
    return isinstance(message, dict) and "id" in message and "method" in message


async def _beginning(response: httpx2.Response) -> bytes:
    body = b""
    try:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > _MAX_ERROR:
                return b""
    except httpx2.HTTPError:
        return b""
    finally:
        await response.aclose()
    return body


def _is_rpc_error(body: bytes) -> bool:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and isinstance(message.get("error"), dict) and "code" in message["error"]
