"""Something between a process and its database that loses what the server answers to a commit (F12).

The server has committed; the client never hears of it, and its connection is gone. `cut_after(n)` arms it: the answer
to the n-th commit from then on is lost. What commits is a COMMIT, or a statement of the fast lane, which is one alone.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import connection

COMMIT, LANE = b"COMMIT\x00", b"chain AS ("


class Proxy:
    """Passes bytes both ways, until it is time."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.left = 0
        self.hits = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, commits: int) -> None:
        """Lose the answer to a commit, once."""
        self.left, self.hits = commits, 0

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(str(settings.HOLDSHORT_PLACES.database_socket_folder / ".s.PGSQL.5432"))
            lost = threading.Event()
            threading.Thread(target=self._up, args=(client, upstream, lost), daemon=True).start()
            threading.Thread(target=self._down, args=(client, upstream, lost), daemon=True).start()

    def _up(self, client: socket.socket, upstream: socket.socket, lost: threading.Event) -> None:
        lane = set[bytes]()
        for part in _parts(client):
            commits = _commits(part, lane)
            if self.left and commits:
                self.left -= 1
                if not self.left:
                    lost.set()
            upstream.sendall(part)
        _end(upstream)

    def _down(self, client: socket.socket, upstream: socket.socket, lost: threading.Event) -> None:
        for part in _parts(upstream):
            if lost.is_set():
                self.hits += 1
                break
            client.sendall(part)
        _end(client)


def _commits(part: bytes, lane: set[bytes]) -> bool:
    """Whether this is a commit, or carries out a statement of the lane that writes, prepared before or not.

    The names of those that are prepared are kept in `lane` (PostgreSQL documentation, "Message Formats", Parse, Bind).
    """
    if part[:1] == b"P" and LANE in part:
        name = part[5:].partition(b"\0")[0]
        lane.update({name} - {b""})
        return not name
    return part.endswith(COMMIT) or (part[:1] == b"B" and part[6:].partition(b"\0")[0] in lane)


def _end(end: socket.socket) -> None:
    """End a connection, also while another thread is listening to it."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def _parts(end: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            part = end.recv(1 << 20)
        except OSError:
            return
        if not part:
            return
        yield part


@contextmanager
def through_a_proxy() -> Iterator[Proxy]:
    """This thread's connection goes through a proxy for a while."""
    proxy, known = Proxy(), dict(connection.settings_dict)
    connection.close()
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(proxy.port)}
    try:
        yield proxy
    finally:
        connection.close()
        connection.settings_dict |= {"HOST": known["HOST"], "PORT": known["PORT"]}
        proxy.server.close()
