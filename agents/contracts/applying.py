"""Which parts of a schema look at the same value, and at the values just below it."""

from typing import Any

from agents.contracts.keywords import HERE_LISTS, HERE_SINGLE
from agents.contracts.pointers import resolve


def here(schemas: list[Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """Every schema object that may apply to the same value as `schemas`, references followed, each once."""
    found: dict[int, dict[str, Any]] = {}
    waiting = list(reversed(schemas))
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, dict) and id(schema) not in found:
            found[id(schema)] = schema
            waiting += reversed(_inner(schema, root))
    return list(found.values())


def below(parts: list[dict[str, Any]], key: str) -> list[Any]:
    """The schemas of one field of an object, from all parts that name it or govern the fields not named."""
    named = [part["properties"][key] for part in parts if key in part.get("properties", {})]
    return named or [part["additionalProperties"] for part in parts if "additionalProperties" in part]


def at(parts: list[dict[str, Any]], index: int) -> list[Any]:
    """The schemas of one item of a list."""
    found: list[Any] = []
    for part in parts:
        first = part.get("prefixItems", [])
        found.append(first[index] if index < len(first) else part.get("items"))
    return found


def _inner(schema: dict[str, Any], root: dict[str, Any]) -> list[Any]:
    inner = [part for key in sorted(HERE_LISTS) for part in schema.get(key, [])]
    inner += [schema[key] for key in sorted(HERE_SINGLE) if key in schema]
    inner += list(schema.get("dependentSchemas", {}).values())
    return inner + ([resolve(root, schema["$ref"])] if "$ref" in schema else [])
