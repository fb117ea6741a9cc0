"""The keywords of JSON Schema (Draft 2020-12) by what they hold, and older spellings of them."""

from typing import Any

# Values that are objects of schemas, lists of schemas, or one schema.
HERE_MAPS = frozenset({"dependentSchemas"})
MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions"}) | HERE_MAPS
HERE_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
LISTS = HERE_LISTS | {"prefixItems"}
HERE_SINGLE = frozenset({"then", "else"})
SINGLE = frozenset({"items", "additionalProperties", "unevaluatedItems", "unevaluatedProperties"}) | HERE_SINGLE
SUFFIX = {
    "items": "[]",
    "unevaluatedItems": "[]",
    "additionalProperties": ".*",
    "unevaluatedProperties": ".*",
    "then": "",
    "else": "",
}

# Tightening below these could loosen the whole or change which branch applies, so they stay as they are.
OPAQUE = frozenset({"not", "if", "contains", "propertyNames"})
# An object with one of these is closed by unevaluatedProperties, which sees through them.
COMPOSING = HERE_LISTS | HERE_SINGLE | HERE_MAPS | {"$ref", "if"}

DROPPED = frozenset({"$schema", "$vocabulary", "$anchor", "$dynamicAnchor"})
ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated", "$comment"})
LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum"})
UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})


def types(schema: dict[str, Any], default: str | None = None) -> list[str]:
    """The types a schema names, as a list; [default] where it names none."""
    declared = schema.get("type", default)
    if declared is None:
        return []
    return [str(item) for item in declared] if isinstance(declared, list) else [str(declared)]


def has_reference(schema: Any) -> bool:
    """Whether a reference occurs anywhere below a schema."""
    if isinstance(schema, dict):
        return "$ref" in schema or any(has_reference(item) for item in schema.values())
    return isinstance(schema, list) and any(has_reference(item) for item in schema)


def modern(schema: dict[str, Any]) -> dict[str, Any]:
    """One schema object with the spellings of drafts 4 to 7 that servers still send put into those of 2020-12."""
    node = dict(schema)
    if isinstance(node.get("items"), list):
        node["prefixItems"] = node.pop("items")
        if "additionalItems" in node:
            node["items"] = node.pop("additionalItems")
    for name, needs in _entries(node.pop("dependencies", {})):
        keyword = "dependentRequired" if isinstance(needs, list) else "dependentSchemas"
        node[keyword] = {**node.get(keyword, {}), name: needs}
    for bound, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(node.get(strict), bool) and node.pop(strict) and bound in node:
            node[strict] = node.pop(bound)
    return node


def _entries(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []
