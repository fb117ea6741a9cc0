"""The line protocol that a benchmark harness speaks with a process it measures.

On stdin come `GO`, `DECIDE first end seconds` and `STOP`; `READY` goes to stdout. What happened is told by lines of a
file, `KIND run step nanoseconds pid`: E a step's body runs, R its output is committed, K the run waits for a person, D
a decision is about to be made, C the run has ended, W a worker takes work. The clock is CLOCK_MONOTONIC, one for the
whole machine.
"""

import os
import sys
import threading
import time
from collections.abc import Callable

STEPS = 10
_marks: list[int] = []


def mark(kind: str, run: int, step: int = 0) -> None:
    """Say that something has happened just now."""
    if not _marks:
        _marks.append(os.open(os.environ["PEER_MARK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644))
    os.write(_marks[0], f"{kind} {run} {step} {time.monotonic_ns()} {os.getpid()}\n".encode())


def ready() -> None:
    """Say that the work may begin: on the real standard output, whatever Celery has put in its place."""
    assert sys.__stdout__ is not None
    sys.__stdout__.write("READY\n")
    sys.__stdout__.flush()


def serve(go: Callable[[], None], look: Callable[[], None], decide: Callable[[int], None]) -> None:
    """Answer the harness until it says STOP. `decide(run)` records the decision of one run, and `look()` comes first.

    Who decides has looked at what they decide: that is no part of the decision.
    """
    ready()
    for line in sys.stdin:
        words = line.split()
        match words:
            case ["GO"]:
                threading.Thread(target=go, daemon=True).start()
            case ["DECIDE", first, end, gap]:
                runs = range(int(first), int(end))
                threading.Thread(target=_decide_all, args=(look, decide, runs, float(gap)), daemon=True).start()
            case ["STOP"]:
                break
    os._exit(0)


def _decide_all(look: Callable[[], None], decide: Callable[[int], None], runs: range, gap: float) -> None:
    """One decision every `gap` seconds; without a gap, as fast as they go."""
    look()
    due = time.monotonic()
    for run in runs:
        time.sleep(max(0.0, due - time.monotonic()))
        due += gap
        mark("D", run)
        decide(run)
