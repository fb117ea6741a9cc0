"""One process under the supervisor: started in its own session, tied to the supervisor's life, stopped by signal."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.supervisor.leash import tie_to

LOG_BYTES_KEPT = 5_000_000
SHORTEST_BACKOFF, LONGEST_BACKOFF = 0.5, 10.0
# A child that lived this long is taken to be healthy: its next crash is restarted quickly again.
HEALTHY_AFTER_SECONDS = 30.0


@dataclass(frozen=True)
class Account:
    """The user and group a child runs as."""

    uid: int
    gid: int


@dataclass
class Child:
    """A program and how to stop it.

    `stop_signal` asks it to end; after `grace` seconds `hard_signal` makes it, and a second later its group is killed.
    `death_signal` is what it gets when the supervisor itself is killed.
    """

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] | None = None
    folder: Path | None = None
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    hard_signal: int = signal.SIGKILL
    death_signal: int = signal.SIGKILL
    grace: float = 2.5
    pass_fds: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    backoff: float = SHORTEST_BACKOFF
    started_at: float = field(default=0.0, repr=False)
    asked_at: float = field(default=0.0, repr=False)

    def start(self) -> None:
        """Start the program. Must be called from the main thread: the tie follows the thread, not the process."""
        self._keep_log_small()
        account = self.account
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.folder,
                start_new_session=True,
                pass_fds=self.pass_fds,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=tie_to(os.getpid(), self.death_signal),  # noqa: PLW1509 - only prctl and getppid run there
            )
        self.started_at = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether the program runs now."""
        return self.process is not None and self.process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, negative for a signal; None while it runs or before its start."""
        return self.process.returncode if self.process else None

    def next_backoff(self) -> float:
        """Seconds to wait before the restart that is due now; doubles with each crash of a child that lived shortly."""
        lived = time.monotonic() - self.started_at
        wait = SHORTEST_BACKOFF if lived > HEALTHY_AFTER_SECONDS else self.backoff
        self.backoff = min(wait * 2, LONGEST_BACKOFF)
        return wait

    def ask_to_stop(self) -> None:
        """Send the stop signal; returns at once."""
        self.asked_at = time.monotonic()
        if self.process is not None and self.alive:
            self.process.send_signal(self.stop_signal)

    def wait_stopped(self) -> None:
        """Wait for its end, at most `grace` seconds after it was asked, then force it and kill its process group."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, self.asked_at + self.grace - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.send_signal(self.hard_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
        with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def log_tail(self, lines: int = 12) -> str:
        """The last lines it wrote, for the message that says why it does not start."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _keep_log_small(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_KEPT:
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))
