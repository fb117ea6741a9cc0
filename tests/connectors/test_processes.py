"""Programs end with whoever started them, and every process has connections of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from agents.connectors import Connector, close_all
from tests.connectors.conftest import Site, alive
from tests.connectors.test_mcp import ask
from tests.servers import wait_until

ROOT = Path(__file__).parents[2]

PARENT = """
import sys, time
from agents.connectors import CallContext, Target, connector_for
target = Target("mcp", "sandbox", "stdio", command=(sys.executable, {server!r}), env={env!r}, key="1")
mcp = connector_for("mcp")
assert mcp.call(target, "text", {{}}, CallContext("1", timeout=10)).ok
print("called", flush=True)
{then}
"""
HANG = 'mcp.call(target, "slow", {"value": 60}, CallContext("2", timeout=70))'
FORK = """
import os
child = os.fork()
if child == 0:
    os._exit(0 if mcp.call(target, "text", {"value": "child"}, CallContext("2", timeout=10)).ok else 1)
assert os.waitpid(child, 0)[1] == 0
assert mcp.call(target, "text", {"value": "parent"}, CallContext("3", timeout=10)).ok
"""


def parent(own_pipes: Site, then: str) -> "subprocess.Popen[str]":
    code = PARENT.format(server=own_pipes.target.command[1], env=dict(own_pipes.target.env), then=then)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_kill_9_of_the_worker_leaves_no_program_behind(own_pipes: Site) -> None:
    worker = parent(own_pipes, HANG)
    wait_until(lambda: own_pipes.effects("slow "), what="the slow call")
    [pid] = own_pipes.pids()
    assert alive(pid)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    wait_until(lambda: not alive(pid), seconds=3, what="the end of the program")
    assert not own_pipes.effects("slow done")


def test_a_worker_that_ends_closes_its_programs(own_pipes: Site) -> None:
    worker = parent(own_pipes, "")
    worker.communicate()
    assert worker.returncode == 0
    assert not any(alive(pid) for pid in own_pipes.pids())


def test_a_forked_process_has_a_connection_of_its_own(own_pipes: Site) -> None:
    worker = parent(own_pipes, FORK)
    worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert len(own_pipes.effects("text")) == 3
    assert len(set(own_pipes.pids())) == 2


def test_closing_ends_programs_and_the_next_call_starts_anew(mcp: Connector, own_pipes: Site) -> None:
    assert ask(mcp, own_pipes.target, "text").ok
    [pid] = own_pipes.pids()
    close_all()
    assert not alive(pid)
    assert ask(mcp, own_pipes.target, "text").ok
    assert len(own_pipes.pids()) == 2


def test_a_program_that_ignores_the_end_is_ended(mcp: Connector, own_pipes: Site) -> None:
    assert ask(mcp, own_pipes.target, "text").ok
    [pid] = own_pipes.pids()
    os.kill(pid, signal.SIGSTOP)
    close_all()
    assert not alive(pid)
