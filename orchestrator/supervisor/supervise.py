"""Keeps children running: restarts those that die, stops all of them in order."""

import threading
import time
from collections.abc import Callable

from orchestrator.supervisor.child import Child

LOOK_EVERY_SECONDS = 0.2


class Supervisor:
    """The children in the order of their start. `say` is given one line when a child ends unexpectedly."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []
        self._due: dict[str, float] = {}

    def start(self, child: Child) -> None:
        """Start `child` and look after it from now on."""
        self.children.append(child)
        child.start()

    def watch(self) -> None:
        """Look after the children until an exception, such as the one of a stop signal, ends it."""
        pause = threading.Event()
        while True:
            for child in self.children:
                if not child.alive:
                    self._restart_when_due(child)
            pause.wait(LOOK_EVERY_SECONDS)

    def stop(self) -> None:
        """Stop everything: web, clock and worker together, then the servers they use, the last started first."""
        roles = [child for child in self.children if child.name not in {"postgres", "valkey"}]
        for child in roles:
            child.ask_to_stop()
        for child in roles:
            child.wait_stopped()
        for child in reversed([child for child in self.children if child not in roles]):
            child.ask_to_stop()
            child.wait_stopped()

    def _restart_when_due(self, child: Child) -> None:
        now = time.monotonic()
        if child.name not in self._due:
            wait = child.next_backoff()
            self._due[child.name] = now + wait
            self.say(f"{child.name} ended ({child.exit_code}), starting it again in {wait:.1f} s; see {child.log}")
        elif now >= self._due[child.name]:
            del self._due[child.name]
            child.start()
