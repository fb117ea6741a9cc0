"""The record switched off in this process, for one measurement: what does it cost?

No entry is made, no data brought into canonical form, nothing hashed, nothing inserted. The row of a stream still
counts, because it is the fence of the fast lane, and the ToolCall of each step is stored as always: both are part of
the engine, with or without a record. Only benchmarks import this module; the product has no such switch.
"""

import re
from datetime import datetime
from typing import Any

from audit import chains, log
from audit.prepared import Prepared
from orchestrator.runs.engine import making
from orchestrator.runs.engine.lane import statements

_APPEND = "UPDATE audit_stream SET seq = %(seq)s WHERE id = %(stream_id)s RETURNING 0"
_ENTRY = re.compile(r", entry AS \(\s+INSERT INTO audit_entry .*?\n\)", re.DOTALL)
_FIRST = re.compile(r"INSERT INTO audit_entry .*FROM opened", re.DOTALL)
_NOTHING: dict[str, Any] = dict.fromkeys(chains.COLUMNS)


def switch_off() -> None:
    """From now on this process writes no entries. Raises LookupError when a statement is not as expected."""
    setattr(log, "APPEND", Prepared(_APPEND, chains.APPEND.types))  # noqa: B010
    opening, found = _FIRST.subn("SELECT id FROM opened", making._MAKE.text)
    if found != 1:
        raise LookupError("A run is made in another way than this benchmark knows.")
    setattr(making, "_MAKE", Prepared(opening, making._MAKE.types))  # noqa: B010
    setattr(chains.Chain, "link", _count)  # noqa: B010 - a method in place of another, on purpose
    for name in ("_STEP", "_RENEWING_STEP", "_LAST_STEP", "_ASK_TEAM", "_ASK_PERSON", "_TAKE_UP"):
        statement: Prepared = getattr(statements, name)
        text, found = _ENTRY.subn("", statement.text)
        if found != 1:
            raise LookupError(f"statements.{name} stores entries in another way than this benchmark knows.")
        setattr(statements, name, Prepared(text, statement.types))


def _count(chain: chains.Chain, verb: str, *, at: datetime, **_: Any) -> chains.Link:
    """The next number of a stream, and nothing else."""
    chain.seq += 1
    return chains.Link(_NOTHING | {"stream_id": chain.stream_id, "seq": chain.seq, "hash": b"", "at": at})
