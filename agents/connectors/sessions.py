"""Open sessions with servers, shared by equal target keys. Everything here runs on the background loop."""

import asyncio
import logging
import os
import re
import time
from typing import Any

import anyio
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, Implementation

from agents.connectors.base import ConnectorError, Target
from agents.connectors.secrets import hide, secrets_of
from agents.connectors.stdio import Pipes
from agents.connectors.streamable import Web, verdict_of

logger = logging.getLogger(__name__)

# The libraries log whole addresses and what servers send. What matters comes out of here as a ConnectorError.
logging.getLogger("httpx2").setLevel(logging.WARNING)
logging.getLogger("mcp.client").setLevel(logging.CRITICAL)

IDLE_SECONDS = 900.0
CLOSE_SECONDS = 10.0
_PRIVATE = re.compile(r"(?<=//)[^/@]*@|[?#].*")  # what of an address may be a secret
_CLIENT = Implementation(name="holdshort", version="0.1")


class Session:
    """One connection to one server. It is opened and closed inside one task of its own, as the SDK needs it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.channel = _channel(target)
        self.doubtful = False  # a call got no answer: find out whether the server still does before the next one
        self.used = time.monotonic()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._task = asyncio.create_task(self._live())

    @property
    def usable(self) -> bool:
        """Whether a request written now can reach the server, as far as this side knows."""
        return not self._task.done() and not (self._ready.done() and self.channel.gone.is_set())

    async def client(self) -> Client:
        """The connected SDK client. Raises ConnectorError (never sent) when it does not come about in time."""
        try:
            with anyio.fail_after(self.target.timeout):
                return await asyncio.shield(self._ready)
        except TimeoutError as error:
            raise self._unreachable(f"no answer within {self.target.timeout:g} s") from error

    async def close(self) -> None:
        """End the session and wait until the server program, if any, is gone."""
        self.channel.gone.set()
        if not self._ready.done():
            self._task.cancel()
        with anyio.move_on_after(CLOSE_SECONDS):
            await asyncio.wait({self._task})
        self._task.cancel()

    async def _live(self) -> None:
        # Some older programs end when anything but the old greeting comes first, so a second one is greeted that way.
        try:
            for mode in ("auto", "legacy"):
                if not await self._connect(mode) or isinstance(self.channel, Web):
                    break
                self.channel = _channel(self.target)
        finally:
            if not self._ready.done():
                self._ready.set_exception(self._unreachable("the connection was closed"))

    async def _connect(self, mode: str) -> bool:
        """Connect and stay until the end; True when the server closed the connection before it was ready."""
        try:
            async with Client(self.channel.streams(), mode=mode, cache=None, client_info=_CLIENT) as client:
                self._ready.set_result(client)
                await self.channel.gone.wait()
        except Exception as error:
            cause = _innermost(error)
            closed = isinstance(cause, MCPError) and cause.code == CONNECTION_CLOSED and verdict_of(cause.data) is None
            if self._ready.done():
                logger.info("A session ended: %s", type(cause).__name__)
            elif mode == "legacy" or not closed or isinstance(self.channel, Web):
                self._ready.set_exception(self._unreachable(_reason(cause)))
            return closed and not self._ready.done()
        return False

    def _unreachable(self, reason: str) -> ConnectorError:
        target, words = self.target, self.channel.last_words.strip().splitlines()
        program = f"The program “{' '.join(target.command[:1])}”"
        where = _PRIVATE.sub("", target.url) if target.transport == "http" else program
        last = f" Its last words: {words[-1][:300]}" if words else ""
        return ConnectorError(hide(f"{where} could not be reached: {reason}.{last}", secrets_of(target)), sent=False)


class Pool:
    """The sessions of this process by target key."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._pid = os.getpid()
        self._inherited: list[Any] = []  # what a parent process has open: it lives on its loop, not on ours

    def session(self, target: Target) -> tuple[Session, bool]:
        """A session that may be used, and whether it was there before. Never waits, so that no two are made at once."""
        self._check_process()
        self._close_idle()
        known = self._sessions.get(target.key)
        if known and known.usable:
            known.used = time.monotonic()
            return known, True
        if known:
            self._let_go(known)
        self._sessions[target.key] = fresh = Session(target)
        return fresh, False

    async def drop(self, session: Session) -> None:
        """Forget a session, and close it."""
        await self._let_go(session)

    async def close(self) -> None:
        """Close every session."""
        self._check_process()
        for session in list(self._sessions.values()):
            self._let_go(session)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _let_go(self, session: Session) -> asyncio.Task[None]:
        if self._sessions.get(session.target.key) is session:
            del self._sessions[session.target.key]
        task = asyncio.create_task(session.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    def _close_idle(self) -> None:
        oldest = time.monotonic() - IDLE_SECONDS
        for session in [session for session in self._sessions.values() if session.used < oldest]:
            self._let_go(session)

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            self._inherited.append((self._sessions, self._closing))
            self._sessions, self._closing, self._pid = {}, set(), os.getpid()


def _channel(target: Target) -> Pipes | Web:
    return Web(target) if target.transport == "http" else Pipes(target.command, target.env)


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _reason(error: BaseException) -> str:
    if isinstance(error, MCPError):
        return "it stopped before it was ready" if error.code == CONNECTION_CLOSED else error.message[:300]
    if isinstance(error, FileNotFoundError) and not error.strerror:
        return str(error)
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:300].rstrip(".")
