"""Nulls that mean "not given".

Models fill optional fields with null. Where the schema gives null no meaning of its own, the field is left out, so that
the same request has one form. Null stays where the field is required, where the field is unknown (it will be refused by
name), and where the schema allows null without making it the default: there it may mean "clear this".
"""

from typing import Any

from agents.contracts.applying import at, below, here
from agents.contracts.keywords import types
from agents.contracts.pointers import resolve


def without_empty(value: Any, schema: dict[str, Any]) -> Any:
    """A copy of a JSON value without the nulls that its closed schema gives no meaning."""
    return _clean(value, [schema], schema)


def _clean(value: Any, schemas: list[Any], root: dict[str, Any]) -> Any:
    if not _has_null(value):
        return value
    parts = here(schemas, root)
    if isinstance(value, dict):
        return {
            key: _clean(item, below(parts, key), root)
            for key, item in value.items()
            if item is not None or not _droppable(key, parts, root)
        }
    if isinstance(value, list):
        return [_clean(item, at(parts, index), root) for index, item in enumerate(value)]
    return value


def _has_null(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_null, value.values() if isinstance(value, dict) else value))
    return value is None


def _droppable(key: str, parts: list[dict[str, Any]], root: dict[str, Any]) -> bool:
    declared = [part["properties"][key] for part in parts if key in part.get("properties", {})]
    if not declared or any(key in part.get("required", []) for part in parts):
        return False
    return not any(_means_something(schema, root) for schema in declared)


def _means_something(schema: Any, root: dict[str, Any]) -> bool:
    default_is_null = isinstance(schema, dict) and "default" in schema and schema["default"] is None
    return not default_is_null and accepts_null(schema, root)


def accepts_null(schema: Any, root: dict[str, Any]) -> bool:
    """Whether null fits a schema that has no cycle without nesting (closed ones have none)."""
    if not isinstance(schema, dict):
        return schema is True
    fixed = [schema["const"]] if "const" in schema else schema.get("enum", [None])
    if None not in fixed or "null" not in types(schema, default="null"):
        return False
    if "$ref" in schema and not accepts_null(resolve(root, schema["$ref"]), root):
        return False
    if not all(accepts_null(part, root) for part in schema.get("allOf", [])):
        return False
    return all(any(accepts_null(p, root) for p in schema[key]) for key in ("anyOf", "oneOf") if key in schema)
