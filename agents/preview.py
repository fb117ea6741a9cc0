"""How a sentence would read to a reviewer, with example arguments, while an admin writes it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.contracts.pointers import resolve
from agents.sentences import Part, check_template, sentence

MOST_LEVELS = 4

_FORMATS = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T09:40:00Z",
    "time": "09:40:00Z",
    "email": "person@example.com",
    "uri": "https://example.com/",
    "uuid": "0193e5a0-0000-7000-8000-000000000000",
}


@dataclass(frozen=True)
class Preview:
    """The sentence with example values in it, and what is wrong with its template."""

    parts: list[Part]
    problems: list[str]


def preview_of(template: str, schema: Any, *, tool: str) -> Preview:
    """The sentence of a call of `tool` with example arguments."""
    arguments = _example(schema, schema, "", MOST_LEVELS)
    known = arguments if isinstance(arguments, Mapping) else {}
    return Preview(sentence(template, known, tool=tool), check_template(template, schema))


def _example(root: Any, node: Any, name: str, levels: int) -> Any:
    """A value that the schema could mean; a text that is free shows the name of its argument."""
    node = _resolved(root, node)
    for key in ("const", "default"):
        if node.get(key) is not None:
            return node[key]
    for key in ("enum", "examples"):
        if isinstance(node.get(key), list) and node[key]:
            return node[key][0]
    return _of_kind(root, node, name, levels)


def _of_kind(root: Any, node: dict[str, Any], name: str, levels: int) -> Any:
    kind = _kind(node)
    if kind in ("number", "integer"):
        return _number(node)
    if kind == "boolean":
        return True
    if kind == "array":
        return [_example(root, node.get("items"), name, levels - 1)] if levels else []
    if kind == "object":
        properties = node.get("properties")
        inner = properties.items() if isinstance(properties, dict) and levels else ()
        return {key: _example(root, part, key, levels - 1) for key, part in inner}
    return _FORMATS.get(str(node.get("format")), f"[{name}]")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _resolved(root: Any, node: Any) -> dict[str, Any]:
    """A node with its references followed and its first meaningful alternative chosen."""
    for _ in range(8):
        if not isinstance(node, dict):
            return {}
        options = [
            part for key in ("anyOf", "oneOf", "allOf") for part in _list(node.get(key)) if _says_something(part)
        ]
        if isinstance(node.get("$ref"), str):
            try:
                node = resolve(root, node["$ref"])
            except (LookupError, ValueError):
                return {}
        elif options and "type" not in node:
            node = options[0]
        else:
            break
    return node if isinstance(node, dict) else {}


def _says_something(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") != "null"


def _kind(node: dict[str, Any]) -> str:
    declared = node.get("type")
    kinds = [kind for kind in declared if kind != "null"] if isinstance(declared, list) else [declared]
    return str(kinds[0]) if kinds and kinds[0] else "object" if "properties" in node else "string"


def _number(node: dict[str, Any]) -> float:
    lowest, highest = node.get("minimum", 0), node.get("maximum", 1_000_000)
    wished = 1_250 if node.get("type") == "integer" else 1_250.5
    bounds = [bound for bound in (lowest, highest) if isinstance(bound, int | float)]
    return max(bounds[0], min(bounds[1], wished)) if len(bounds) == 2 else wished
