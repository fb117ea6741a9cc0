"""Doorbells: tells open browser tabs that something changed, never what. A tab that hears one asks again for itself.

Losing a doorbell costs only time, because every tab also polls while its socket is down. So nothing here may make a
change fail or wait long.
"""

import asyncio
import logging
from collections.abc import Iterable
from concurrent.futures import Future
from functools import cache, partial
from threading import Lock, Thread
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

SEND_SECONDS = 2.0
PAUSE_SECONDS = 0.03
MOST_AT_ONCE = 500
RUNS = "runs"
"""The one Channels group of all tabs that show a run: so a thousand moving runs take no thousand messages."""
Bell = dict[str, Any]
_door = Lock()
_waiting: dict[tuple[str, str, tuple[str, ...]], Bell] = {}


def user_group(user_id: int) -> str:
    """The Channels group of one person's tabs."""
    return f"user.{user_id}"


def team_group(group_id: int) -> str:
    """The Channels group of the tabs of everyone in a team."""
    return f"team.{group_id}"


def run_group(ref: UUID | str) -> str:
    """The tabs that show one run. They are all in one Channels group, and each hears only what is meant for it."""
    return f"run.{ref}"


def channel_group(group: str) -> str:
    """The Channels group in which the tabs of a group are reached."""
    return RUNS if group.startswith("run.") else group


def ring(type: str, ref: UUID | str, version: int, *, groups: Iterable[str]) -> None:
    """Ring `type` (such as `review.changed`) for the thing `ref` in all `groups`, once the transaction has committed.

    Never raises: a channel layer that is down is only logged.
    """
    bell = {"type": type, "ref": str(ref), "version": version}
    transaction.on_commit(partial(_hand_over, tuple(sorted(set(groups))), bell))


def _hand_over(groups: tuple[str, ...], bell: Bell) -> None:
    """Leave a bell to the ringing thread and go on."""
    with _door:
        first = not _waiting
        _waiting[bell["type"], bell["ref"], groups] = bell
    if first:
        asyncio.run_coroutine_threadsafe(_ring_all(), _loop()).add_done_callback(_log_failure)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """An event loop in a thread of its own: rings from anywhere, keeps its connection, and lets nobody wait."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="doorbells", daemon=True).start()
    return loop


async def _ring_all() -> None:
    """Ring what waits after a moment, all for one group at once.

    What rings again until then is rung once, with its latest version.
    """
    await asyncio.sleep(PAUSE_SECONDS)
    with _door:
        bells = dict(_waiting)
        _waiting.clear()
    layer = get_channel_layer()
    if layer is None:
        return
    rung: dict[str, list[tuple[str, Bell]]] = {}
    for (_, _, groups), bell in bells.items():
        for group in groups:
            rung.setdefault(channel_group(group), []).append((group, bell))
    async with asyncio.timeout(SEND_SECONDS):
        for channel, all_of_them in rung.items():
            for first in range(0, len(all_of_them), MOST_AT_ONCE):
                some = all_of_them[first : first + MOST_AT_ONCE]
                await layer.group_send(channel, {"type": "doorbell", "bells": some})


def _log_failure(done: Future[None]) -> None:
    if problem := done.exception():
        logger.warning("A doorbell was not rung, open tabs notice at their next poll: %r", problem)
