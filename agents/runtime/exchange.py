"""Exactly one exchange with a model: no tool is run, nothing is retried, nothing is stored.

The engine stores each answer before it asks for the next, so a killed worker repeats at most one model call.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.runtime.values import Exchange, ModelUnavailable, Request, ToolAnswer, ToolSpec, Usage

__all__ = ["Exchange", "ModelUnavailable", "Request", "ToolAnswer", "ToolSpec", "Usage", "exchange"]


def exchange(  # noqa: PLR0913 all that one exchange needs, by name
    *,
    model: str,
    instructions: str,
    task: str,
    tools: Sequence[ToolSpec],
    output_schema: Mapping[str, Any] | None,
    history: bytes | None,
    answers: Sequence[ToolAnswer],
    repair: str | None,
    timeout: float,
    settings: Mapping[str, Any] | None = None,
) -> Exchange:
    """Ask `model` once and return its answer.

    Without `history` the conversation starts with `instructions` and `task`; with it (the `messages` of the exchange
    before) every open call must have an answer in `answers`, and `repair` tells the model what was wrong with its last
    answer. `timeout` is in seconds of wall clock. Raises ModelUnavailable when no answer came (its kind BadModel for a
    model string that cannot work), ValueError when `answers` do not fit the open calls. No answer of a model, however
    broken, raises anything: it comes back with a `problem`.
    """
    from agents.runtime import conversation, talk
    from agents.runtime.offer import offer

    if history is None and (answers or repair):
        raise ValueError("A conversation begins with the task alone: there is nothing to answer or to repair yet.")
    if history is None:
        messages = conversation.begin(instructions, task)
    else:
        messages = conversation.go_on(history, answers, repair)
    offered = offer(instructions, tools, output_schema)
    return talk.hold(talk.Talk(model, messages, offered, settings or {}, timeout))
