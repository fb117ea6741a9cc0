"""A worker that is asked to end, as in a rolling deploy: what it has begun it finishes, and the rest is left to others.

No call is cut off and no step is half done. What is next in its runs is due at once, for whoever is there (F05).
"""

import threading

from orchestrator.runs.engine.board import Board
from orchestrator.runs.signals import announce_due

_asked = threading.Event()


def leave() -> None:
    """From now on this process begins nothing more."""
    _asked.set()


def is_leaving() -> bool:
    """Whether this process is about to end."""
    return _asked.is_set()


def hand_over(board: Board) -> None:
    """Leave whatever comes next in a run to another worker."""
    board.run.wake_at = board.now
    announce_due(board.run)
