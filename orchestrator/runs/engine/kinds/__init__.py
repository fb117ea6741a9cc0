"""The kinds of steps. Each has one function, `proceed(place) -> Result`, derived from rows alone.

The same function begins a step, goes on after a worker came back or a person decided, and recovers after a crash: it
looks at what is stored and says what comes next.
"""

from collections.abc import Callable

from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.kinds import agent, each, human, loop, plan, tool, wait, workflow
from orchestrator.runs.engine.results import Result

PROCEED: dict[str, Callable[[Place], Result]] = {
    "agent": agent.proceed,
    "tool": tool.proceed,
    "human": human.proceed,
    "workflow": workflow.proceed,
    "wait": wait.proceed,
    "plan": plan.proceed,
    "loop": loop.proceed,
}


def proceed(place: Place) -> Result:
    """What comes next for a step."""
    many = getattr(place.spec, "for_each", None) is not None
    return each.proceed(place) if many else PROCEED[place.step.kind](place)
