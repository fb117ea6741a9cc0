"""What kinds of values a part of a condition may have, and what the operators of CEL take."""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from orchestrator.workflows.shapes import Schema

WORDS = {
    "text": "a text",
    "whole": "a whole number",
    "decimal": "a number with decimals",
    "truth": "true or false",
    "list": "a list",
    "mapping": "a mapping",
    "nothing": "nothing (null)",
    "time": "a time",
    "span": "a duration",
}
_JSON = {
    "string": ("text",),
    "integer": ("whole",),
    "number": ("whole", "decimal"),
    "boolean": ("truth",),
    "array": ("list",),
    "object": ("mapping",),
    "null": ("nothing",),
}
_PYTHON = {bool: "truth", int: "whole", float: "decimal", str: "text", list: "list", dict: "mapping"}
_NUMBERS = ("whole", "decimal")
_ORDER = [*product(_NUMBERS, _NUMBERS), ("text", "text"), ("time", "time"), ("span", "span"), ("truth", "truth")]
_SAME_NUMBERS = [(kind, kind) for kind in _NUMBERS]
_ADDS = {("time", "span"): "time", ("span", "time"): "time", ("span", "span"): "span"}
_TAKES_AWAY = {("time", "span"): "time", ("time", "time"): "span", ("span", "span"): "span"}
_NUMERIC = dict(zip(_SAME_NUMBERS, _NUMBERS, strict=True))
PAIRS: dict[str, dict[tuple[str, str], str]] = {
    **{name: dict.fromkeys(_ORDER, "truth") for name in ("_<_", "_<=_", "_>_", "_>=_")},
    "_+_": {**_NUMERIC, **_ADDS, ("text", "text"): "text", ("list", "list"): "list"},
    "_-_": {**_NUMERIC, **_TAKES_AWAY},
    "_*_": _NUMERIC,
    "_/_": _NUMERIC,
    "_%_": {("whole", "whole"): "whole"},
    **{name: {("text", "text"): "truth"} for name in ("contains", "startsWith", "endsWith", "matches")},
    "_&&_": {("truth", "truth"): "truth"},
    "_||_": {("truth", "truth"): "truth"},
}
SINGLES: dict[str, dict[str, str]] = {
    "!_": {"truth": "truth"},
    "-_": {"whole": "whole", "decimal": "decimal", "span": "span"},
    "size": dict.fromkeys(("text", "list", "mapping"), "whole"),
    "int": dict.fromkeys(("whole", "decimal", "text", "time"), "whole"),
    "double": dict.fromkeys(("whole", "decimal", "text"), "decimal"),
    "string": dict.fromkeys(("whole", "decimal", "text", "truth", "time", "span"), "text"),
    "bool": dict.fromkeys(("truth", "text"), "truth"),
    "timestamp": dict.fromkeys(("text", "time", "whole"), "time"),
    "duration": dict.fromkeys(("text", "span"), "span"),
}


@dataclass(frozen=True)
class Place:
    """A value of the run: the step whose output holds it (None: the input) and the path inside."""

    step: str | None
    path: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """What is known of a part of a condition. No kinds: it may be anything. `item` is what a written list holds."""

    kinds: frozenset[str] = frozenset()
    place: Place | None = None
    choices: tuple[Any, ...] | None = None
    value: Any = None
    item: "Shape | None" = None

    def without_nothing(self) -> "Shape":
        """The same where it is known not to be null."""
        return replace(self, kinds=self.kinds - {"nothing"})

    @property
    def words(self) -> str:
        """`a text or nothing (null)`."""
        both = set(_NUMBERS) <= self.kinds
        kinds = [WORDS[kind] for kind in WORDS if kind in self.kinds and not (both and kind in _NUMBERS)]
        return " or ".join([*(["a number"] if both else []), *kinds])


ANYTHING = Shape()


def of(*kinds: str) -> Shape:
    """The shape of a value of these kinds that comes from nowhere."""
    return Shape(frozenset(kinds))


def of_constant(value: Any) -> Shape:
    """The shape of a constant."""
    return Shape(frozenset({kind_of_value(value)}), value=value)


def kind_of_value(value: Any) -> str:
    """The kind of a JSON value."""
    return "nothing" if value is None else _PYTHON[type(value)]


def of_schema(part: Schema | bool | None, place: Place) -> Shape:
    """The shape of a value that fits a JSON Schema."""
    if not isinstance(part, dict) or any(key in part for key in ("anyOf", "oneOf", "allOf", "if", "$ref")):
        return Shape(place=place)
    choices = tuple(part["enum"]) if "enum" in part else (part["const"],) if "const" in part else None
    if choices is not None:
        return Shape(frozenset(_widened(map(kind_of_value, choices))), place, choices)
    types = part.get("type", ())
    names = [types] if isinstance(types, str) else types
    return Shape(frozenset(kind for name in names for kind in _JSON.get(name, ())), place)


def both(first: Shape, second: Shape) -> Shape:
    """What a value is that may be the one or the other."""
    return Shape(first.kinds | second.kinds) if first.kinds and second.kinds else ANYTHING


def comparable(first: Shape, second: Shape) -> bool:
    """Whether two values may ever be equal."""
    kinds = set(_widened(first.kinds)) & set(_widened(second.kinds))
    return not first.kinds or not second.kinds or bool(kinds) or "nothing" in first.kinds | second.kinds


def _widened(kinds: Any) -> set[str]:
    found = set(kinds)
    return found | set(_NUMBERS) if found & set(_NUMBERS) else found
