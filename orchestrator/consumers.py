"""The one WebSocket of each open tab. It carries doorbells out, and in only the wish to hear those of a run."""

import asyncio
import contextlib
import json
import time
from importlib import import_module
from typing import Any
from uuid import UUID

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.urls import path

from orchestrator.accounts.models import User
from orchestrator.live import channel_group, run_group, team_group, user_group

SIGNED_OUT = 4401
BAD_MESSAGE = 4400
LONGEST_MESSAGE = 200
MOST_WATCHES = 20


class Doorbells(AsyncWebsocketConsumer):
    """Joins the groups of a signed-in user and passes on what is rung there.

    Rights are looked up again every `RECHECK_SECONDS`, and before a doorbell is passed on when the last look is older
    than `FRESH_SECONDS`: a person who is signed out, deactivated or taken out of a team hears nothing more.
    """

    RECHECK_SECONDS = 45.0
    FRESH_SECONDS = 5.0

    async def connect(self) -> None:
        """Refuse strangers before the handshake is done; welcome everyone else."""
        self.turn = asyncio.Lock()
        self.joined: set[str] = set()
        self.watched: set[UUID] = set()
        self.checking: asyncio.Task[None] | None = None
        self.user: User | None = None
        self.looked_at = 0.0
        if await self._look_again():
            await self.accept()
            self.checking = asyncio.create_task(self._keep_looking())
        else:
            await self.close()

    async def disconnect(self, code: int) -> None:
        """Leave every group."""
        if self.checking:
            self.checking.cancel()
        await self._join(set())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """`{"watch": "run:<ref>"}` adds the doorbells of a run the user may see; anything else ends the connection."""
        ref = _run_asked_for(text_data)
        if ref is None or len(self.watched) >= MOST_WATCHES:
            await self.close(BAD_MESSAGE)
            return
        async with self.turn:
            if await self._may_watch(ref):
                self.watched.add(ref)
                await self._join(self.joined | {run_group(ref)})

    async def doorbell(self, event: dict[str, Any]) -> None:
        """Pass doorbells on, unless the user's right to hear what is rung in their group ended since the last ones."""
        if not any(group in self.joined for group, _ in event["bells"]):
            return
        if time.monotonic() - self.looked_at > self.FRESH_SECONDS and not await self._look_again():
            await self.close(SIGNED_OUT)
            return
        for group, bell in event["bells"]:
            if group in self.joined:
                await self.send(json.dumps(bell))

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self.RECHECK_SECONDS)
            if not await self._look_again():
                await self.close(SIGNED_OUT)
                return

    async def _look_again(self) -> bool:
        """Whether the user is still signed in; brings the groups in line with what they may hear now."""
        async with self.turn:
            self.looked_at = time.monotonic()
            self.user = await _signed_in_user(self.scope["session"].session_key)
            if self.user is None:
                return False
            self.watched = {ref for ref in self.watched if await self._may_watch(ref)}
            teams = {team_group(team) for team in await _team_ids(self.user)}
            await self._join({user_group(self.user.pk)} | teams | {run_group(ref) for ref in self.watched})
            return True

    async def _may_watch(self, ref: UUID) -> bool:
        from orchestrator.runs.access import may_watch_run

        return self.user is not None and await database_sync_to_async(may_watch_run)(self.user, ref)

    async def _join(self, wanted: set[str]) -> None:
        before, after = ({channel_group(group) for group in groups} for groups in (self.joined, wanted))
        for group in after - before:
            await self.channel_layer.group_add(group, self.channel_name)
        for group in before - after:
            await self.channel_layer.group_discard(group, self.channel_name)
        self.joined = wanted


async def _signed_in_user(session_key: str | None) -> User | None:
    """The user of a session as the database knows it now: none after sign-out, deactivation or a new password."""
    if not session_key:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = await get_user({"session": session})
    return user if isinstance(user, User) and user.is_active else None


@database_sync_to_async
def _team_ids(user: User) -> list[int]:
    return list(user.groups.values_list("pk", flat=True))


def _run_asked_for(text: str | None) -> UUID | None:
    """The run a message asks to watch; None when the message is anything else."""
    if text is None or len(text) > LONGEST_MESSAGE:
        return None
    with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
        kind, _, ref = json.loads(text)["watch"].partition(":")
        return UUID(ref) if kind == "run" else None
    return None


websocket_urlpatterns = [path("ws/", Doorbells.as_asgi())]
