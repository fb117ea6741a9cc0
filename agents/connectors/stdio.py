"""Pipes to a server program: MCP messages as lines of JSON over its standard input and output.

The SDK has such a transport too. This one bounds the length of a message, gives the program exactly the declared
environment, keeps the end of what it writes to standard error, and ties its life to ours.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import mcp_types
from mcp.shared.message import SessionMessage

from audit.text import escape_deep

MAX_MESSAGE = 8 * 1024 * 1024  # bytes of one line
STOP_SECONDS = 2.0  # for a program to end after its input ended, and again after SIGTERM
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_LAUNCHER = str(Path(__file__).with_name("launch.py"))
_GONE = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)

Incoming = SessionMessage | Exception


class Pipes:
    """One running server program. `gone` is set when it can no longer answer; `last_words` is the end of its stderr."""

    def __init__(self, command: tuple[str, ...], env: Mapping[str, str]) -> None:
        self.command = command
        self.env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(env)
        self.gone = anyio.Event()
        self.last_words = ""

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[Any]:
        """Start the program, give the pair of message streams, stop it at the end. Raises OSError if it is missing."""
        if not self.command or not shutil.which(self.command[0], path=self.env.get("PATH")):
            raise FileNotFoundError(f"there is no program “{' '.join(self.command[:1])}”")
        launcher = [sys.executable, "-I", "-S", _LAUNCHER, str(os.getpid()), *self.command]
        process = await anyio.open_process(launcher, env=self.env, start_new_session=True)
        incoming_writer, incoming = anyio.create_memory_object_stream[Incoming](0)
        outgoing, outgoing_reader = anyio.create_memory_object_stream[SessionMessage](0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._read, process.stdout, incoming_writer)
            tasks.start_soon(self._write, process.stdin, outgoing_reader)
            tasks.start_soon(self._listen, process.stderr)
            try:
                yield incoming, outgoing
            finally:
                with anyio.CancelScope(shield=True):
                    for stream in (incoming, incoming_writer, outgoing, outgoing_reader):
                        stream.close()
                    await _stop(process)
                tasks.cancel_scope.cancel()

    async def _read(self, stdout: Any, sink: Any) -> None:
        rest = bytearray()
        with suppress(*_GONE):
            while len(rest) <= MAX_MESSAGE:
                chunk = await stdout.receive()
                rest += chunk
                if b"\n" not in chunk:
                    continue
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    if line.strip():
                        await sink.send(_message(bytes(line)))
        self.gone.set()
        sink.close()

    async def _write(self, stdin: Any, source: Any) -> None:
        with suppress(*_GONE):
            async for message in source:
                line = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                await stdin.send(line.encode() + b"\n")
            return
        self.gone.set()

    async def _listen(self, stderr: Any) -> None:
        with suppress(*_GONE):
            while True:
                heard = (await stderr.receive()).decode("utf-8", "replace")
                self.last_words = (self.last_words + heard)[-4096:]


def _message(line: bytes) -> Incoming:
    """One message. Text that strict JSON readers refuse (bad UTF-8, lone surrogates) is kept, escaped."""
    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        pass
    try:
        loose = escape_deep(json.loads(line.decode("utf-8", "replace")))
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_python(loose, by_name=False))
    except (ValueError, RecursionError) as error:
        return error


async def _stop(process: anyio.abc.Process) -> None:
    """End a program as the protocol asks: end its input, wait, then end it and what it started."""
    with suppress(*_GONE):
        if process.stdin is not None:
            await process.stdin.aclose()
    for sign in (None, signal.SIGTERM, signal.SIGKILL):
        if sign is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, sign)
        if await _ended(process):
            break
    with suppress(*_GONE):
        await process.aclose()


async def _ended(process: anyio.abc.Process) -> bool:
    # Not process.wait(): that also waits for the pipes, which a grandchild may hold open.
    with anyio.move_on_after(STOP_SECONDS):
        while process.returncode is None:
            await anyio.sleep(0.01)
    return process.returncode is not None
