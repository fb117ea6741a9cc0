"""Between scripts and pydantic-ai: the conversation as a script sees it, and what it says as a model's answer."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo

from agents.runtime.scripted import Calls, Final, Raw, Result, Say, ScriptState
from audit.text import unescape


def state(messages: Sequence[ModelMessage], info: AgentInfo) -> ScriptState:
    """What the script is told: derived from the conversation alone, so that a restart changes nothing."""
    prompts = [_text(message) for message in messages if isinstance(message, ModelRequest)]
    return ScriptState(
        task=_parsed(prompts[0] or ""),
        tools=tuple(tool.name for tool in info.function_tools),
        turn=1 + sum(isinstance(message, ModelResponse) for message in messages),
        results=tuple(_results(messages, messages)),
        last=tuple(_results(messages, messages[-1:])),
        repair=prompts[-1] if len(prompts) > 1 else None,
    )


def say(said: Say, state: ScriptState, info: AgentInfo) -> ModelResponse:
    """The answer of a model that says this."""
    if isinstance(said, Raw):
        return ModelResponse(parts=[_raw(part) for part in said.parts])
    parts: list[ModelResponsePart] = [ThinkingPart(said.reasoning)] if said.reasoning else []
    if isinstance(said, Final):
        return ModelResponse(parts=[*parts, _final(said.output, state, info)])
    calls = said.calls if isinstance(said, Calls) else [said]
    for index, call in enumerate(calls, start=1):
        parts.append(_call(call.tool, call.arguments, f"call-{state.turn}-{index}"))
    return ModelResponse(parts=parts)


def _results(messages: Sequence[ModelMessage], within: Sequence[ModelMessage]) -> Iterator[Result]:
    """Answered calls: the answers in `within`, their calls anywhere in `messages`. Refused answers are left out."""
    parts = [part for message in messages for part in message.parts]
    calls = {part.tool_call_id: part for part in parts if isinstance(part, ToolCallPart)}
    for message in within:
        for part in message.parts:
            if isinstance(part, ToolReturnPart) and part.outcome == "success":
                content = unescape(str(part.content))
                yield Result(
                    tool=part.tool_name,
                    arguments=_parsed(unescape(str(calls[part.tool_call_id].args or "{}"))),
                    content=json.loads(content) if (part.metadata or {}).get("json") else content,
                )


def _text(message: ModelRequest) -> str | None:
    """What is said to the model in a request beside answers to calls, or why its calls were not run."""
    for part in reversed(message.parts):
        if isinstance(part, UserPromptPart) or (isinstance(part, ToolReturnPart) and part.outcome == "retried"):
            return unescape(str(part.content))
    return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _final(output: Any, state: ScriptState, info: AgentInfo) -> ModelResponsePart:
    if info.output_tools:
        return _call(info.output_tools[0].name, output, f"call-{state.turn}-final")
    return TextPart(output if isinstance(output, str) else json.dumps(output, ensure_ascii=False))


def _call(tool: str, arguments: Any, call_id: str) -> ToolCallPart:
    return ToolCallPart(tool, json.dumps(arguments, ensure_ascii=False), tool_call_id=call_id)


def _raw(part: Any) -> ModelResponsePart:
    if isinstance(part, str):
        return TextPart(part)
    if isinstance(part, tuple):
        return ToolCallPart(part[0], part[1], tool_call_id="")
    return part  # type: ignore[no-any-return]
