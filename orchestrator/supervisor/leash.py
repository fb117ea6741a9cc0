"""Ties a process to the one that started it, so that nothing outlives a supervisor or worker killed with SIGKILL.

Run as a program, it becomes the command in its arguments: `python leash.py program argument ...`. Settings put it in
front of every server that talks over stdio, because those are started by a library that offers no such tie.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # prctl(2), Linux only
# Loaded here and not after the fork: importing a library between fork and exec can deadlock.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(death_signal: int = signal.SIGKILL) -> None:
    """Ask the kernel to send this process `death_signal` when the thread that started it ends. A no-op off Linux."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def tie_to(parent: int, death_signal: int) -> Callable[[], None]:
    """What `Popen(preexec_fn=...)` runs in the new process: the tie, and an end at once if `parent` is gone already."""

    def tie() -> None:
        die_with_parent(death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return tie


if __name__ == "__main__":
    die_with_parent()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - becoming the given program is the purpose
