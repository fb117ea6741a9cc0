"""The input of a workflow as the fields of a form or the columns of a file, in the order it was written in. Pure."""

from collections.abc import Mapping
from typing import Any

from agents.contracts.pointers import parts
from agents.schema_forms import Field, Parsed, fields


def input_fields(schema: Mapping[str, Any], *, parsed: Parsed | None = None) -> list[Field]:
    """The fields of an input schema; `parsed` puts back what was typed. Raises BadSchema.

    Schemas are put in a canonical order before they are used, so the order of their author has to be found again.
    """
    return sorted(fields(schema, parsed=parsed), key=lambda own: _place(schema, parts(own.path)))


def _place(node: Any, path: list[str]) -> list[int]:
    """Where a field stands among its neighbours, level by level."""
    places = []
    for step in path:
        properties = node.get("properties") if isinstance(node, Mapping) else None
        names = list(properties) if isinstance(properties, Mapping) else []
        places.append(names.index(step) if step in names else len(names))
        node = properties[step] if properties and step in names else None
    return places
