"""What is checked before anything starts."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.supervisor.exceptions import CannotStart


def port_from(text: str) -> int:
    """The TCP port written in `text`. Raises CannotStart when it is none."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise CannotStart(f"PORT is {text!r}, but must be a number from 1 to 65535.")
    return int(text)


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CannotStart when something else listens on `host` and `port`, or `host` is no address of this machine."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotStart(
            f"Port {port} on {host} cannot be used ({reason}). Choose another one, for example PORT={port + 1}."
        ) from None


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold the lock of a state folder. Raises CannotStart when another process holds it; it ends with its process."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise CannotStart(
                f"Holdshort already runs in {lock.parent} (process {handle.read() or 'unknown'}). "
                "Stop it first, or set HOLDSHORT_HOME to another folder."
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
