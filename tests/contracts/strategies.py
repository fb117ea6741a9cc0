"""Generated schemas, each with a strategy for the values that fit it and ways to break them."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

NAMES = st.text(alphabet="abcdefgh_éß/~ .", min_size=1, max_size=6)
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
TEXT = st.text(CHARACTERS, max_size=20)
WHOLE = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
# Numbers beyond 2^53 without a fraction have no second reading, but no canonical one either: they are refused.
BROKEN = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
SCALARS = st.none() | st.booleans() | WHOLE | BROKEN | TEXT
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)


@dataclass(frozen=True)
class Kind:
    """A schema, the values that fit it, and values that surely do not."""

    schema: dict[str, Any]
    good: SearchStrategy[Any]
    bad: SearchStrategy[Any]


@st.composite
def texts(draw: st.DrawFn) -> Kind:
    shortest, extra = draw(st.integers(0, 3)), draw(st.integers(0, 10))
    longest = shortest + extra
    good = st.text(CHARACTERS, min_size=shortest, max_size=longest)
    too_long = st.text(CHARACTERS, min_size=longest + 1, max_size=longest + 3)
    return Kind({"type": "string", "minLength": shortest, "maxLength": longest}, good, too_long | WHOLE)


@st.composite
def whole_numbers(draw: st.DrawFn) -> Kind:
    low = draw(st.integers(-1000, 1000))
    high = low + draw(st.integers(0, 1000))
    bad = st.integers(high + 1, high + 50) | st.integers(low - 50, low - 1) | TEXT | st.just(low + 0.5)
    return Kind({"type": "integer", "minimum": low, "maximum": high}, st.integers(low, high), bad)


@st.composite
def numbers(draw: st.DrawFn) -> Kind:
    low = draw(st.integers(-1000, 1000))
    high = low + draw(st.integers(1, 1000))
    good = st.integers(low, high) | st.floats(low, high, allow_nan=False, allow_infinity=False)
    return Kind({"type": "number", "minimum": low, "maximum": high}, good, TEXT | st.integers(high + 1, high + 9))


def answers() -> SearchStrategy[Kind]:
    return st.just(Kind({"type": "boolean"}, st.booleans(), TEXT | WHOLE))


@st.composite
def choices(draw: st.DrawFn) -> Kind:
    words = draw(st.lists(st.text(alphabet="abc", min_size=1, max_size=4), min_size=1, max_size=4, unique=True))
    return Kind({"type": "string", "enum": words}, st.sampled_from(words), st.just("zzz") | WHOLE)


@st.composite
def lists(draw: st.DrawFn, inner: SearchStrategy[Kind]) -> Kind:
    kind, most = draw(inner), draw(st.integers(1, 4))
    schema = {"type": "array", "items": kind.schema, "maxItems": most}
    bad = st.lists(kind.good, min_size=most + 1, max_size=most + 2) | st.lists(kind.bad, min_size=1, max_size=1) | TEXT
    return Kind(schema, st.lists(kind.good, max_size=most), bad)


@st.composite
def objects(draw: st.DrawFn, inner: SearchStrategy[Kind]) -> Kind:
    kinds = draw(st.dictionaries(NAMES, inner, min_size=1, max_size=4))
    required = draw(st.lists(st.sampled_from(sorted(kinds)), unique=True))
    schema = {
        "type": "object",
        "properties": {name: kind.schema for name, kind in kinds.items()},
        "required": required,
    }
    must = {name: kind.good for name, kind in kinds.items() if name in required}
    may = {name: kind.good for name, kind in kinds.items() if name not in required}
    good = st.fixed_dictionaries(must, optional=may)
    return Kind(schema, good, TEXT | st.builds(lambda value: value | {"not_known": 1}, good))


LEAVES = texts() | whole_numbers() | numbers() | answers() | choices()
KINDS = st.recursive(LEAVES, lambda inner: lists(inner) | objects(inner), max_leaves=6)
OBJECTS = objects(KINDS)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema of arguments and arguments that fit it."""
    kind = draw(OBJECTS)
    return kind.schema, draw(kind.good)


@st.composite
def broken_cases(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A schema, arguments of which one field does not fit it, and the name of that field."""
    kinds = draw(st.dictionaries(NAMES, KINDS, min_size=1, max_size=4))
    broken = draw(st.sampled_from(sorted(kinds)))
    schema = {"type": "object", "properties": {name: kind.schema for name, kind in kinds.items()}}
    value = {name: draw(kind.bad if name == broken else kind.good) for name, kind in kinds.items()}
    return schema, value, broken


def spelled(value: Any, *, indent: int | None, ascii_only: bool, reverse: bool) -> bytes:
    """One of the many JSON texts of a value."""
    text = json.dumps(_turned(value) if reverse else value, indent=indent, ensure_ascii=ascii_only)
    return text.encode()


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(item) for key, item in reversed(value.items())}
    return [_turned(item) for item in value] if isinstance(value, list) else value
