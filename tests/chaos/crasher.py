"""A worker that kills itself with SIGKILL at one point of its work, as a real process. Run by the chaos tests.

    python -m tests.chaos.crasher POINT TIME RUN_REF

POINT is a name of `points`. The process ends by SIGKILL when it gets there for the TIME-th time, and with 0 when it
never did: then the fault has not hit, and the test that started it does not count.
"""

import sys
from uuid import UUID

import django


def main() -> None:
    """Arm, then do what a worker does: for this run and for the parts it comes to have."""
    django.setup()
    from agents.runtime import scripted
    from orchestrator.runs.models import Run
    from tests.chaos import points
    from tests.runs.test_engine import refunder
    from tests.workshop import pump

    scripted._scripts["test"] = refunder
    points.arm(sys.argv[1], int(sys.argv[2]))
    pump(Run.objects.get(ref=UUID(sys.argv[3])))


if __name__ == "__main__":
    main()
