"""What a schema boils down to for a person: one simple shape, or none."""

from dataclasses import dataclass
from typing import Any, Literal

from agents.contracts.keywords import COMPOSING, types
from agents.contracts.pointers import resolve

Widget = Literal["text", "textarea", "number", "checkbox", "select", "list", "json", "date", "email"]
_TALK = frozenset({"title", "description", "default", "examples"})
_LONG_NAMES = ("note", "message", "body", "text", "comment", "reason", "summary", "description", "answer")


@dataclass(frozen=True)
class Shape:
    """A schema with references followed and “or null” taken off. `kind` is a JSON type, or "" where it is not one."""

    kind: str
    schema: dict[str, Any]
    nullable: bool


def shape_of(schema: Any, root: dict[str, Any]) -> Shape:
    """The simple shape of a closed schema; kind "" for one with alternatives, combinations or several types."""
    node, nullable = _plain(schema, root)
    named = [name for name in types(node) if name != "null"]
    nullable = nullable or len(named) < len(types(node))
    if node.keys() & COMPOSING or len(named) > 1:
        return Shape("", node, nullable)
    kind = named[0] if named else _kind_of_choices(node)
    return Shape(kind, node, nullable)


def is_group(shape: Shape) -> bool:
    """Whether it is an object whose fields are all known, so that they can be shown one by one."""
    closed = shape.schema.get("additionalProperties", shape.schema.get("unevaluatedProperties")) is False
    return shape.kind == "object" and closed and "patternProperties" not in shape.schema


def is_scalar(shape: Shape) -> bool:
    """Whether its values fit on a line of their own."""
    return shape.kind in ("string", "integer", "number") and not shape.nullable


def wants_room(name: str, schema: dict[str, Any]) -> bool:
    """Whether a text is likely to be longer than a line."""
    longest = schema.get("maxLength", 0)
    return 200 < longest < 10_000 or (longest >= 140 and any(word in name.lower() for word in _LONG_NAMES))


def _plain(schema: Any, root: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """References and “or null” followed, the outer title and description kept. Closed schemas have no cycles here."""
    node, nullable = (schema if isinstance(schema, dict) else {}), False
    while True:
        said = {key: node[key] for key in node.keys() & _TALK}
        options = [option for option in node.get("anyOf", []) if types(option) != ["null"]]
        if "$ref" in node and node.keys() <= _TALK | {"$ref", "unevaluatedProperties"}:
            inner = resolve(root, node["$ref"])
        elif len(options) == 1 and node.keys() <= _TALK | {"anyOf", "unevaluatedProperties"}:
            nullable, inner = nullable or len(node["anyOf"]) > 1, options[0]
        else:
            return node, nullable
        sealed = {key: node[key] for key in ("unevaluatedProperties",) if key in node}
        node = {**(inner if isinstance(inner, dict) else {}), **sealed, **said}


def _kind_of_choices(node: dict[str, Any]) -> str:
    """Choices alone say what they are when all are texts."""
    choices = [node["const"]] if "const" in node else node.get("enum", [])
    return "string" if choices and all(isinstance(choice, str) for choice in choices) else ""
