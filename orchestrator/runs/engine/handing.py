"""Passing a task on from one agent to another that the workflow allows, with what was found out so far.

The agent sees it as one more tool. It reaches nothing outside, so it does not go through the gateway: what it changes
is who works on the step, and from then on the grants of that agent count.
"""

from collections.abc import Sequence
from typing import Any

from agents.runtime.values import ToolSpec
from audit import canonical, text
from audit.log import party, record
from orchestrator.runs.engine import tellings
from orchestrator.runs.engine.board import Place, current_version
from orchestrator.runs.engine.kinds import calls
from orchestrator.runs.models import Turn
from orchestrator.workflows.schema import AgentStep

TOOL = "hand_off"
MOST_HANDS = 5
MOST_SAID = 8_000
ABOUT = (
    "Pass this task on to another agent, when it is theirs to do. They get the task, your reason, what you have said "
    "and what your calls found out. You are not asked again."
)


def tools_for(spec: AgentStep) -> tuple[ToolSpec, ...]:
    """The tool for passing on, where the workflow names somebody."""
    if not spec.hand_off:
        return ()
    schema = {
        "type": "object",
        "properties": {
            "agent": {"type": "string", "enum": list(spec.hand_off)},
            "reason": {"type": "string", "maxLength": 2_000},
        },
        "required": ["agent", "reason"],
        "additionalProperties": False,
    }
    return (ToolSpec(TOOL, ABOUT, schema),)


def is_hand_off(spec: AgentStep, tool: str) -> bool:
    """Whether a tool that a model asks for means passing the task on."""
    return bool(spec.hand_off) and tool == TOOL


def pass_on(place: Place, number: int, arguments: Any) -> str:
    """Give the step to another agent; why that is not possible, as a sentence for the model."""
    spec, step = place.spec, place.step
    assert isinstance(spec, AgentStep) and step.agent_version is not None
    wanted = _read(arguments)
    if wanted is None or wanted.get("agent") not in spec.hand_off:
        return f"Name one of these agents, and a reason: {', '.join(spec.hand_off)}."
    if len(step.hands) >= MOST_HANDS:
        return f"This task was passed on {MOST_HANDS} times already. Finish it."
    version = current_version(str(wanted["agent"]))
    if version is None:
        return f"There is no agent {wanted['agent']} at this time."
    before = step.agent_version
    reason = text.escape(str(wanted.get("reason", "")))[:MOST_SAID]
    hand = {"from": before.agent.title, "to": version.agent.title, "reason": reason, "turn": number}
    step.hands, step.agent_version = [*step.hands, hand], version
    record(
        "step.handed_off",
        actor=party(before.agent),
        subject=party(step),
        stream=place.board.stream,
        data={"step": str(step.ref), "step_title": step.title, **hand, "agent_version": version.number},
    )
    return ""


def leg(place: Place, turns: Sequence[Turn]) -> list[Turn]:
    """The turns of the agent that has the task now."""
    since = place.step.hands[-1]["turn"] if place.step.hands else 0
    return [turn for turn in turns if turn.number > since]


def context_of(place: Place, turns: Sequence[Turn]) -> dict[str, Any]:
    """What an agent that takes a task over is told besides the task: from whom, why, and what is known so far."""
    if not place.step.hands:
        return {}
    so_far = [
        {
            "said": turn.text[:MOST_SAID],
            "calls": [
                {"tool": call.tool_name, "arguments": _read(bytes(call.arguments)), "answer": tellings.tell(call)}
                for call in calls.of_turn(place.step, turn)
            ],
        }
        for turn in turns
        if turn.number <= place.step.hands[-1]["turn"]
    ]
    hand = place.step.hands[-1]
    return {"handed_over": {"by": hand["from"], "why": hand["reason"], "so_far": so_far}}


def _read(arguments: Any) -> Any:
    if not isinstance(arguments, bytes):
        return arguments if isinstance(arguments, dict) else None
    try:
        value = canonical.parse(arguments)
    except canonical.NotCanonical:
        return None
    return value if isinstance(value, dict) else None
