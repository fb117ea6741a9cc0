"""What a model said, judged: tool calls, a final output, or nothing that can be used.

Whether a tool exists and its arguments are right is the gateway's business. Here only the form of the answer counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponsePart, TextPart, ThinkingPart, ToolCallPart

from agents.runtime import conversation
from agents.runtime.offer import Offer
from agents.runtime.outputs import FINAL, check_output
from agents.runtime.storing import Calls, storable
from agents.runtime.values import Request

MOST_CALLS = 16


@dataclass(frozen=True)
class Judged:
    """An answer of a model and what it amounts to; the fields are those of `Exchange`."""

    response: ModelResponse
    requests: tuple[Request, ...]
    output: Any | None
    final: bool
    text: str
    problem: str | None
    raw_size: int


def judge(raw: ModelResponse, before: Sequence[ModelMessage], offer: Offer, unread: str | None = None) -> Judged:
    """Judge the answer that follows `before`. With a schema on offer, the final output must fit it.

    `unread` is a sentence that says why nothing of an answer could be read; `raw` is empty then.
    """
    response, size, cut = storable(raw)
    calls = Calls(before, offer.names)
    parts = [calls.tidy(part) for part in response.parts]
    called = [part.tool_name for part in parts if isinstance(part, ToolCallPart)]
    ends = offer.schema is not None and FINAL in called
    output, problem = None, unread or cut or _flaw(response, len(called), ends)
    over = not problem and (ends or not called)
    if over:
        said = calls.requests[0].written if called else _prose(parts)
        output, problem = check_output(said, offer.schema, called=bool(called))
    state: conversation.State = "unusable" if problem else "final" if over else "open"
    note = conversation.note_for(state, problem, calls.written)
    return Judged(
        response=replace(response, parts=_kept(parts), metadata=note),
        requests=tuple(calls.requests) if state == "open" else (),
        output=output,
        final=state == "final",
        text=_words(parts),
        problem=problem,
        raw_size=size,
    )


def _flaw(response: ModelResponse, calls: int, ends: bool) -> str | None:
    """What makes this answer unusable as a whole, if anything; `calls` counts its calls, one of which `ends`."""
    flaws = (
        (response.finish_reason == "content_filter", "The provider's filter held the answer back."),
        (response.state != "complete", "The answer is not complete."),
        (
            calls > MOST_CALLS,
            f"The answer calls {calls} tools at once; at most {MOST_CALLS} are taken. None was run.",
        ),
        (
            ends and calls > 1,
            f"{FINAL} came together with other calls; none was run. Call it once, alone, when all is done.",
        ),
        (
            response.finish_reason == "length" and not calls,
            "The answer was cut off at its greatest length. Answer briefly.",
        ),
        (
            not calls and not _prose(response.parts).strip(),
            "The answer is empty. Call a tool or give the final result.",
        ),
    )
    return next((sentence for flawed, sentence in flaws if flawed), None)


def _kept(parts: Sequence[ModelResponsePart]) -> list[ModelResponsePart]:
    """The parts to store: not too many calls, and something said, as providers refuse a model's message without."""
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    said = [part for part in parts if not isinstance(part, TextPart | ThinkingPart) or part.content.strip()]
    if len(calls) > MOST_CALLS:
        left_out = TextPart(f"[{len(calls) - MOST_CALLS} more calls were left out]")
        return [*(part for part in said if not isinstance(part, ToolCallPart)), left_out, *calls[:MOST_CALLS]]
    if all(isinstance(part, ThinkingPart) for part in said):
        return [*said, TextPart("[no answer]")]
    return said


def _prose(parts: Sequence[ModelResponsePart]) -> str:
    return "".join(part.content for part in parts if isinstance(part, TextPart))


def _words(parts: Sequence[ModelResponsePart]) -> str:
    words = [part.content for part in parts if isinstance(part, TextPart | ThinkingPart)]
    return "\n\n".join(word for word in words if word.strip())
