"""The conversation with a model, as stored: what is said to it, and which of its calls still wait for an answer.

Everything that goes in is escaped, so the bytes can always be stored and loaded again. Answers to calls are kept as
text: a JSON object of a certain shape would be loaded as a picture or a link, and then fetched or sent as one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from agents.runtime.values import ToolAnswer
from audit.text import escape, escape_deep

NOTE = "holdshort"
State = Literal["open", "final", "unusable"]


def begin(instructions: str, task: str) -> list[ModelMessage]:
    """A new conversation."""
    return [ModelRequest(parts=[UserPromptPart(escape(task))], instructions=escape(instructions) or None)]


def go_on(history: bytes, answers: Sequence[ToolAnswer], repair: str | None) -> list[ModelMessage]:
    """The stored conversation with what is said next. Raises ValueError when the answers do not fit its open calls."""
    messages, last = load(history)
    note = note_of(last)
    calls = [part for part in last.parts if isinstance(part, ToolCallPart)]
    waiting = calls if note["state"] == "open" else []
    parts: list[ModelRequestPart] = list(_answered(waiting, answers, note))
    correction = escape(repair) if repair else note.get("problem")
    if not waiting and calls and correction:
        parts += [ToolReturnPart(call.tool_name, correction, call.tool_call_id, outcome="retried") for call in calls]
    elif correction:
        parts.append(UserPromptPart(correction))
    if not parts:
        raise ValueError("There is nothing to say: no call is open, nothing is to be repaired.")
    return [*messages, ModelRequest(parts=parts)]


def load(history: bytes) -> tuple[list[ModelMessage], ModelResponse]:
    """The messages of a stored conversation, and its last, which is the model's answer. Raises ValueError."""
    try:
        messages = ModelMessagesTypeAdapter.validate_json(history)
    except ValidationError as error:
        raise ValueError(
            f"This is no stored conversation: {error.error_count()} parts of it cannot be read."
        ) from error
    last = messages[-1] if messages else None
    if not isinstance(last, ModelResponse):
        raise ValueError("This is no stored conversation: it does not end with an answer of the model.")
    return messages, last


def dump(messages: list[ModelMessage]) -> bytes:
    """The conversation as it is stored."""
    return ModelMessagesTypeAdapter.dump_json(messages)


def note_for(state: State, problem: str | None, written: Mapping[str, Any]) -> dict[str, Any]:
    """What is noted in an answer beside what the model said: `written` holds ids and names as the model wrote them."""
    return {NOTE: {"state": state, "problem": problem, "written": dict(written)}}


def note_of(response: ModelResponse) -> dict[str, Any]:
    """The note made by `note_for`."""
    return (response.metadata or {}).get(NOTE) or {"state": "open", "problem": None, "written": {}}


def call_ids(messages: Sequence[ModelMessage]) -> set[str]:
    """Ids of all calls of a conversation."""
    return {part.tool_call_id for message in messages for part in message.parts if isinstance(part, ToolCallPart)}


def _answered(
    waiting: Sequence[ToolCallPart], answers: Sequence[ToolAnswer], note: Mapping[str, Any]
) -> Iterator[ToolReturnPart]:
    given = {answer.call_id: answer for answer in answers}
    wanted = {call.tool_call_id for call in waiting}
    if len(given) != len(answers) or given.keys() != wanted:
        raise ValueError(f"Answers for {sorted(given)} were given, open calls are {sorted(wanted)}: each needs one.")
    for call in waiting:
        answer = given[call.tool_call_id]
        named = note["written"].get(call.tool_call_id, {}).get("tool", call.tool_name)
        if answer.tool != named:
            raise ValueError(f"The call {answer.call_id} asks for {named!r}, the answer is one of {answer.tool!r}.")
        yield _answer(call, answer.content)


def _answer(call: ToolCallPart, content: Any) -> ToolReturnPart:
    text = content if isinstance(content, str) else json.dumps(escape_deep(content), ensure_ascii=False)
    told = escape(text) if isinstance(content, str) else text
    return ToolReturnPart(call.tool_name, told, call.tool_call_id, metadata={"json": not isinstance(content, str)})
