"""Start a server program so that it can't outlive the worker that talks to it.

Run as a script: launch.py PARENT COMMAND... On Linux the kernel kills the program when its parent dies, also by
kill -9; elsewhere it sees the end of its input. Standard library only, and nothing is imported from this folder.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Become the command, tied to the life of the process whose id is the first argument."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("The program that wanted this one is gone.")
    try:  # the command comes from the operator's settings
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"{command[0]} could not be started: {error.strerror}.")


if __name__ == "__main__":
    main()
