"""One document, one byte string: the quick way of writing gives the bytes of RFC 8785, or is not taken."""

from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit import canonical

# Among letters and digits all that looks like a number, an escape or a key in another order.
TRAPS = st.text(alphabet=st.sampled_from('ab1.,:[{"\\u0eE-\t\n\x7fäß\ue000\ud7ff\U0001f600'), max_size=12)
TEXTS = TRAPS | st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e21, 1e21, allow_nan=False) | TEXTS
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))


@given(VALUES)
@settings(max_examples=400)
@example({"at": "2026-11-23T10:00:00.123456+00:00", "n": 3})
@example({"\ue000": 1, "\U0001f600": 2})
@example({"a": 1e16, "b": [1.0, -0.0], "c": 9007199254740991})
@example({"a": "\\u0000"})
def test_the_bytes_are_those_of_the_rfc(value: Any) -> None:
    assert canonical.dump(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "bad",
    ["\x00", "\ud800", float("nan"), float("inf"), 2**53, -(2**53), 10**30, b"bytes", {1, 2}, object()],
)
def test_what_has_no_single_form_is_refused_wherever_it_stands(bad: Any) -> None:
    for value in (bad, [bad], {"a": {"b": [1, bad]}}):
        with pytest.raises(canonical.NotCanonical):
            canonical.dump(value)


@pytest.mark.parametrize("bad", ["a\x00", "\udfff", 1, -7, 1.5, float("nan"), float("inf"), True, False, None, (1,)])
def test_keys_are_texts(bad: Any) -> None:
    with pytest.raises(canonical.NotCanonical):
        canonical.dump({"a": {bad: 1}})


def test_nesting_has_an_end() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(canonical.NotCanonical):
        canonical.dump(deep)


def test_what_the_record_mostly_holds_is_written_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(rfc8785, "dumps")
    at = "2026-11-23T10:00:00.123456+00:00"
    canonical.dump({"began": at, "digest": "0a" * 32, "arguments": {"n": 12, "all": [1, True, None]}, "name": "Jürgen"})
