"""What differs between two texts of a definition, as lines for people. Pure."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from agents.comparison import Line

CONTEXT = 3
MOST_LINES = 3_000
"""Comparing longer texts can take long, and nobody reads the result."""


def changed_lines(before: str, after: str) -> list[Line] | None:
    """The lines that differ, each change with some lines around it; None for texts that are too long to compare."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        return None
    return list(_lines(old, new))


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    groups = SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT)
    for number, group in enumerate(groups):
        if number or group[0][1]:
            yield Line("same", "…")
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (Line("same", text) for text in old[a:b])
            else:
                yield from (Line("del", text) for text in old[a:b])
                yield from (Line("ins", text) for text in new[c:d])
