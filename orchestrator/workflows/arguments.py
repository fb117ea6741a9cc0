"""Whether the `with` of a tool step can fit the tool's contract, as far as that is known before a run."""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from orchestrator.workflows import references, shapes
from orchestrator.workflows.problems import Path
from orchestrator.workflows.references import Reference
from orchestrator.workflows.wording import suggestion

Schema = dict[str, Any]


def argument_problems(
    given: Mapping[str, Any], contract: Schema, known: Mapping[str | None, Schema | None]
) -> Iterator[tuple[Path, str]]:
    """What cannot fit: the path inside `given`, and a sentence.

    `known` has the schema of every output by step id, and that of the run's input under None.
    """
    fields: Schema = contract.get("properties", {})
    for name in contract.get("required", []):
        if name not in given:
            yield (), f'The tool needs "{name}". Add it under with:.'
    for name, value in given.items():
        if name not in fields:
            if contract.get("additionalProperties", True) is False:
                yield (name,), f'The tool takes no "{name}".{suggestion(name, fields)}'
        else:
            sentence = _value_problem(name, value, contract, known)
            if sentence is not None:
                yield (name,), sentence


def _value_problem(name: str, value: Any, contract: Schema, known: Mapping[str | None, Schema | None]) -> str | None:
    wanted = contract["properties"][name]
    parts = [part for _, text in references.texts_in(value) for part in references.parse(text)]
    if not any(isinstance(part, Reference) for part in parts):
        return _literal_problem(name, value, wanted, contract)
    if not isinstance(value, str):
        return None
    offered = _type_offered(references.parse(value), known)
    accepted = _types(wanted)
    if offered is None or not accepted or offered in accepted or (offered == "integer" and "number" in accepted):
        return None
    return f'"{name}" of the tool takes {" or ".join(accepted)}; {value[:80]} is {offered}.'


def _literal_problem(name: str, value: Any, wanted: Any, contract: Schema) -> str | None:
    if not isinstance(wanted, dict):
        return None
    schema = {"$defs": contract.get("$defs", {}), **wanted}
    try:
        error = next(jsonschema_rs.Draft202012Validator(schema, offline=True).iter_errors(value), None)
    except ValueError:
        return None
    return None if error is None else f'"{name}" does not fit the tool: {error.message}.'


def _type_offered(template: references.Template, known: Mapping[str | None, Schema | None]) -> str | None:
    """The JSON type a text will have once its references are replaced, where that is certain."""
    if len(template) != 1 or not isinstance(template[0], Reference):
        return "string"
    reference = template[0]
    types = _types(shapes.part_at(known.get(reference.step), reference.path))
    return types[0] if len(types) == 1 and not reference.optional else None


def _types(schema: Any) -> list[str]:
    found = schema.get("type") if isinstance(schema, dict) else None
    return [found] if isinstance(found, str) else list(found or [])
