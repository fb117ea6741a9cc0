"""A worker that kills itself with SIGKILL at one point of its work, as a real process. Run by the chaos tests.

    python -m tests.chaos.crasher POINT RUN_REF

POINT is a name of POINTS. The process ends by SIGKILL when it gets there, and with 0 when it never did: then the
fault has not hit, and the test that started it does not count.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import django

Patch = Callable[[], None]


def die(*_: Any, **__: Any) -> None:
    """What kill -9 does: nothing is flushed, closed or rolled back by this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def _before(module: Any, name: str) -> None:
    setattr(module, name, die)


def _after(module: Any, name: str) -> None:
    real = getattr(module, name)

    def run(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        if result is not None:
            die()
        return result

    setattr(module, name, run)


def points() -> dict[str, Patch]:
    """Where a worker can die, and how to make it die there."""
    from agents import gateway
    from agents.connectors.mcp import McpConnector
    from agents.gateway import execute
    from orchestrator.runs.engine import board
    from orchestrator.runs.engine.kinds import agent
    from orchestrator.runs.engine.work import AskModel

    return {
        "before the model is asked": lambda: _before(AskModel, "perform"),
        "after the model answered": lambda: _after(AskModel, "perform"),
        "while its answer is stored": lambda: _before(agent, "_store"),
        "before the intent": lambda: _before(execute, "why_not"),
        "inside the intent's transaction": lambda: _after(execute, "_ticket"),
        "after the intent, before it is sent": lambda: _before(gateway, "send"),
        "after it was sent, before the answer": lambda: _after(McpConnector, "call"),
        "inside the outcome's transaction": lambda: _after(gateway, "settle"),
        "while a decision is taken up": lambda: _after(board, "deliver"),
    }


def main() -> None:
    """Patch, then do what a worker does."""
    django.setup()
    from agents.runtime import scripted
    from tests.runs.test_engine import refunder

    scripted._scripts["test"] = refunder
    points()[sys.argv[1]]()
    from orchestrator.runs.engine.advancing import advance

    advance(UUID(sys.argv[2]))


if __name__ == "__main__":
    main()
