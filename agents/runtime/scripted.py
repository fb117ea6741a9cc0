"""Scripted agents: a Python function in place of a model, for demonstrations and tests. Always labelled as such.

    @scripted("support-refund")
    def support_refund(state: ScriptState) -> Say:
        if state.turn == 1:
            return Call("get_order", order_id=state.task["order_id"], reasoning="I look at the order first.")
        return Final({"summary": "Done."})

A script keeps no state: it is called anew for each turn with everything said so far, so a restart changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents.runtime.values import ModelUnavailable

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models.function import AgentInfo, FunctionModel


@dataclass(frozen=True)
class Result:
    """A tool call of this conversation and what came back for it."""

    tool: str
    arguments: Any
    content: Any


@dataclass(frozen=True)
class ScriptState:
    """What a script knows.

    task      the task; parsed where it is JSON
    tools     names of the tools on offer
    turn      1 for the first answer of this conversation
    results   all answered calls, oldest first
    last      the calls answered since the turn before
    repair    what was said to be wrong with the turn before, if anything
    """

    task: Any
    tools: tuple[str, ...]
    turn: int
    results: tuple[Result, ...]
    last: tuple[Result, ...]
    repair: str | None = None

    def of(self, tool: str) -> Any:
        """Content of the latest answer of a tool, or None."""
        return next((result.content for result in reversed(self.results) if result.tool == tool), None)


class Call:
    """One tool call: `Call("refund", amount=5, reasoning="The parcel is lost.")`.

    Arguments whose names are not known beforehand go into a mapping: `Call("refund", arguments)`.
    """

    def __init__(
        self, tool: str, given: Mapping[str, Any] | None = None, /, *, reasoning: str = "", **arguments: Any
    ) -> None:
        self.tool, self.arguments, self.reasoning = tool, {**(given or {}), **arguments}, reasoning


@dataclass(frozen=True)
class Calls:
    """Several tool calls in one turn."""

    calls: Sequence[Call]
    reasoning: str = ""


@dataclass(frozen=True)
class Final:
    """The end: the agent's output."""

    output: Any
    reasoning: str = ""


@dataclass(frozen=True)
class Raw:
    """Whatever a broken model may say: a str is text, a pair is (tool, arguments as written), else a message part."""

    parts: Sequence[Any] = field(default_factory=tuple)


Say = Call | Calls | Final | Raw
Script = Callable[[ScriptState], Say]

_scripts: dict[str, Script] = {}


def scripted(name: str) -> Callable[[Script], Script]:
    """Register a script as the model `scripted:NAME`. A name belongs to one script."""

    def register(script: Script) -> Script:
        if _scripts.setdefault(name, script) is not script:
            raise ValueError(f"There is already a script named {name!r}.")
        return script

    return register


def names() -> list[str]:
    """Names of all registered scripts."""
    return sorted(_scripts)


def model(name: str) -> "FunctionModel":
    """The script as a model of pydantic-ai, so that it goes the same way as a real one. Raises ModelUnavailable."""
    from pydantic_ai.models.function import FunctionModel

    if name not in _scripts:
        raise ModelUnavailable(f"There is no script named {name!r}.", retry=False)

    def answer(messages: "list[ModelMessage]", info: "AgentInfo") -> "ModelResponse":
        from agents.runtime import playback

        state = playback.state(messages, info)
        return playback.say(_scripts[name](state), state, info)

    return FunctionModel(answer, model_name=f"scripted:{name}")
