"""The programs that make up a running Holdshort: web pages, a worker, and the clock that rings for due work."""

import sys
from typing import Literal

Role = Literal["web", "worker", "beat"]
ROLES: tuple[Role, ...] = ("web", "worker", "beat")
# Threads, not processes: the sessions with MCP servers live in one background loop that all tasks share.
WORKER_THREADS = 8


def command_of(role: Role, host: str, port: int) -> list[str]:
    """The program and arguments of `role`."""
    celery = [sys.executable, "-m", "celery", "-A", "orchestrator.celery"]
    commands: dict[Role, list[str]] = {
        "web": [
            *(sys.executable, "-m", "uvicorn", "orchestrator.asgi:application"),
            *("--host", host, "--port", str(port), "--lifespan", "off", "--no-access-log"),
            *("--timeout-graceful-shutdown", "1"),
        ],
        "worker": [
            *(*celery, "worker", "--pool", "threads", "--concurrency", str(WORKER_THREADS)),
            *("--without-gossip", "--without-mingle"),
        ],
        # Which schedules there are, and when each rang last, stands in the database (CELERY_BEAT_SCHEDULER).
        "beat": [*celery, "beat", "--pidfile="],
    }
    return commands[role]
