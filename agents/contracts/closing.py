"""Closing a tool's JSON Schema: what it does not name is refused, and nothing in it is without bounds.

A server's schema says what it understands, rarely what it refuses. The closed copy accepts a subset of what the
original accepts: unknown fields go, texts and lists get limits, references stay inside the document. Draft 2020-12.
"""

import json
from typing import Any, Literal

from agents.contracts.applying import here
from agents.contracts.keywords import (
    ANNOTATIONS,
    COMPOSING,
    DROPPED,
    HERE_MAPS,
    HERE_SINGLE,
    LISTS,
    LOWER_BOUNDS,
    MAPS,
    OPAQUE,
    SINGLE,
    SUFFIX,
    UPPER_BOUNDS,
    has_reference,
    modern,
    types,
)
from agents.contracts.limits import depth
from agents.contracts.pointers import resolve
from agents.contracts.problems import BadSchema
from agents.contracts.weight import check_weight
from audit.canonical import SAFE_INTEGER, NotCanonical, dump

MAX_LENGTH = 10_000
MAX_ITEMS = 1_000
MAX_SCHEMA_BYTES = 256 * 1024
MAX_SCHEMA_DEPTH = 64

# Where a schema stands: at a value of its own, as one of several alternatives, or as a part combined with others.
Place = Literal["own", "alternative", "part"]

NOTES = {
    "fields": "Fields that are not listed are refused in {}.",
    "open": "Any fields are accepted in {}: the schema lists none.",
    "length": f"There was no limit for the text {{}}; at most {MAX_LENGTH:,} characters are accepted.",
    "items": f"There was no limit for the list {{}}; at most {MAX_ITEMS:,} items are accepted.",
    "any": "Anything is accepted for {}: the schema does not say what it is.",
}


def close(schema: Any) -> dict[str, Any]:
    """A closed copy of the schema of a tool's arguments. Closing it again changes nothing.

    Raises BadSchema, with a sentence, when it is not the schema of an object, refers to anything outside itself, is
    larger than 256 KiB, or could take very long to check.
    """
    return _Closing(schema).result


def lint(schema: Any) -> list[str]:
    """Sentences about what `close` tightened and what stays wide; the one reason if it can't be closed."""
    try:
        closing = _Closing(schema)
    except BadSchema as error:
        return [str(error)]
    return [NOTES[kind].format(_listing(places)) for kind, places in closing.notes.items()]


class _Closing:
    def __init__(self, schema: Any) -> None:
        _check_size(schema)
        if not isinstance(schema, dict) or "object" not in types(schema, default="object"):
            raise BadSchema("The schema of a tool's arguments must describe an object (“type”: “object”).")
        self.notes: dict[str, list[str]] = {}
        self.root = {key: value for key, value in schema.items() if key != "$id"} | {"type": "object"}
        self.result: dict[str, Any] = self._visit(self.root, "", "own")
        _check_canonical(self.result)
        check_weight(self.result)

    def _note(self, kind: str, where: str) -> None:
        self.notes.setdefault(kind, []).append(where or "the arguments")

    def _visit(self, schema: Any, where: str, place: Place) -> Any:
        if isinstance(schema, bool):
            if schema and place == "own":
                self._note("any", where)
            return schema
        if not isinstance(schema, dict):
            raise BadSchema(f"The schema of “{where or 'the arguments'}” must be an object.")
        self._check_reference(schema, where)
        node = _without_unusable({key: value for key, value in modern(schema).items() if key not in DROPPED})
        self._descend(node, where)
        self._bound(node, where)
        self._close_object(node, where, place)
        return node

    def _check_reference(self, schema: dict[str, Any], where: str) -> None:
        if "$id" in schema or "$dynamicRef" in schema or "$recursiveRef" in schema:
            raise BadSchema(f"“{where or 'The schema'}” uses $id or a dynamic reference; use “#/$defs/…” instead.")
        opaque = next((key for key in OPAQUE if has_reference(schema.get(key))), None)
        if opaque:
            raise BadSchema(f"“{where or 'The schema'}” has a reference inside “{opaque}”; write it out in place.")
        if "$ref" in schema:
            try:
                resolve(self.root, str(schema["$ref"]))
            except (LookupError, ValueError) as error:
                ref = str(schema["$ref"])[:200]
                raise BadSchema(f"The reference “{ref}” leads outside the schema; only “#/$defs/…” works.") from error

    def _descend(self, node: dict[str, Any], where: str) -> None:
        for key in [key for key in node if key in MAPS]:
            deeper: Place = "alternative" if key in ("$defs", "definitions") else "part" if key in HERE_MAPS else "own"
            node[key] = {
                name: self._visit(item, _inside(where, key, name), deeper) for name, item in _map(node, key).items()
            }
        for key in [key for key in node if key in SINGLE]:
            if not isinstance(node[key], bool):
                node[key] = self._visit(node[key], where + SUFFIX[key], "part" if key in HERE_SINGLE else "own")
        for key in [key for key in node if key in LISTS]:
            place: Place = "own" if key == "prefixItems" else "part" if key == "allOf" else "alternative"
            suffix = "[]" if key == "prefixItems" else ""
            node[key] = [self._visit(item, where + suffix, place) for item in _list(node, key)]

    def _bound(self, node: dict[str, Any], where: str) -> None:
        if "enum" in node or "const" in node:
            return
        if "string" in types(node) and "maxLength" not in node:
            node["maxLength"] = max(MAX_LENGTH, _number(node, "minLength"))
            self._note("length", where)
        if "array" in types(node) and "maxItems" not in node:
            node["maxItems"] = max(MAX_ITEMS, _number(node, "minItems"))
            self._note("items", where)

    def _close_object(self, node: dict[str, Any], where: str, place: Place) -> None:
        named = "properties" in node or "patternProperties" in node
        composed = bool(node.keys() & COMPOSING)
        if place != "own":
            _leave_closing_to_whole(node, free=place == "alternative" and not named and not composed)
        elif composed:
            self._seal(node, "unevaluatedProperties", where)
        elif named or not where:  # the arguments as a whole are always closed
            self._seal(node, "additionalProperties", where)
        elif "object" in types(node) and node.get("additionalProperties", True) is True:
            self._note("open", where)
        elif not types(node) and not node.keys() - ANNOTATIONS:
            self._note("any", where)

    def _seal(self, node: dict[str, Any], keyword: str, where: str) -> None:
        if keyword == "unevaluatedProperties" and not self._may_be_object(node):
            return
        _forget_open(node)
        if "additionalProperties" not in node and "unevaluatedProperties" not in node:
            node[keyword] = False
            self._note("fields", where)

    def _may_be_object(self, schema: dict[str, Any]) -> bool:
        parts = here([schema], self.root)
        declared = [name for part in parts for name in types(part)]
        return "object" in declared or not declared or any("properties" in part for part in parts)


def _check_size(schema: Any) -> None:
    try:
        raw = json.dumps(schema).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadSchema("The schema is not JSON, or it is nested too deeply.") from error
    if len(raw) > MAX_SCHEMA_BYTES:
        raise BadSchema(f"The schema is {len(raw):,} bytes long; at most {MAX_SCHEMA_BYTES:,} are allowed.")
    if depth(raw) > MAX_SCHEMA_DEPTH:
        raise BadSchema(f"The schema is nested more than {MAX_SCHEMA_DEPTH} levels deep.")


def _check_canonical(schema: dict[str, Any]) -> None:
    try:
        dump(schema)
    except NotCanonical as error:
        raise BadSchema(f"The schema can be read in more than one way: {error}") from error


def _without_unusable(node: dict[str, Any]) -> dict[str, Any]:
    """Bounds beyond 2^53 go (no accepted number reaches them), and examples that have no canonical form."""
    for key in node.keys() & (UPPER_BOUNDS | LOWER_BOUNDS):
        value = node[key]
        beyond = isinstance(value, int | float) and (value if key in UPPER_BOUNDS else -value) > SAFE_INTEGER
        if beyond:
            del node[key]
    for key in node.keys() & {"default", "examples"}:
        try:
            dump(node[key])
        except NotCanonical:
            del node[key]
    return node


def _leave_closing_to_whole(node: dict[str, Any], *, free: bool) -> None:
    """A schema that is combined with others at the same value must not close it: the whole does, seeing all of them."""
    if not free:
        _forget_open(node)
    elif "object" in types(node):
        node.setdefault("additionalProperties", True)


def _forget_open(node: dict[str, Any]) -> None:
    for key in ("additionalProperties", "unevaluatedProperties"):
        if node.get(key) is True:
            del node[key]


def _map(node: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(node[key], dict):
        raise BadSchema(f"“{key}” in the schema must be an object of schemas.")
    return dict(node[key])


def _list(node: dict[str, Any], key: str) -> list[Any]:
    if not isinstance(node[key], list):
        raise BadSchema(f"“{key}” in the schema must be a list of schemas.")
    return list(node[key])


def _number(node: dict[str, Any], key: str) -> int:
    value = node.get(key, 0)
    return int(value) if isinstance(value, int | float) else 0


def _inside(where: str, key: str, name: str) -> str:
    if key in HERE_MAPS:
        return where
    return f"{where}.{name}".removeprefix(".")


def _listing(places: list[str], most: int = 8) -> str:
    shown = [f"“{place}”" if place != "the arguments" else place for place in dict.fromkeys(places)]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {rest} more" if rest > 0 else "")
