"""The record switched off in this process, for one measurement: what does it cost?

No entry is made, no data brought into canonical form, nothing hashed, nothing inserted. The row of a stream still
counts, because it is the fence of the fast lane, and the ToolCall of each step is stored as always: both are part of
the engine, with or without a record. Only benchmarks import this module; the product has no such switch.
"""

import re
from datetime import datetime
from typing import Any

from approvals.actions import deciding
from audit import chains, log
from audit.prepared import Prepared
from orchestrator.runs.engine import making
from orchestrator.runs.engine.lane import statements

_ENTRY = re.compile(r", entry AS \(\s+INSERT INTO audit_entry .*?\n\)", re.DOTALL)
_LAST = re.compile(r"INSERT INTO audit_entry .*?(?=FROM opened)", re.DOTALL)
_ALONE = re.compile(r"INSERT INTO audit_entry .* RETURNING id", re.DOTALL)
_NEXT = re.compile(r"INSERT INTO audit_entry .* RETURNING", re.DOTALL)
_NOTHING: dict[str, Any] = dict.fromkeys(chains.COLUMNS)
_WRITERS: list[tuple[dict[Any, Any], Any, re.Pattern[str], str]] = [
    (vars(log), "APPEND", _ALONE, "SELECT 0"),
    (vars(deciding), "_STORE", _NEXT, "SELECT"),
    (vars(making), "_MAKE", _LAST, "SELECT id "),
    *((vars(statements), name, _ENTRY, "") for name in ("_ASK_TEAM", "_ASK_PERSON")),
    *((statements._CALLED, key, _ENTRY, "") for key in statements._CALLED),
]
"""Every statement that stores entries: where it stands, what of it stores them, and what stands there instead."""


def switch_off() -> None:
    """From now on this process writes no entries. Raises LookupError when a statement is not as expected."""
    setattr(chains.Chain, "link", _count)  # noqa: B010 - a method in place of another, on purpose
    for where, name, entry, instead in _WRITERS:
        statement: Prepared = where[name]
        text, found = entry.subn(instead, statement.text)
        if found != 1 or "audit_entry" in text:
            raise LookupError(f"{name} stores entries in another way than this benchmark knows.")
        where[name] = Prepared(text, statement.types)


def _count(chain: chains.Chain, verb: str, *, at: datetime, **_: Any) -> chains.Link:
    """The next number of a stream, and nothing else."""
    chain.seq += 1
    return chains.Link(_NOTHING | {"stream_id": chain.stream_id, "seq": chain.seq, "hash": b"", "at": at})
