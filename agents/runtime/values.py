"""What goes into and comes out of one exchange with a model."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from audit.text import MARK, escape, unescape

ESCAPED = f"{MARK} "
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it. `parameters` is a JSON Schema of kind object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class ToolAnswer:
    """What the model is told about one of its calls: a result, a denial, a note that a person edited it. JSON."""

    call_id: str
    tool: str
    content: Any


@dataclass(frozen=True)
class Request:
    """A tool call the model asked for. Nothing about it is checked.

    `arguments` is the text the model wrote, as UTF-8, and may be no JSON at all. Where it holds what cannot be stored
    (NUL, lone surrogates) it is escaped and marked, and then it never is JSON: no reader can take it for arguments.
    """

    call_id: str
    tool: str
    arguments: bytes

    @property
    def written(self) -> str:
        """The arguments exactly as the model wrote them; may hold characters that cannot be stored."""
        text = self.arguments.decode()
        return unescape(text.removeprefix(ESCAPED)) if text.startswith(ESCAPED) else text

    @classmethod
    def of(cls, call_id: str, tool: str, written: str) -> "Request":
        """The request whose arguments the model wrote like this."""
        fine = not UNSTORABLE.search(written) and not written.startswith(ESCAPED)
        return cls(call_id, tool, (written if fine else f"{ESCAPED}{escape(written)}").encode())


@dataclass(frozen=True)
class Usage:
    """What one exchange used, in tokens, and its price in USD; `cost` is None where no price is known."""

    input_tokens: int
    output_tokens: int
    cost: Decimal | None


@dataclass(frozen=True)
class Exchange:
    """One answer of a model, and the whole conversation up to and including it.

    messages    JSON of the conversation, to be stored and given back as `history`.
    requests    tool calls that all need an answer before the next exchange.
    output      the final output where `final`, else None; storable (text without a schema is escaped).
    final       the model is done and its output fits the schema.
    text        the model's own words (thinking and prose), escaped: a claim, never a fact.
    problem     why this answer cannot be used, as a sentence to give back as `repair`; None when it can.
    raw_size    size of the model's answer in bytes, before anything was cut.
    """

    messages: bytes
    requests: tuple[Request, ...]
    output: Any | None
    final: bool
    text: str
    problem: str | None
    usage: Usage
    model_name: str
    raw_size: int


class ModelUnavailable(Exception):
    """The model did not answer."""

    def __init__(self, message: str, *, retry: bool) -> None:
        """`message` is safe to show; `retry` says whether the same request may succeed later."""
        super().__init__(message)
        self.retry = retry
