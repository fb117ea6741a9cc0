"""The event loop behind all exchanges: shared by threads, gone after a fork, given up when it hangs."""

import gc
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agents.runtime import loop
from agents.runtime.exchange import ModelUnavailable
from agents.runtime.scripted import Final, ScriptState, scripted
from tests.runtime.conftest import Ask
from tests.runtime.fake_provider import FakeProvider

QUIETLY: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60}


@scripted("loop-test")
def _script(state: ScriptState) -> Final:
    if state.task == "sleep":
        time.sleep(1.5)
    return Final({"summary": str(state.task)})


def test_eight_threads_at_once_each_get_their_own_answer(ask: Ask) -> None:
    with ThreadPoolExecutor(8) as threads:
        given = list(threads.map(lambda n: ask("echo-text", task=f"n{n}", output_schema=None).output, range(200)))
    assert given == [f"n{n}" for n in range(200)]


def test_a_slow_model_holds_up_nobody_else(ask: Ask) -> None:
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(ask, "slow", output_schema=None)
        assert ask("text", output_schema=None).final
        assert not slow.done()
        assert slow.result().final


def test_two_hundred_exchanges_leave_no_client_and_no_thread_behind(ask: Ask) -> None:
    ask("text", output_schema=None)
    home, threads = loop.current(), threading.active_count()
    clients = len(home.clients)
    for _ in range(200):
        ask("text", output_schema=None)
    assert loop.current() is home
    assert len(home.clients) == clients
    assert threading.active_count() <= threads + 8


def test_after_a_stop_the_next_exchange_starts_afresh(ask: Ask) -> None:
    ask("text", output_schema=None)
    old = loop.current()
    loop.stop()
    assert all(client.is_closed for client in old.clients)
    assert ask("text", output_schema=None).final
    assert loop.current() is not old
    gc.collect()


def test_a_loop_that_hangs_is_given_up_and_the_next_exchange_works(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "GRACE", 0.1)
    ask("text", output_schema=None)
    hanging = loop.current()
    hanging._loop.call_soon_threadsafe(time.sleep, 2)
    with pytest.raises(ModelUnavailable, match="did not answer"):
        ask("text", timeout=0.1)
    assert ask("text", output_schema=None).final
    assert loop.current() is not hanging
    monkeypatch.undo()
    hanging.stop()


def test_a_script_that_sleeps_is_timed_out_and_the_loop_kept(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "GRACE", 0.3)
    home = loop.current()
    with pytest.raises(ModelUnavailable, match="did not answer"):
        ask(model="scripted:loop-test", task="sleep", timeout=0.2)
    assert loop.current() is home
    assert ask(model="scripted:loop-test", task="on").output == {"summary": "on"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_a_loop_of_its_own(provider: FakeProvider) -> None:
    code = f"""
import os
from agents.runtime.exchange import exchange
def ask():
    return exchange(model={provider.model("text")!r}, instructions="", task="t", tools=[], output_schema=None,
                    history=None, answers=[], repair=None, timeout=5).output
first = ask()
child = os.fork()
if not child:
    os._exit(0 if ask() == "All done." else 1)
print(first, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ask())
"""
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False, **QUIETLY)
    assert (ran.stdout, ran.stderr) == ("All done. 0 All done.\n", "")


def test_a_process_that_ends_while_a_model_thinks_ends_in_silence(provider: FakeProvider) -> None:
    code = f"""
import threading, time
from agents.runtime.exchange import exchange
def ask(model):
    exchange(model=model, instructions="", task="t", tools=[], output_schema=None,
             history=None, answers=[], repair=None, timeout=60)
ask({provider.model("text")!r})
threading.excepthook = lambda args: None
threading.Thread(target=ask, args=[{provider.model("drip")!r}], daemon=True).start()
time.sleep(0.5)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=False, **QUIETLY)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert provider.times("drip") > 0
