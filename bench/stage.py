"""One measurement: a fresh database, workers, the clock, and a driver; all of them end with it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bench import meter
from bench.grounds import BenchFailed, Grounds
from bench.marks import Marks
from orchestrator.supervisor.child import Child

READY_SECONDS = 60.0


@dataclass
class Stage:
    """What runs in one measurement. Times are nanoseconds of the monotonic clock, as in marks."""

    grounds: Grounds
    marks: Marks
    marks_path: Path
    recorded: bool
    workers: list[Child] = field(default_factory=list)
    clock: Child | None = None
    drivers: list["subprocess.Popen[str]"] = field(default_factory=list)

    def start_worker(self) -> Child:
        """Start one more worker and wait until it takes work."""
        worker = self.grounds.role("worker", self.marks_path, recorded=self.recorded)
        self.marks.poll()
        before = self.marks.count["W"]
        worker.start()
        self.workers.append(worker)
        deadline = time.monotonic() + READY_SECONDS
        while self.marks.count["W"] == before:
            if not worker.alive or time.monotonic() > deadline:
                raise BenchFailed(f"The worker does not start. The end of its log:\n{worker.log_tail()}")
            self.marks.poll()
            time.sleep(0.01)
        return worker

    def start_clock(self) -> None:
        """The clock that rings for due work; its own pidfile and schedules are in the benchmark's folder."""
        self.clock = self.grounds.role("beat", self.marks_path)
        self.clock.start()

    def start_driver(self, case: str, runs: int) -> "subprocess.Popen[str]":
        """Start a driver and wait until it takes commands."""
        driver = self.grounds.driver(case, runs, self.marks_path, recorded=self.recorded)
        self.drivers.append(driver)
        assert driver.stdout is not None
        if driver.stdout.readline().strip() != "READY":
            raise BenchFailed("The process that starts runs ended before it was ready.")
        return driver

    def stop_driver(self, driver: "subprocess.Popen[str]") -> None:
        """End a driver whose work is done."""
        self.drivers.remove(driver)
        with suppress(OSError, ValueError):
            self.say(driver, "STOP")
        with suppress(subprocess.TimeoutExpired):
            driver.wait(2)
        driver.kill()
        driver.communicate()

    def say(self, driver: "subprocess.Popen[str]", words: str) -> int:
        """Give the driver a command; returns when."""
        assert driver.stdin is not None
        at = time.monotonic_ns()
        driver.stdin.write(f"{words}\n")
        driver.stdin.flush()
        return at

    def read(self) -> meter.Reading:
        """The counters now, over all processes of this stage."""
        pids = {f"worker {number}": pid(worker) for number, worker in enumerate(self.workers) if worker.alive}
        pids |= {f"driver {number}": driver.pid for number, driver in enumerate(self.drivers)}
        if self.clock is not None:
            pids["clock"] = pid(self.clock)
        return meter.read(self.grounds, pids)

    def numbers(self, query: str) -> list[int]:
        """The numbers that a query on the product's database gives, one a row."""
        with psycopg.connect(self.grounds.places.database_url(), autocommit=True) as connection:
            return [int(number) for (number,) in connection.execute(query.encode())]

    def count(self, query: str) -> int:
        """The one number that a query gives."""
        (number,) = self.numbers(query)
        return number

    def finish(self, done: bool, what: str) -> None:
        """Raise BenchFailed when `what` did not come about."""
        if not done:
            raise BenchFailed(f"{what} did not come about. The end of the worker's log:\n{self.workers[-1].log_tail()}")

    def stop(self) -> None:
        """End everything that this stage has started."""
        for driver in list(self.drivers):
            self.stop_driver(driver)
        children = [*self.workers, *([self.clock] if self.clock else [])]
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait_stopped()
        self.marks.close()


def pid(child: Child) -> int:
    """The process id of a child that was started."""
    assert child.process is not None
    return child.process.pid


@contextmanager
def stage(grounds: Grounds, name: str, *, recorded: bool = True, workers: int = 1) -> Iterator[Stage]:
    """A fresh database with so many workers on it."""
    grounds.begin_afresh()
    path = grounds.places.home / f"marks-{name}.txt"
    path.unlink(missing_ok=True)
    made = Stage(grounds, Marks(path), path, recorded)
    try:
        for _ in range(workers):
            made.start_worker()
        yield made
    finally:
        made.stop()
