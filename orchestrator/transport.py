"""The way of messages from the broker into a worker, which no message can break (F10).

Whoever reaches the broker can put anything into the list that is a queue there. kombu takes for granted that it was
kombu that put it in: of something else it raises in the middle of the worker's event loop, and that ends the process
with all that it is at. Here such a message is put aside instead: the newest QUARANTINE_KEEPS stand in a list of the
broker's, with what is wrong with them, the log has a line for each, and /healthz says how many there are.

Nothing is lost by that: a message is only a bell, and the sweep finds every row that nobody was told of.
"""

import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.utils import timezone
from kombu.transport import redis
from kombu.utils.json import loads
from redis import RedisError

from orchestrator.celery import broker

log = logging.getLogger(__name__)
QUARANTINE = "holdshort:quarantine"
LARGEST = 1_000_000
"""Bytes. Those that Holdshort sends have about one thousand."""
QUARANTINE_KEEPS = 100
TABLE_SECONDS = 10.0
KEPT = 2_000
"""Bytes that are kept of one message, to see what it was."""


class Client(redis.PrefixedStrictRedis):
    """kombu's client, which gives a message on only if it is of a sensible size and JSON."""

    def parse_response(self, connection: Any, command_name: str, **options: Any) -> Any:
        """The answer to a command; none to a BRPOP whose message was put aside."""
        answer = super().parse_response(connection, command_name, **options)
        if command_name != "BRPOP" or not answer:
            return answer
        problem = problem_of(answer[1])
        if problem:
            put_aside(answer[1], problem)
            return None
        return answer


class Channel(redis.Channel):
    """kombu's channel, which puts aside what cannot be taken for a message or for a task."""

    _sender: Client | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._tables: dict[str, tuple[Any, float]] = {}
        super().__init__(*args, **options)

    def _get_client(self) -> Callable[..., Client]:
        return partial(Client, global_keyprefix=self.global_keyprefix)

    def _create_client(self, asynchronous: bool = False) -> Any:
        """One client for all messages that are sent: making one takes longer than sending a message with it."""
        if asynchronous:
            return super()._create_client(asynchronous)  # type: ignore[misc]  # the stubs leave it out
        if self._sender is None or self._sender.connection_pool is not self.pool:
            self._sender = super()._create_client()  # type: ignore[misc]
        return self._sender

    def get_table(self, exchange: str) -> Any:
        """Which queues get the messages of an exchange. That hardly ever changes, and is looked up again in a while."""
        table, until = self._tables.get(exchange, ((), 0.0))
        if time.monotonic() > until:
            table = super().get_table(exchange)
            self._tables[exchange] = (table, time.monotonic() + (TABLE_SECONDS if table else 0.0))
        return table

    def basic_consume(self, queue: str, *args: Any, **options: Any) -> Any:
        """Listen to a queue, and outlive whatever comes out of it."""
        consuming = super().basic_consume(queue, *args, **options)
        callbacks = self.connection._callbacks
        assert callbacks is not None
        callbacks[queue] = partial(self._take, callbacks[queue])
        return consuming

    def _take(self, callback: Callable[[Any], None], message: Any) -> None:
        try:
            callback(message)
        except (*self.connection.connection_errors, *self.connection.channel_errors):
            raise
        except Exception as error:
            put_aside(json.dumps(message, default=str).encode(), f"{type(error).__name__}: {error}")
            self._give_room(message)

    def _give_room(self, message: Any) -> None:
        """A worker takes only so many messages at once: this one is no longer among them, if it ever was."""
        with suppress(Exception):
            self.basic_reject(message["properties"]["delivery_tag"], requeue=False)


class Transport(redis.Transport):
    """kombu's transport with that channel."""

    Channel = Channel


def messages_put_aside() -> int:
    """How many messages stand in that list. Raises RedisError when the broker does not answer."""
    with broker() as client:
        return int(client.llen(QUARANTINE))


def problem_of(message: bytes) -> str:
    """Why something cannot be a message, as a clause; empty when it may be one."""
    if len(message) > LARGEST:
        return f"it has {len(message):,} bytes, and at most {LARGEST:,} are possible"
    try:
        loads(message.decode())  # as kombu does, which makes times and numbers of some objects
    except Exception as error:
        return f"it is no JSON ({type(error).__name__}: {error})"
    return ""


def put_aside(message: bytes, problem: str) -> None:
    """Keep the beginning of a message, with what is wrong with it, where people find it."""
    log.error("A message in the queue was put aside: %s. It began with %r.", problem, message[:200])
    entry = {
        "at": timezone.now().isoformat(),
        "problem": problem[:KEPT],
        "bytes": len(message),
        "message": message[:KEPT].decode("utf-8", "backslashreplace"),
    }
    try:
        with broker() as client, client.pipeline() as both:
            both.lpush(QUARANTINE, json.dumps(entry))
            both.ltrim(QUARANTINE, 0, QUARANTINE_KEEPS - 1)
            both.execute()
    except RedisError:
        log.warning("The broker did not keep the message that was put aside.")
