"""What differs between two versions, as lines for people. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from agents.contracts import diff
from agents.contracts.pointers import shown

CONTEXT = 2
LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Line:
    """One line of a difference: "del", "ins", or "same" for one that only shows where it is."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in both versions."""

    label: str
    lines: tuple[Line, ...]


def compare(old: Mapping[str, Any], new: Mapping[str, Any], labels: Mapping[str, str]) -> list[Difference]:
    """The differences of the fields in `labels`, in their order: texts line by line, schemas leaf by leaf."""
    found: list[Difference] = []
    for name, label in labels.items():
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict | list) and isinstance(after, dict | list):
            found += _of_values(label, before, after)
        else:
            found.append(Difference(label, tuple(_of_texts(_text(before), _text(after)))))
    return found


def _of_values(label: str, before: Any, after: Any) -> list[Difference]:
    return [
        Difference(
            f"{label}: {shown(change.path)}" if change.path else label,
            tuple(
                [Line("del", _text(change.before))] * (change.kind != "added")
                + [Line("ins", _text(change.after))] * (change.kind != "removed")
            ),
        )
        for change in diff(before, after)
    ]


def _of_texts(before: str, after: str) -> list[Line]:
    old, new = before[:LONGEST_TEXT].splitlines() or [""], after[:LONGEST_TEXT].splitlines() or [""]
    lines: list[Line] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += _context(old[a:b], first=a == c == 0, last=b == len(old) and d == len(new))
        else:
            lines += [Line("del", text) for text in old[a:b] if text or b - a > 1 or len(old) > 1]
            lines += [Line("ins", text) for text in new[c:d] if text or d - c > 1 or len(new) > 1]
    return lines


def _context(lines: list[str], *, first: bool, last: bool) -> list[Line]:
    head = [] if first else lines[:CONTEXT]
    rest = lines[len(head) :]
    tail = [] if last else rest[-CONTEXT:]
    gap = [Line("same", "…")] if len(rest) > len(tail) else []
    return [Line("same", text) for text in head] + gap + [Line("same", text) for text in tail]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
