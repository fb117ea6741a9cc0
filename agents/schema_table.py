"""The arguments of a tool as rows for people: name, kind, limits. Pure; whatever the schema, it never raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agents.contracts.pointers import pointer, resolve, shown

MOST_ROWS = 200
MOST_LEVELS = 6

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "array": "list",
    "object": "group",
    "null": "empty",
}
_LIMITS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("multipleOf", "in steps of {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
    ("format", "{}"),
    ("pattern", "like {}"),
)


@dataclass(frozen=True)
class Row:
    """One argument, or one field inside an argument. `path` is its JSON pointer with list positions left out."""

    path: str
    name: str
    kind: str
    required: bool
    limits: str
    description: str
    level: int
    types: frozenset[str]

    @property
    def is_leaf(self) -> bool:
        """Whether it holds a value of its own, not only other fields."""
        return "object" not in self.types


def rows_of(schema: Any) -> list[Row]:
    """Every argument of a tool in the order of its schema, fields of groups and of lists below it; at most 200."""
    found = []
    for row in _rows(schema, schema, [], 1):
        found.append(row)
        if len(found) >= MOST_ROWS:
            break
    return found


def amount_arguments(schema: Any) -> list[str]:
    """Names of the top-level arguments that can hold an amount: numbers, and texts, as some servers write money."""
    rows = (row for row in rows_of(schema) if row.level == 1 and _PLAIN_NAME.fullmatch(row.name))
    return [row.name for row in rows if row.types & {"number", "integer", "string"}]


def _rows(root: Any, node: Any, path: list[str], level: int) -> Iterator[Row]:
    node = _resolved(root, node)
    required = node.get("required")
    for name, part in _in_order(_properties(root, node), required).items():
        inner = _resolved(root, part)
        here = [*path, name]
        kinds = _kinds(root, inner)
        yield Row(
            path=pointer(here),
            name=shown(pointer(here)),
            kind=_kind_words(root, inner, kinds),
            required=isinstance(required, list) and name in required,
            limits=_limits(root, inner),
            description=_description(part, inner),
            level=level,
            types=frozenset(kinds),
        )
        if level < MOST_LEVELS:
            for option in _options(root, inner):
                yield from _rows(root, _resolved(root, option.get("items", option)), here, level + 1)


def _resolved(root: Any, node: Any) -> dict[str, Any]:
    """The node a chain of local references ends at; an empty schema for anything unusable."""
    for _ in range(8):
        if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
            break
        try:
            node = resolve(root, node["$ref"])
        except (LookupError, ValueError):
            return {}
    return node if isinstance(node, dict) else {}


def _properties(root: Any, node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    parts = node.get("allOf")
    for part in [*(parts if isinstance(parts, list) else []), node]:
        properties = _resolved(root, part).get("properties")
        found |= properties if isinstance(properties, dict) else {}
    return found


def _in_order(properties: dict[str, Any], required: Any) -> dict[str, Any]:
    """Required ones first, as the server lists them: PostgreSQL keeps the order of lists, not that of fields."""
    wanted = required if isinstance(required, list) else []
    first = [name for name in wanted if isinstance(name, str) and name in properties]
    return {name: properties[name] for name in [*first, *properties]}


def _options(root: Any, node: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of a node, or itself when it has none."""
    for key in ("anyOf", "oneOf"):
        if isinstance(node.get(key), list):
            return [_resolved(root, part) for part in node[key]]
    return [node]


def _kinds(root: Any, node: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for option in _options(root, node):
        declared = option.get("type")
        names = declared if isinstance(declared, list) else [declared]
        guessed = ["object"] if "properties" in option or "allOf" in option else []
        found += [name for name in names if isinstance(name, str)] or guessed
    return list(dict.fromkeys(found))


def _kind_words(root: Any, node: dict[str, Any], kinds: list[str]) -> str:
    choices = next((option["enum"] for option in _options(root, node) if isinstance(option.get("enum"), list)), None)
    if choices:
        return "one of " + ", ".join(str(choice) for choice in choices[:12]) + (" …" if len(choices) > 12 else "")
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds) or "anything"


def _limits(root: Any, node: dict[str, Any]) -> str:
    found = []
    for option in _options(root, node):
        found += [text.format(_number(option[key])) for key, text in _LIMITS if key in option]
    return ", ".join(dict.fromkeys(found))


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _description(*nodes: Any) -> str:
    texts = (node.get("description") or node.get("title") for node in nodes if isinstance(node, dict))
    return next((text for text in texts if isinstance(text, str) and text), "")
