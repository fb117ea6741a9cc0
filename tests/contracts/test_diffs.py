"""The difference between what was proposed and what was edited is complete, both ways (T32)."""

from typing import Any

from hypothesis import given, settings

from agents.contracts import Change, diff
from agents.contracts.pointers import leaves, parts, pointer, shown
from tests.contracts.strategies import JSON, TEXT


@given(JSON, JSON)
@settings(deadline=None, max_examples=300)
def test_t32_the_reported_paths_are_the_changed_leaves(before: Any, after: Any) -> None:
    changes = diff(before, after)
    old, new = leaves(before), leaves(after)
    rebuilt = {
        path: value for path, value in old.items() if path not in {c.path for c in changes if c.kind == "removed"}
    }
    rebuilt |= {change.path: change.after for change in changes if change.kind != "removed"}
    assert {path: (type(value), value) for path, value in rebuilt.items()} == {
        path: (type(value), value) for path, value in new.items()
    }
    assert len({change.path for change in changes}) == len(changes)


@given(JSON, JSON)
@settings(deadline=None)
def test_t32_the_way_back_reports_the_same_paths(before: Any, after: Any) -> None:
    there, back = diff(before, after), diff(after, before)
    assert {change.path for change in there} == {change.path for change in back}
    assert diff(before, before) == []


def test_each_kind_of_change() -> None:
    before = {"a": 1, "b": [1, 2], "c": {"d": "x"}, "e": True}
    after = {"a": 2, "b": [1, 2, 3], "c": {}, "e": 1}
    assert diff(before, after) == [
        Change("/a", 1, 2, "changed"),
        Change("/b/2", None, 3, "added"),
        Change("/c", None, {}, "added"),
        Change("/e", True, 1, "changed"),
        Change("/c/d", "x", None, "removed"),
    ]


@given(TEXT, TEXT)
def test_pointers_keep_every_name(one: str, two: str) -> None:
    assert parts(pointer([one, two])) == [one, two]


def test_pointers_read_well() -> None:
    assert shown("/items/2/unit~1price") == "items[2].unit/price"
