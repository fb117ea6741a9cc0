"""What a worker does outside any transaction: send one call, or ask a model once.

Everything it needs is in the value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone

from agents import gateway
from agents.gateway import Ticket
from agents.gateway.execute import Effected
from agents.runtime import exchange as runtime
from agents.runtime.values import Exchange, ModelUnavailable, ToolAnswer, ToolSpec

LEASE_MARGIN = 15.0  # seconds: importing a provider, and a library that notices its time-out late


@dataclass(frozen=True)
class CallReturned:
    """A call was sent, and this became of it."""

    step_id: int
    fence: int
    effected: Effected


@dataclass(frozen=True)
class ModelAnswered:
    """A model was asked.

    `exchange` is None when no answer came; `error` then says why, `retry` whether to try again.
    """

    step_id: int
    fence: int
    number: int
    exchange: Exchange | None
    error: str
    retry: bool
    started_at: datetime
    ended_at: datetime


Returned = CallReturned | ModelAnswered


@dataclass(frozen=True)
class SendCall:
    """Send one call whose intent is committed. `may_repeat`: its contract lets it be sent twice, even at once."""

    step_id: int
    fence: int
    ticket: Ticket
    may_repeat: bool = False

    @property
    def seconds(self) -> float:
        """The longest this takes, once it has begun."""
        return self.ticket.seconds

    def perform(self) -> CallReturned:
        """Send it. The gateway does not when this worker was held up: then the step gets the call again."""
        return CallReturned(self.step_id, self.fence, gateway.send(self.ticket))


@dataclass(frozen=True)
class AskModel:
    """Ask a model once, with everything said so far. Asking twice costs money, and no more."""

    may_repeat: ClassVar[bool] = True
    step_id: int
    fence: int
    number: int
    model: str
    instructions: str
    task: str
    tools: Sequence[ToolSpec]
    output_schema: dict[str, Any] | None
    history: bytes | None
    answers: Sequence[ToolAnswer]
    repair: str | None
    seconds: float

    def perform(self) -> ModelAnswered:
        """Ask it. Nothing that a model or its provider does comes out as an exception."""
        started, answer, error, retry = timezone.now(), None, "", False
        try:
            answer = runtime.exchange(
                model=self.model,
                instructions=self.instructions,
                task=self.task,
                tools=self.tools,
                output_schema=self.output_schema,
                history=self.history,
                answers=self.answers,
                repair=self.repair,
                timeout=self.seconds,
            )
        except ModelUnavailable as unavailable:
            error, retry = str(unavailable), unavailable.retry
        return ModelAnswered(self.step_id, self.fence, self.number, answer, error, retry, started, timezone.now())


Work = SendCall | AskModel
