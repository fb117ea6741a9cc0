"""An answer of a model made fit to be kept: hostile characters escaped, size capped, calls with ids of their own."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
)

from agents.runtime import conversation
from agents.runtime.values import Request
from audit.canonical import NotCanonical, digest_bytes, dump, parse
from audit.text import escape_deep, unescape

LARGEST = 256 * 1024
"""Bytes of an answer that are kept whole."""
HEAD = 2000
LONGEST_NAME = 200
_ID = re.compile(r"[!-~]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def storable(raw: ModelResponse) -> tuple[ModelResponse, int, str | None]:
    """The answer as it can be stored, its size in bytes, and a sentence when it was too large and was cut."""
    raw = replace(raw, parts=[_written(part) for part in raw.parts], metadata=None)
    (plain,) = escape_deep(ModelMessagesTypeAdapter.dump_python([raw], mode="json"))
    text = json.dumps({key: plain[key] for key in ("parts", "provider_details")}, ensure_ascii=False)
    encoded = text.encode()
    size = len(encoded)
    if size <= LARGEST:
        return _loaded(plain), size, None
    head = f"[An answer of {size} bytes was left out, SHA-256 {digest_bytes(encoded)}. It begins:] {text[:HEAD]}"
    bare = _loaded({**plain, "parts": [], "provider_details": None})
    cut = f"The answer has {size} bytes; more than {LARGEST} are not read. Answer briefly."
    return replace(bare, parts=[TextPart(head)]), size, cut


class Calls:
    """The calls of an answer, each with an id of its own in the whole conversation, and with a name and arguments that
    every provider takes back in a later request. As the model wrote them they are in `requests` and `written`."""

    def __init__(self, before: Sequence[ModelMessage], names: Mapping[str, str]) -> None:
        """`before` is the conversation so far, `names` our name of a tool by the one the provider knows."""
        self.requests: list[Request] = []
        self.written: dict[str, dict[str, str]] = {}
        self._names = names
        self._taken = conversation.call_ids(before)
        self._turn = 1 + sum(isinstance(message, ModelResponse) for message in before)

    def tidy(self, part: ModelResponsePart) -> ModelResponsePart:
        """The part as it is stored; parts that are no calls stay as they are."""
        if not isinstance(part, ToolCallPart):
            return part
        call_id = self._own_id(part.tool_call_id)
        sent = part.tool_name if _NAME.fullmatch(part.tool_name) else "unknown_tool"
        tool = self._names.get(part.tool_name) or _short(part.tool_name)
        written = {"id": part.tool_call_id} if call_id != part.tool_call_id else {}
        written |= {"tool": tool} if tool != sent else {}
        if written:
            self.written[call_id] = written
        text = str(part.args or "{}")
        self.requests.append(Request.of(call_id, tool, unescape(text)))
        kept = ToolCallPart(sent, _sendable(text), call_id, id=part.id, provider_name=part.provider_name)
        kept.provider_details = part.provider_details
        return kept

    def _own_id(self, given: str) -> str:
        """The model's id if it can be used, else one that a repetition of this turn would get again."""
        own = given if _ID.fullmatch(given) else ""
        attempt = 1
        while not own or own in self._taken:
            own = f"call-{self._turn}-{len(self.requests) + 1}" + (f"-{attempt}" if attempt > 1 else "")
            attempt += 1
        self._taken.add(own)
        return own


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _loaded(plain: dict[str, Any]) -> ModelResponse:
    (response,) = ModelMessagesTypeAdapter.validate_python([plain])
    if not isinstance(response, ModelResponse):
        raise TypeError("An answer was loaded as a request.")
    return response


def _written(part: ModelResponsePart) -> ModelResponsePart:
    """A call whose arguments the provider's library has parsed already, with arguments as text again."""
    if not isinstance(part, ToolCallPart) or not isinstance(part.args, dict):
        return part
    text = json.dumps(part.args, ensure_ascii=False)
    return replace(part, args=text if text.isprintable() else json.dumps(part.args))


def _sendable(text: str) -> str:
    """Arguments as every provider takes them back: an object in strict JSON, or one that quotes what is none."""
    try:
        value = parse(text)
        dump(value)
        if isinstance(value, dict):
            return text
    except NotCanonical:
        pass
    return json.dumps({"INVALID_JSON": text}, ensure_ascii=False)
