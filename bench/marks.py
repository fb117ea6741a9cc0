"""Reading what the processes under measurement tell (see bench.protocol for the lines)."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

LOOK_EVERY_SECONDS = 0.003
STALL_SECONDS = 60.0


class Mark(NamedTuple):
    """One thing that happened; `at` in nanoseconds of the machine's monotonic clock."""

    kind: str
    run: int
    step: int
    at: int
    pid: int


class Marks:
    """The marks of one file so far; how many there are of each kind, and of which runs. `poll` reads on."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open(encoding="ascii")
        self._rest = ""
        self.all: list[Mark] = []
        self.count: Counter[str] = Counter()
        self.runs: defaultdict[str, set[int]] = defaultdict(set)

    def poll(self) -> None:
        """Read what was added since."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            kind, *numbers = line.split()
            mark = Mark(kind, *map(int, numbers))
            self.all.append(mark)
            self.count[kind] += 1
            self.runs[kind].add(mark.run)

    def close(self) -> None:
        """Read no more."""
        self._file.close()

    def of(self, kind: str, step: int | None = None) -> Iterator[Mark]:
        """The marks of one kind, of one step if it is given."""
        return (mark for mark in self.all if mark.kind == kind and step in {None, mark.step})

    def firsts(self, kind: str, step: int | None = None) -> dict[int, int]:
        """When each run had its first mark of this kind."""
        found: dict[int, int] = {}
        for mark in self.of(kind, step):
            found.setdefault(mark.run, mark.at)
        return found

    def wait(self, enough: Callable[[], bool], *, pause: float = LOOK_EVERY_SECONDS) -> bool:
        """Look every `pause` seconds until `enough()`; False when nothing new was told for STALL_SECONDS."""
        told, since = -1, time.monotonic()
        while True:
            self.poll()
            if enough():
                return True
            if len(self.all) != told:
                told, since = len(self.all), time.monotonic()
            elif time.monotonic() - since > STALL_SECONDS:
                return False
            time.sleep(pause)

    def wait_runs(self, kind: str, number: int) -> bool:
        """Read on until so many different runs have this mark; False when nothing happens any more."""
        return self.wait(lambda: len(self.runs[kind]) >= number)
