"""What work costs: write commits, SQL statements, and processor time of every process that takes part."""

from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from bench.grounds import Grounds
from orchestrator.supervisor.places import DATABASE

# Statements that only open or close a transaction are told by the commits.
_STATEMENTS = """
SELECT coalesce(sum(s.calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname = %s AND s.query !~* '^\\s*(begin|commit|rollback|start transaction)'
"""
_TRANSACTIONS = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True)
class Reading:
    """Write commits (transaction ids given out) and statements so far; processor seconds by process name."""

    commits: int
    statements: int
    cpu: Mapping[str, float]

    def since(self, before: "Reading") -> "Reading":
        """What came about between two readings."""
        cpu = {name: seconds - before.cpu.get(name, 0.0) for name, seconds in self.cpu.items()}
        return Reading(self.commits - before.commits, self.statements - before.statements, cpu)

    @property
    def cpu_seconds(self) -> float:
        """Of all processes together."""
        return sum(self.cpu.values())


def read(grounds: Grounds, pids: Mapping[str, int]) -> Reading:
    """Read the counters now. `pids` are the processes beside the two servers, by name."""
    (commits,) = _row(grounds, _TRANSACTIONS)
    (statements,) = _row(grounds, _STATEMENTS, DATABASE)
    names = {**pids, "postgres": grounds.server("postgres"), "valkey": grounds.server("valkey")}
    return Reading(commits, statements, {name: _cpu(pid) for name, pid in names.items()})


def resident_mb(pid: int) -> float:
    """Memory that a process and its children hold, in MiB."""
    process = psutil.Process(pid)
    everyone = [process, *process.children(recursive=True)]
    return float(sum(each.memory_info().rss for each in everyone)) / 2**20


def _row(grounds: Grounds, query: str, *values: str) -> tuple[int, ...]:
    row = grounds.control.execute(query.encode(), values).fetchone()
    assert row is not None
    return tuple(int(str(cell)) for cell in row)


def _cpu(pid: int) -> float:
    """Processor seconds of a process with its children, also of those that have ended."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        try:
            used = child.cpu_times()
            seconds += used.user + used.system
        except psutil.NoSuchProcess:
            continue
    return float(seconds)
