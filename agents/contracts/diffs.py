"""The complete difference of two JSON values, leaf by leaf."""

from dataclasses import dataclass
from typing import Any, Literal

from agents.contracts.pointers import leaves


@dataclass(frozen=True)
class Change:
    """One leaf that differs. `before` is None when it was added, `after` is None when it was removed."""

    path: str  # JSON pointer (RFC 6901)
    before: Any
    after: Any
    kind: Literal["added", "removed", "changed"]


def diff(before: Any, after: Any) -> list[Change]:
    """Every leaf that is not the same on both sides, in document order, what was removed last.

    Complete both ways: a path is reported exactly when its leaf was added, removed or changed. A leaf is a scalar or an
    empty container; `true` and `1` are different.
    """
    old, new = leaves(before), leaves(after)
    changes = [
        _change(path, old, value) for path, value in new.items() if path not in old or not same(old[path], value)
    ]
    return changes + [Change(path, value, None, "removed") for path, value in old.items() if path not in new]


def same(one: Any, other: Any) -> bool:
    """Whether two leaves are the same JSON value (Python's `True == 1` is not)."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _change(path: str, old: dict[str, Any], value: Any) -> Change:
    if path in old:
        return Change(path, old[path], value, "changed")
    return Change(path, None, value, "added")
