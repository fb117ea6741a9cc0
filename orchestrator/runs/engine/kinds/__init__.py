"""The kinds of steps. Each has one function, `proceed(place) -> Result`, derived from rows alone.

The same function begins a step, goes on after a worker came back or a person decided, and recovers after a crash: it
looks at what is stored and says what comes next.
"""

from collections.abc import Callable

from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.kinds import agent, human, tool
from orchestrator.runs.engine.results import Result

PROCEED: dict[str, Callable[[Place], Result]] = {
    "agent": agent.proceed,
    "tool": tool.proceed,
    "human": human.proceed,
}
