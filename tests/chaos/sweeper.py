"""A clock of its own that rings for due work, more often than the product's: `python -m tests.chaos.sweeper`."""

import logging
import os
import time

import django

EVERY = 0.4
log = logging.getLogger(__name__)


def main() -> None:
    """Sweep until somebody ends this process. What is down is tried again."""
    django.setup()
    from django.db import connection

    from orchestrator.runs.engine.sweeping import due_runs
    from orchestrator.runs.tasks import sweep
    from tests.chaos.points import hit

    while True:
        try:
            if due_runs():
                hit(f"sweep: {os.getpid()}")
            sweep()
        except Exception:
            log.exception("This sweep did not work.")
            connection.close()
        time.sleep(EVERY)


if __name__ == "__main__":
    main()
