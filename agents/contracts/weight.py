"""How much work a schema can make out of one value.

A server chooses its schema and an agent the value. Alternatives that each lead back to the whole multiply at every
level of nesting: five of them, seven levels deep, take seconds. Such a schema is refused before it is ever used.
"""

from typing import Any

from agents.contracts.keywords import HERE_LISTS, HERE_MAPS, HERE_SINGLE, OPAQUE, SINGLE
from agents.contracts.limits import MAX_DEPTH
from agents.contracts.pointers import resolve
from agents.contracts.problems import BadSchema

MAX_WEIGHT = 2_000
_DEEPER = SINGLE - HERE_SINGLE | {"contains", "propertyNames"}


def check_weight(root: dict[str, Any]) -> None:
    """Refuse (BadSchema) a schema that contains itself without nesting, or may check one value over 2,000 times."""
    if _Weight(root).of(root, MAX_DEPTH) > MAX_WEIGHT:
        raise BadSchema(
            "The schema refers to itself in so many alternatives that checking one value could take very long. "
            "Use fewer alternatives, or tell them apart by a fixed value."
        )


class _Weight:
    """Counts, with what was counted kept: the schema objects live as long as this does, so their ids are stable."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.known: dict[tuple[int, int], int] = {}
        self.active: set[tuple[int, int]] = set()

    def of(self, schema: Any, depth: int) -> int:
        """At most how many schemas look at one innermost value below `schema`, `depth` levels of nesting allowed."""
        if not isinstance(schema, dict) or depth < 0:
            return 1
        key = (id(schema), depth)
        if key in self.active:
            raise BadSchema("The schema contains itself without any nesting, so nothing can match it.")
        if key not in self.known:
            self.active.add(key)
            self.known[key] = min(self._count(schema, depth), MAX_WEIGHT + 1)
            self.active.remove(key)
        return self.known[key]

    def _count(self, schema: dict[str, Any], depth: int) -> int:
        here = sum(self.of(item, depth) for item in self._here(schema))
        named = max((self.of(item, depth - 1) for item in _values(schema, "properties")), default=0)
        listed = max((self.of(item, depth - 1) for item in schema.get("prefixItems", [])), default=0)
        matched = sum(self.of(item, depth - 1) for item in _values(schema, "patternProperties"))
        rest = sum(self.of(schema[key], depth - 1) for key in _DEEPER if isinstance(schema.get(key), dict))
        return 1 + here + named + listed + matched + rest

    def _here(self, schema: dict[str, Any]) -> list[Any]:
        found = [item for key in HERE_LISTS for item in schema.get(key, [])]
        found += [item for key in HERE_MAPS for item in _values(schema, key)]
        found += [schema[key] for key in HERE_SINGLE | (OPAQUE - {"contains", "propertyNames"}) if key in schema]
        return found + ([resolve(self.root, schema["$ref"])] if "$ref" in schema else [])


def _values(schema: dict[str, Any], key: str) -> list[Any]:
    return list(schema.get(key, {}).values())
