"""One event loop per process, in a thread of its own, for everything that speaks to servers.

It starts with the first use. After a fork the child has no thread and starts its own.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, TypeVar

from agents.connectors.base import ConnectorError

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_closers: list[Callable[[], Coroutine[Any, Any, None]]] = []
_left_behind: list[asyncio.AbstractEventLoop] = []  # loops of parent processes: closing them here would break theirs


def run(work: Coroutine[Any, Any, T], *, timeout: float) -> T:
    """Run a coroutine on the loop and wait for it, at most `timeout` seconds.

    The work has its own, shorter timeouts; this one is for a loop that no longer answers. Raises ConnectorError then.
    """
    future = asyncio.run_coroutine_threadsafe(work, _running_loop())
    try:
        return future.result(timeout)
    except FutureTimeoutError as error:
        if future.done():
            raise
        raise ConnectorError("There was no answer in time. It is not known what happened.", sent=None) from error
    finally:
        future.cancel()


def on_stop(closer: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function on the loop when `stop` is called."""
    _closers.append(closer)


def stop() -> None:
    """Close what is open and end the loop. The next use starts another one."""
    global _loop  # the loop is one for the process
    with _lock:
        loop, _loop = _loop, None
    if loop is None:
        return
    try:
        asyncio.run_coroutine_threadsafe(_close(), loop).result(timeout=20)
    finally:
        loop.call_soon_threadsafe(loop.stop)


async def _close() -> None:
    await asyncio.gather(*(closer() for closer in _closers), return_exceptions=True)


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop  # noqa: PLW0603  # the loop is one for the process
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_serve, args=(_loop,), name="holdshort-connectors", daemon=True).start()
        return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _forget() -> None:
    """In a forked child: the parent's loop, its lock and its sessions are not ours."""
    global _loop, _lock  # the loop is one for the process
    if _loop is not None:
        _left_behind.append(_loop)
    _loop, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
atexit.register(stop)
