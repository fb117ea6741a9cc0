"""Servers to connect to, and a log of the effects they had."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from agents.connectors import Connector, Target, close_all, connector_for, launch
from tests.servers import free_port, wait_until

SERVER = str(Path(__file__).with_name("server.py"))


@dataclass
class Site:
    """One test server: where it is, and what it did since the test began."""

    target: Target
    log: Path
    tools: Path
    since: int = 0

    def effects(self, name: str = "") -> list[str]:
        """The lines of the log that begin with a word."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines[self.since :] if line.startswith(name)]

    def pids(self) -> list[int]:
        """The processes that were started."""
        return [int(line.split()[1]) for line in self.effects("started")]

    def changed(self, **fields: Any) -> Target:
        """The same place, otherwise configured."""
        return replace(self.target, **{"key": uuid4().hex, **fields})

    def from_here(self) -> "Site":
        """The same site, with nothing done yet."""
        return replace(self, since=self.since + len(self.effects()))


@pytest.fixture(scope="session", autouse=True)
def _nothing_left_open() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def mcp() -> Connector:
    return connector_for("mcp")


@pytest.fixture(scope="session")
def shared_pipes(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A server that is started as a program, by whichever test comes first."""
    return site(tmp_path_factory.mktemp("pipes"), transport="stdio", command=(sys.executable, SERVER))


@pytest.fixture(scope="session")
def shared_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server at a web address."""
    made = site(tmp_path_factory.mktemp("web"), transport="http")
    with WebServer(made):
        yield made


@pytest.fixture
def pipes(shared_pipes: Site) -> Site:
    """A program that other tests use too."""
    return shared_pipes.from_here()


@pytest.fixture
def web(shared_web: Site) -> Site:
    """A web server that other tests use too."""
    return shared_web.from_here()


@pytest.fixture
def own_pipes(tmp_path: Path) -> Iterator[Site]:
    """A program of the test's own, which may die."""
    yield site(tmp_path, transport="stdio", command=(sys.executable, SERVER))
    close_all()


@pytest.fixture
def own_web(tmp_path: Path) -> Iterator[tuple[Site, "WebServer"]]:
    """A web server of the test's own, which may die."""
    made = site(tmp_path, transport="http")
    with WebServer(made) as server:
        yield made, server


@pytest.fixture(params=["pipes", "web"])
def either(request: pytest.FixtureRequest) -> Any:
    """The same server, reached both ways."""
    return request.getfixturevalue(request.param)


def site(folder: Path, **where: Any) -> Site:
    """A site whose server is not running yet."""
    env = {"TEST_LOG": str(folder / "log"), "TEST_TOOLS": str(folder / "tools.json")}
    url = f"http://127.0.0.1:{free_port()}/mcp" if where["transport"] == "http" else ""
    target = Target(kind="mcp", environment="sandbox", env=env, url=url, timeout=40, key=str(folder), **where)
    return Site(target, folder / "log", folder / "tools.json")


class WebServer:
    """The web server of a site, for the time of a block."""

    def __init__(self, made: Site, **env: str) -> None:
        self.env = {**os.environ, **made.target.env, **env}
        self.port = urlsplit(made.target.url).port or 0
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "WebServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        command = [sys.executable, launch.__file__, str(os.getpid()), sys.executable, SERVER, "--http", str(self.port)]
        self.process = subprocess.Popen(command, env=self.env)
        wait_until(self._listening, seconds=40, what="the web server")

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
