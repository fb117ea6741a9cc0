"""Whether a failed call may have had an effect is known, or known to be unknown."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agents.connectors import Connector, ConnectorError, Target
from tests.connectors.conftest import Site, WebServer, alive
from tests.connectors.test_mcp import ask
from tests.servers import free_port, wait_until


def failure(
    mcp: Connector, target: Target, tool: str = "text", value: Any = None, timeout: float = 10
) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        ask(mcp, target, tool, value, timeout)
    return caught.value


def program(code: str, **fields: Any) -> Target:
    return Target(
        kind="mcp",
        environment="sandbox",
        transport="stdio",
        command=(sys.executable, "-c", code),
        key=code,
        **{"timeout": 20.0, **fields},
    )


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target("mcp", "", "stdio", command=("no-such-program",), key="1"), "there is no program “no-such-program”"),
        (Target("mcp", "", "stdio", command=(), key="2"), "there is no program"),
        (Target("mcp", "", "http", url="file:///etc/passwd", key="3"), "must begin with http"),
        (Target("mcp", "", "http", url="http://user:word@127.0.0.1/", key="4"), "hold no password"),
        (Target("mcp", "", "http", url="http://[", key="5"), "could not be reached"),
        (Target("mcp", "", "http", url=f"http://127.0.0.1:{free_port()}/mcp?key=hush", key="6"), "could not connect"),
        (program("import sys; sys.exit('no licence')"), "Its last words: no licence"),
        (program("import time; time.sleep(60)", timeout=1.0), "no answer within 1 s"),
    ],
)
def test_what_can_not_be_reached_was_surely_not_called(mcp: Connector, target: Target, words: str) -> None:
    error = failure(mcp, target)
    assert error.sent is False
    assert words in str(error)
    assert "hush" not in str(error)
    assert "user:word" not in str(error)
    with pytest.raises(ConnectorError):
        mcp.list_tools(target)


def test_a_program_that_died_is_started_again_for_the_next_call(mcp: Connector, own_pipes: Site) -> None:
    assert ask(mcp, own_pipes.target, "text").ok
    [pid] = own_pipes.pids()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), what="the end of the program")
    time.sleep(0.2)
    assert ask(mcp, own_pipes.target, "text", 2).ok
    assert len(own_pipes.pids()) == 2
    assert len(own_pipes.effects("text")) == 2


def test_a_web_server_may_crash_go_away_and_come_back(mcp: Connector, own_web: tuple[Site, WebServer]) -> None:
    place, server = own_web
    assert failure(mcp, place.target, "crash").sent is None
    assert len(place.effects("crash")) == 1
    assert failure(mcp, place.target, "text").sent is False
    assert place.effects("text") == []
    server.stop()
    server.start()
    assert ask(mcp, place.target, "text").ok
    assert len(place.effects("text")) == 1


def test_a_crash_during_a_call_leaves_the_outcome_unknown(mcp: Connector, own_pipes: Site) -> None:
    assert failure(mcp, own_pipes.target, "crash").sent is None
    assert len(own_pipes.effects("crash")) == 1


def test_a_call_without_an_answer_in_time_leaves_the_outcome_unknown(mcp: Connector, either: Site) -> None:
    started = time.monotonic()
    error = failure(mcp, either.target, "slow", 30, timeout=0.5)
    assert (error.sent, str(error)) == (None, "There was no answer within 0.5 s.")
    assert time.monotonic() - started < 10
    assert len(either.effects("slow ")) == 1
    assert ask(mcp, either.target, "text").ok


STUCK = """
import json, sys, time, os
open(os.environ["TEST_LOG"], "a").write(f"started {os.getpid()}\\n")
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message: continue
    if message["method"] == "tools/call" and message["params"]["name"] == "slow": time.sleep(60)
    server = {"name": "x", "version": "1"}
    result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": server}
    if message["method"].startswith("tools/"): result = {"tools": [], "content": []}
    if message["method"] == "server/discover":
        answer = {"error": {"code": -32601, "message": "Method not found"}}
    else:
        answer = {"result": result}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
"""


def test_a_stuck_program_does_not_block_the_calls_after(mcp: Connector, own_pipes: Site) -> None:
    """It takes one thing at a time, and the first never ends: a call behind it would have an unknown outcome too."""
    target = program(STUCK, env=own_pipes.target.env)
    assert failure(mcp, target, "slow", timeout=0.5).sent is None
    assert ask(mcp, target, "text").ok
    assert len(own_pipes.pids()) == 2


def test_calls_at_once_share_one_program_and_another_configuration_gets_its_own(
    mcp: Connector, own_pipes: Site
) -> None:
    threads = [threading.Thread(target=ask, args=(mcp, own_pipes.target, "slow", 0.3)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(own_pipes.effects("slow done")) == 8
    assert len(own_pipes.pids()) == 1
    assert ask(mcp, own_pipes.changed(timeout=39.0), "text").ok
    assert len(set(own_pipes.pids())) == 2


LEGACY = """
import json, sys
first = json.loads(sys.stdin.readline())
if first["method"] != "initialize": sys.exit("expected initialize")
result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "old", "version": "1"}}
print(json.dumps({"jsonrpc": "2.0", "id": first["id"], "result": result}), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"tools": [], "content": [%s]}}), flush=True)
"""


def test_an_old_program_that_ends_on_a_new_greeting_is_greeted_the_old_way(mcp: Connector) -> None:
    assert ask(mcp, program(LEGACY % ""), "text").ok


def test_text_that_strict_readers_refuse_is_an_answer_all_the_same(mcp: Connector) -> None:
    block = '{"type": "text", "text": "\\ud800 is half a letter"}'
    assert ask(mcp, program(LEGACY % block), "text").value == "\u241bD800 is half a letter"


class Scripted(BaseHTTPRequestHandler):
    """A web server that greets properly and then answers calls as the path says."""

    protocol_version = "HTTP/1.1"
    seen: list[str] = []

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method = message.get("method", "")
        if "id" not in message:
            self._send(202, b"", "")
        elif method == "initialize":
            greeting = {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "serverInfo": {"name": "x", "version": "1"},
            }
            self._send(200, json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": greeting}).encode())
        elif method == "tools/call":
            self.seen.append(self.path)
            self._answer(self.path.strip("/"))
        else:
            error = {"code": -32601, "message": "Method not found"}
            self._send(400, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode())

    def do_GET(self) -> None:
        self._send(405, b"", "")

    do_DELETE = do_GET  # the name is that of the method

    def _answer(self, how: str) -> None:
        if how == "hangup":
            self.connection.close()
        elif how.startswith("3"):
            self._send(int(how), b"", "", Location="http://localhost:1/other")
        elif how == "zip":
            self._send(200, b"\x1f\x8b", "application/json", **{"Content-Encoding": "gzip"})
        elif how == "broken":
            self._send(200, b'{"jsonrpc": "2.0", "id": 1, "resu')
        elif how == "odd":
            self._send(200, b'{"jsonrpc": "2.0", "id": 3, "result": {"content": "none"}}')
        elif how == "lying":
            error = {"code": -32099, "message": "never sent", "data": {"by": "someone", "sent": False}}
            self._send(503, json.dumps({"jsonrpc": "2.0", "id": 3, "error": error}).encode())
        else:
            self._send(int(how), b"<h1>hello</h1>", "text/html")

    def _send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def scripted() -> Iterator[str]:
    Scripted.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def at(url: str, path: str) -> Target:
    return Target("mcp", "sandbox", "http", url=f"{url}/{path}", timeout=5, key=f"{url}/{path}")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("401", False),
        ("403", False),
        ("404", False),
        ("413", False),
        ("429", False),
        ("500", None),
        ("502", None),
        ("503", None),
        ("200", None),
        ("202", None),
        ("hangup", None),
        ("zip", None),
        ("broken", None),
        ("odd", None),
    ],
)
def test_what_a_web_server_answers_decides_what_is_known(mcp: Connector, scripted: str, path: str, sent: Any) -> None:
    assert failure(mcp, at(scripted, path), timeout=5).sent is sent
    assert len(Scripted.seen) == 1


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
def test_t43_no_redirect_leads_to_another_host(mcp: Connector, scripted: str, status: str) -> None:
    reply = ask(mcp, at(scripted, status), "text", timeout=5)
    assert not reply.ok
    assert len(Scripted.seen) == 1


def test_a_server_can_not_pretend_that_it_was_never_called(mcp: Connector, scripted: str) -> None:
    reply = ask(mcp, at(scripted, "lying"), "text", timeout=5)
    assert (reply.ok, reply.error) == (False, "never sent")
    assert len(Scripted.seen) == 1


def test_proxies_of_the_environment_are_not_used(mcp: Connector, web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert ask(mcp, web.target, "text").ok
