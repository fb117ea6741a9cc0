"""The points of its work at which a worker can be killed: `arm` makes this process die at one of them by SIGKILL.

What has hit is written to the file HOLDSHORT_CHAOS_HITS, one line each: a fault that never hit proves nothing.
"""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

HITS = "HOLDSHORT_CHAOS_HITS"
Arm = Callable[[int], None]
_counting = threading.Lock()


def hit(what: str) -> None:
    """Note that a fault has hit. One write, so that lines of several processes never mix."""
    path = os.environ.get(HITS)
    if path:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{what}\n".encode())
        os.close(file)


def arm(point: str, time: int = 1) -> None:
    """Die when this process comes to a point of POINTS for the `time`-th time."""
    _points()[point](time)


def names() -> list[str]:
    """Every point there is."""
    return list(_points())


def _die(point: str) -> None:
    """What kill -9 does: nothing is flushed, closed or rolled back by this process."""
    hit(f"point: {point}")
    os.kill(os.getpid(), signal.SIGKILL)


def _counter(point: str, time: int) -> Callable[[], None]:
    """A function that kills this process when it is called for the `time`-th time."""
    left = [time]

    def passed() -> None:
        with _counting:
            left[0] -= 1
            if left[0] <= 0:
                _die(point)

    return passed


def _before(point: str, owner: Any, name: str) -> Arm:
    def set_up(time: int) -> None:
        real, passed = getattr(owner, name), _counter(point, time)

        def run(*args: Any, **kwargs: Any) -> Any:
            passed()
            return real(*args, **kwargs)

        setattr(owner, name, run)

    return set_up


def _after(point: str, owner: Any, name: str) -> Arm:
    """After it has returned something; None says in all of these that there was nothing to do."""

    def set_up(time: int) -> None:
        real, passed = getattr(owner, name), _counter(point, time)

        def run(*args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            if result is not None:
                passed()
            return result

        setattr(owner, name, run)

    return set_up


def _storing(fits: Callable[[Any], bool]) -> Callable[[str, Any, str], Arm]:
    """After the fast lane has stored changes that are like that."""

    def after(point: str, owner: Any, name: str) -> Arm:
        def set_up(time: int) -> None:
            real, passed = getattr(owner, name), _counter(point, time)

            def run(changes: Any) -> Any:
                clocks = real(changes)
                if fits(changes) and any(clocks):
                    passed()
                return clocks

            setattr(owner, name, run)

        return set_up

    return after


def _points() -> dict[str, Arm]:
    from agents import gateway
    from agents.connectors.mcp import McpConnector
    from agents.connectors.python import PythonConnector
    from agents.gateway import execute
    from orchestrator.runs.engine import advancing, beginning, board, lane, liveness, parts
    from orchestrator.runs.engine.kinds import agent, loop
    from orchestrator.runs.engine.lane import statements
    from orchestrator.runs.engine.work import AskModel

    one_call = _storing(lambda changes: len(changes) == 1 and isinstance(changes[0], statements.Stored))
    several = _storing(lambda changes: len(changes) > 1)
    question = _storing(lambda changes: any(isinstance(change, statements.Asking) for change in changes))
    where: dict[str, tuple[Callable[[str, Any, str], Arm], Any, str]] = {
        "before the model is asked": (_before, AskModel, "perform"),
        "after the model answered": (_after, AskModel, "perform"),
        "while its answer is stored": (_before, agent, "_store"),
        "before the intent": (_before, execute, "why_not"),
        "inside the intent's transaction": (_after, execute, "_ticket"),
        "after the intent, before it is sent": (_before, gateway, "send"),
        "after it was sent, before the answer": (_after, McpConnector, "call"),
        "after a function was called, before its answer": (_after, PythonConnector, "call"),
        "inside the outcome's transaction": (_after, gateway, "settle"),
        "between a decision and its being taken up": (_before, board, "deliver"),
        "while a decision is taken up": (_after, board, "deliver"),
        "as the fast lane is entered": (_after, lane, "enter"),
        "in the fast lane, between two steps": (_before, lane.Lane, "_call"),
        "in the fast lane, just after its statement": (one_call, statements, "store"),
        "in the fast lane, after steps of several runs": (several, statements, "store"),
        "in the fast lane, after a question": (question, statements, "store"),
        "as the fast lane hears of an answer": (_after, lane, "resume"),
        "while a step begins": (_before, beginning, "_start"),
        "while a part is made": (_after, parts, "_make"),
        "while a round is judged": (_before, loop, "_judge"),
        "while parts are taken up": (_before, parts, "take_up"),
        "before a run ends": (_before, advancing, "end_run"),
        "as it says that it is alive": (_after, liveness, "owner"),
    }
    return {point: make(point, owner, name) for point, (make, owner, name) in where.items()}
