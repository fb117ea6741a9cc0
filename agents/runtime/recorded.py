"""Recorded agents: the replay of what some agent did once, case by case. Always labelled as such.

A recording maps the key of a case to its turns. A turn is a list of calls, `[{"name": ..., "arguments": {...}}, ...]`,
or the end, `{"output": ...}`. The case comes from the field `case` of the task. A replay does not react: whatever its
calls are answered, the next turn follows.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agents.runtime.scripted import Call, Calls, Final, Say, ScriptState
from agents.runtime.values import ModelUnavailable

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models.function import AgentInfo, FunctionModel

Turn = Sequence[Mapping[str, Any]] | Mapping[str, Any]
Recording = Mapping[str, Sequence[Turn]]

_loaders: dict[str, Callable[[], Recording]] = {}
_loaded: dict[str, Recording] = {}


def register_recording(name: str, loader: Callable[[], Recording]) -> None:
    """Make `recorded:NAME` a model. `loader` is called once per process, when the first replay needs it."""
    if _loaders.setdefault(name, loader) is not loader:
        raise ValueError(f"There is already a recording named {name!r}.")


def names() -> list[str]:
    """Names of all registered recordings."""
    return sorted(_loaders)


def model(name: str) -> "FunctionModel":
    """The recording as a model of pydantic-ai. Raises ModelUnavailable."""
    from pydantic_ai.models.function import FunctionModel

    if name not in _loaders:
        raise ModelUnavailable(f"There is no recording named {name!r}.", retry=False)

    def answer(messages: "list[ModelMessage]", info: "AgentInfo") -> "ModelResponse":
        from agents.runtime import playback

        state = playback.state(messages, info)
        return playback.say(replay(name, state), state, info)

    return FunctionModel(answer, model_name=f"recorded:{name}")


def replay(name: str, state: ScriptState) -> Say:
    """What the recording says in this turn. Raises ModelUnavailable when it has no such case."""
    case = str(state.task.get("case")) if isinstance(state.task, dict) else None
    if name not in _loaded:
        _loaded[name] = _loaders[name]()
    if case is None or case not in _loaded[name]:
        raise ModelUnavailable(f"The recording {name!r} has no case {case!r}.", retry=False)
    turns = _loaded[name][case]
    if state.turn > len(turns):
        calls = sum(len(turn) for turn in turns if not isinstance(turn, Mapping))
        return Final({"summary": f"Replayed all {calls} recorded calls of case {case}."})
    turn = turns[state.turn - 1]
    if isinstance(turn, Mapping):
        return Final(turn["output"])
    return Calls([Call(call["name"], call["arguments"]) for call in turn], reasoning=f"As recorded for case {case}.")
