"""A doorbell reaches the tabs of those who may hear it, nobody else, and never stands in anyone's way."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.conf import settings as django_settings
from django.db import connections, transaction
from django.test import Client
from pytest_django import Settings
from redis import Redis

from audit.ids import new_ref
from orchestrator import live
from orchestrator.accounts.models import User
from orchestrator.asgi import application
from orchestrator.consumers import BAD_MESSAGE, MOST_WATCHES, SIGNED_OUT, Doorbells
from tests.browsing import session_of
from tests.servers import wait_until
from tests.world import World

# Channels closes and opens connections between its steps, so the rows must be committed.
pytestmark = pytest.mark.django_db(transaction=True)

REF = str(new_ref())
BELL = {"type": "review.changed", "ref": REF, "version": 3}


@pytest.fixture(autouse=True)
def _always_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are looked up again before every doorbell."""
    monkeypatch.setattr(Doorbells, "FRESH_SECONDS", -1.0)


class Tab(ApplicationCommunicator):
    """One open browser tab."""

    def __init__(self, session: str | None, origin: str = "http://localhost") -> None:
        headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
        if session:
            headers.append((b"cookie", f"{django_settings.SESSION_COOKIE_NAME}={session}".encode()))
        super().__init__(application, {"type": "websocket", "path": "/ws/", "headers": headers, "subprotocols": []})

    async def opens(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return bool((await self.receive_output(timeout=2))["type"] == "websocket.accept")

    async def says(self, text: str | None = None, data: bytes | None = None) -> None:
        await self.send_input({"type": "websocket.receive", "text": text, "bytes": data})

    async def hears(self) -> dict[str, Any]:
        bell: dict[str, Any] = json.loads((await self.receive_output(timeout=2))["text"])
        return bell

    async def is_closed_with(self) -> int:
        output = await self.receive_output(timeout=2)
        assert output["type"] == "websocket.close"
        return int(output["code"])

    async def leaves(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(2)


def in_a_loop(test: Callable[[], Awaitable[None]]) -> None:
    """Run it in a thread of its own: in this one there may be the loop of a browser that other tests have started."""

    def run() -> None:
        try:
            async_to_sync(test)()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as apart:
        apart.submit(run).result()


@sync_to_async
def ring(*groups: str) -> None:
    """Ring in a transaction that commits."""
    with transaction.atomic():
        live.ring("review.changed", REF, 3, groups=groups)


def test_a_doorbell_reaches_the_person_and_the_team_it_is_for(world: World) -> None:
    sessions = [session_of(user) for user in (world.ines, world.tomas, world.otto)]

    async def test() -> None:
        ines, tomas, otto = tabs = [Tab(session) for session in sessions]
        assert all([await tab.opens() for tab in tabs])
        await ring(live.user_group(world.ines.pk))
        assert await ines.hears() == BELL
        assert await tomas.receive_nothing()
        await ring(live.team_group(world.claims_desk.pk))
        assert await tomas.hears() == BELL
        assert await otto.receive_nothing()
        for tab in tabs:
            await tab.leaves()

    in_a_loop(test)


def test_a_doorbell_for_two_groups_of_one_tab_says_only_what_is_needed_to_ask_again(world: World) -> None:
    session = session_of(world.tomas)

    async def test() -> None:
        tab = Tab(session)
        assert await tab.opens()
        await ring(live.user_group(world.tomas.pk))
        assert set(await tab.hears()) == {"type", "ref", "version"}
        await tab.leaves()

    in_a_loop(test)


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_of_another_site_is_refused(world: World, origin: str) -> None:
    session = session_of(world.ines)

    async def test() -> None:
        assert not await Tab(session, origin).opens()

    in_a_loop(test)


@pytest.mark.parametrize("session", [None, "made-up"])
def test_strangers_are_refused(session: str | None) -> None:
    async def test() -> None:
        assert not await Tab(session).opens()

    in_a_loop(test)


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_password(user: User) -> None:
    user.set_password("another long passphrase")
    user.save(update_fields=["password"])


def sign_out(user: User) -> None:
    client = Client()
    client.cookies["sessionid"] = user.session_key  # type: ignore[attr-defined]
    client.logout()


@pytest.mark.parametrize("end", [deactivate, change_password, sign_out])
def test_whoever_lost_their_session_hears_nothing_more(world: World, end: Callable[[User], None]) -> None:
    world.ines.session_key = session_of(world.ines)  # type: ignore[attr-defined]

    async def test() -> None:
        tab = Tab(world.ines.session_key)  # type: ignore[attr-defined]
        assert await tab.opens()
        await sync_to_async(end)(world.ines)
        await ring(live.user_group(world.ines.pk))
        assert await tab.is_closed_with() == SIGNED_OUT

    in_a_loop(test)


def test_a_silent_tab_of_a_deactivated_person_is_closed_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Doorbells, "RECHECK_SECONDS", 0.05)
    session = session_of(world.ines)

    async def test() -> None:
        tab = Tab(session)
        assert await tab.opens()
        await asyncio.sleep(0.2)
        assert await tab.receive_nothing()
        await sync_to_async(deactivate)(world.ines)
        assert await tab.is_closed_with() == SIGNED_OUT

    in_a_loop(test)


def test_whoever_left_a_team_no_longer_hears_its_doorbells(world: World) -> None:
    session = session_of(world.tomas)

    async def test() -> None:
        tab = Tab(session)
        assert await tab.opens()
        await sync_to_async(world.tomas.groups.remove)(world.claims_desk)
        await ring(live.team_group(world.claims_desk.pk))
        assert await tab.receive_nothing()
        await ring(live.user_group(world.tomas.pk))
        assert await tab.hears() == BELL
        await tab.leaves()

    in_a_loop(test)


def test_a_run_is_heard_by_those_who_may_see_it_and_only_while_they_may(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = {world.lukas.pk}
    monkeypatch.setattr(
        "orchestrator.runs.access.may_watch_run", lambda user, ref: user.pk in allowed and str(ref) == REF
    )
    sessions = [session_of(user) for user in (world.lukas, world.otto)]

    async def test() -> None:
        lukas, otto = tabs = [Tab(session) for session in sessions]
        for tab in tabs:
            assert await tab.opens()
            await tab.says(f'{{"watch": "run:{REF}"}}')
            assert await tab.receive_nothing()
        await ring(live.run_group(UUID(REF)))
        assert await lukas.hears() == BELL
        assert await otto.receive_nothing()
        allowed.clear()
        await ring(live.run_group(REF))
        assert await lukas.receive_nothing()
        await ring(live.user_group(world.lukas.pk))
        assert await lukas.hears() == BELL
        for tab in tabs:
            await tab.leaves()

    in_a_loop(test)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        '{"watch": 3}',
        '{"watch": "run:x"}',
        '{"watch": "user:1"}',
        "[" * 150,
        '"' + "x" * 10_000 + '"',
    ],
)
def test_garbage_ends_the_connection_and_nothing_else(world: World, text: str) -> None:
    session = session_of(world.ines)

    async def test() -> None:
        tab = Tab(session)
        assert await tab.opens()
        await tab.says(text)
        assert await tab.is_closed_with() == BAD_MESSAGE

    in_a_loop(test)


def test_binary_frames_and_endless_wishes_end_the_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.runs.access.may_watch_run", lambda user, ref: True)
    session = session_of(world.ines)

    async def test() -> None:
        tab = Tab(session)
        assert await tab.opens()
        await tab.says(data=b"\x00")
        assert await tab.is_closed_with() == BAD_MESSAGE
        greedy = Tab(session)
        assert await greedy.opens()
        for _ in range(MOST_WATCHES + 1):
            await greedy.says(f'{{"watch": "run:{new_ref()}"}}')
        assert await greedy.is_closed_with() == BAD_MESSAGE

    in_a_loop(test)


def test_what_rings_again_and_again_rings_once_with_its_latest_version(world: World) -> None:
    session = session_of(world.ines)

    async def test() -> None:
        tab = Tab(session)
        assert await tab.opens()
        for version in (1, 2, 3):
            await sync_to_async(live.ring)("run.changed", REF, version, groups=[live.user_group(world.ines.pk)])
        assert await tab.hears() == {"type": "run.changed", "ref": REF, "version": 3}
        assert await tab.receive_nothing(timeout=0.3)
        await tab.leaves()

    in_a_loop(test)


def test_what_rings_for_one_group_at_once_is_sent_together_and_each_tab_hears_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_AT_ONCE", 3)
    monkeypatch.setattr("orchestrator.runs.access.may_watch_run", lambda user, ref: True)
    session = session_of(world.lukas)
    sent: list[int] = []

    async def test() -> None:
        layer = get_channel_layer()
        assert layer is not None
        real = layer.group_send

        async def group_send(group: str, event: dict[str, Any]) -> None:
            sent.append(len(event["bells"]))
            await real(group, event)

        monkeypatch.setattr(layer, "group_send", group_send)
        tab = Tab(session)
        assert await tab.opens()
        await tab.says(f'{{"watch": "run:{REF}"}}')
        assert await tab.receive_nothing()
        for ref in [*(str(new_ref()) for _ in range(3)), REF, str(new_ref())]:
            await sync_to_async(live.ring)("run.changed", ref, 1, groups=[live.run_group(ref)])
        assert await tab.hears() == {"type": "run.changed", "ref": REF, "version": 1}
        assert await tab.receive_nothing(timeout=0.3), "the other runs are not its business"
        assert sent == [3, 2]
        await tab.leaves()

    in_a_loop(test)


def test_nothing_rings_before_the_commit_or_after_a_rollback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(live, "_hand_over", lambda groups, bell: sent.append((groups, bell)))
    with transaction.atomic():
        live.ring("run.event", REF, 1, groups=["b", "a", "b"])
        assert sent == []
    with transaction.atomic():
        live.ring("run.event", REF, 2, groups=["a"])
        transaction.set_rollback(True)
    assert sent == [(("a", "b"), {"type": "run.event", "ref": REF, "version": 1})]


def test_a_broken_connection_to_the_broker_loses_no_doorbell(world: World) -> None:
    session = session_of(world.ines)

    async def test() -> None:
        await ring(live.user_group(world.ines.pk))
        with Redis.from_url(django_settings.REDIS_URL) as broker:
            broker.client_kill_filter(_type="normal", skipme=True)
            broker.client_kill_filter(_type="pubsub")
        tab = Tab(session)
        assert await tab.opens()
        await ring(live.user_group(world.ines.pk))
        assert await tab.hears() == BELL
        await tab.leaves()

    in_a_loop(test)


@pytest.mark.parametrize("hosts", [["unix:///nowhere/at/all.sock"], ["redis://127.0.0.1:1"]])
def test_a_channel_layer_that_is_down_stops_nobody(
    settings: Settings, caplog: pytest.LogCaptureFixture, hosts: list[str]
) -> None:
    config = {**settings.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": hosts}}
    settings.CHANNEL_LAYERS = {"default": config}
    with caplog.at_level(logging.WARNING, "orchestrator.live"):
        began = time.monotonic()
        live.ring("review.changed", REF, 1, groups=["team.1"])
        assert time.monotonic() - began < 0.5
        wait_until(lambda: "was not rung" in caplog.text, what="the line in the log")


def test_no_channel_layer_at_all_is_fine(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.CHANNEL_LAYERS = {}
    live.ring("review.changed", REF, 1, groups=["team.1"])
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), live._loop()).result(2)
    assert caplog.text == ""
