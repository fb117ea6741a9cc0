"""Steps that call one tool, on the grants of an agent."""

from agents.models import ToolCall
from agents.states import CallState
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.kinds import calls
from orchestrator.runs.engine.results import Broke, Done, Result, Stop
from orchestrator.workflows.schema import ToolStep


def proceed(place: Place) -> Result:
    """Propose the call, or go on with it."""
    assert isinstance(place.spec, ToolStep)
    version = place.step.agent_version
    if version is None:
        return Broke(f'There is no agent "{place.spec.agent}" that could act.')
    key = str(place.step.attempt)
    call = calls.of_key(place.step, key) or calls.propose(place, version, place.spec.tool, place.step.input or {}, key)
    progress = calls.advance(place, call)
    if progress is not None:
        return progress
    call.refresh_from_db()
    return _ended(calls.latest(call))


def _ended(call: ToolCall) -> Result:
    match call.state:
        case CallState.SUCCEEDED:
            return Done(call.result)
        case CallState.REJECTED:
            return Stop(f"{call.tool_name} was rejected. {call.reason}")
        case CallState.EXPIRED:
            return Stop(f"Nobody decided in time about {call.tool_name}.")
        case _:
            return Broke(call.error or call.reason or f"{call.tool_name} ended as {call.state}.")
