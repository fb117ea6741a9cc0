"""JSON Schemas inside definitions: whether they are usable, and whether a path leads to something in them."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from agents.contracts import BadSchema
from agents.contracts.arguments import compiled
from agents.contracts.weight import check_weight
from orchestrator.workflows.problems import Path
from orchestrator.workflows.wording import suggestion

Schema = dict[str, Any]
_CLOSE = "Add additionalProperties: false, so that a misspelt field is refused."
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "not", "if", "then", "else", "contains", "additionalProperties", "propertyNames")
_NAMED = ("properties", "$defs", "patternProperties", "dependentSchemas")
# The keywords of JSON Schema 2020-12 that mean something inside one document; a typo is none of them.
_KEYWORDS = frozenset(
    (
        *("$schema", "$comment", "$defs", "$ref", "title", "description", "default", "examples", "deprecated"),
        *("readOnly", "writeOnly", "type", "enum", "const", "format", "properties", "required", "additionalProperties"),
        *("patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired"),
        *("dependentSchemas", "items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems"),
        *("uniqueItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength"),
        *("maxLength", "pattern", "contentEncoding", "contentMediaType", "allOf", "anyOf", "oneOf", "not", "if"),
        *("then", "else"),
    )
)


def schema_problems(schema: Schema, *, object_only: bool) -> Iterator[tuple[Path, str]]:
    """What is wrong with a JSON Schema (2020-12): the path inside it, and a sentence. `object_only` wants an object."""
    broken = list(_invalid(schema))
    yield from broken
    if broken:
        return
    if object_only and schema.get("type") != "object":
        yield ("type",) if "type" in schema else (), "This schema describes an object. Begin it with type: object."
    details = [found for path, part in _parts(schema, ()) for found in _part_problems(schema, path, part)]
    yield from details or _unusable(schema)


def path_problem(schema: Schema | None, path: tuple[str, ...], name: str) -> str | None:
    """Why `path` leads nowhere in a value, called `name`, that fits the schema; None where it may lead somewhere."""
    here: Any = schema
    for place, segment in enumerate(path):
        here = _deref(schema or {}, here)
        if not isinstance(here, dict) or any(key in here for key in ("anyOf", "oneOf", "allOf", "if")):
            return None
        where = f'"{".".join(path[:place])}"' if place else name
        kind = here.get("type")
        if kind == "array" and not segment.isdecimal():
            return f'{where} is a list. Write the number of an item, like 0, instead of "{segment}".'
        if kind in ("string", "number", "integer", "boolean", "null"):
            return f'{where} is a {kind} and has no "{segment}".'
        following = _below(here, segment)
        if following is None:
            return f'{where} has no "{segment}".{suggestion(segment, here.get("properties", {}))}'
        here = following
    return None


def part_at(schema: Schema | None, path: tuple[str, ...]) -> Any:
    """The schema of the value that `path` leads to; None or True where it is not described."""
    here: Any = _deref(schema or {}, schema)
    for segment in path:
        here = _deref(schema or {}, _below(here, segment)) if isinstance(here, dict) else None
    return here


def may_be_absent(schema: Schema | None, path: tuple[str, ...]) -> bool:
    """Whether a value that fits the schema may lack `path`, as far as `required` says."""
    here: Any = schema
    for segment in path:
        here = _deref(schema or {}, here)
        if not isinstance(here, dict) or segment not in here.get("properties", {}):
            return False
        if segment not in here.get("required", []):
            return True
        here = here["properties"][segment]
    return False


def _below(here: Schema, segment: str) -> Any:
    """The schema of one part; None where the schema rules it out."""
    if segment in here.get("properties", {}):
        return here["properties"][segment]
    if here.get("type") == "array":
        return here.get("items", True)
    rest = here.get("additionalProperties", True)
    return rest if rest is not False or here.get("patternProperties") else None


def _deref(root: Schema, part: Any) -> Any:
    for _ in range(20):
        if not (isinstance(part, dict) and isinstance(part.get("$ref"), str)):
            return part
        name = part["$ref"].removeprefix("#/$defs/")
        part = root.get("$defs", {}).get(name, True)
    return True


def _invalid(schema: Schema) -> Iterator[tuple[Path, str]]:
    seen = set()
    for error in jsonschema_rs.Draft202012Validator(_META).iter_errors(schema):
        path = tuple(error.instance_path)
        if path not in seen:
            seen.add(path)
            yield path, _type_advice(path, error.instance) or f"This is not a JSON Schema: {error.message}."


def _type_advice(path: Path, given: Any) -> str | None:
    if given in ("yes", "no", "on", "off"):
        return f'"{given}" is a text. Write {"true" if given in ("yes", "on") else "false"}.'
    if path and path[-1] == "type":
        return f'"{given}" is not a type of JSON Schema.{suggestion(str(given), _TYPES)}'
    return None


_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_META: Schema = {"$ref": "https://json-schema.org/draft/2020-12/schema"}


def _parts(part: Any, path: Path) -> Iterator[tuple[Path, Schema]]:
    """The schema and every schema inside it."""
    if not isinstance(part, dict):
        return
    yield path, part
    for key in _SINGLE:
        yield from _parts(part.get(key), (*path, key))
    for key in _LISTS:
        for index, item in enumerate(part.get(key, [])):
            yield from _parts(item, (*path, key, index))
    for key in _NAMED:
        for name, item in part.get(key, {}).items():
            yield from _parts(item, (*path, key, name))


def _part_problems(root: Schema, path: Path, part: Schema) -> Iterator[tuple[Path, str]]:
    for key in part:
        if key not in _KEYWORDS and not key.startswith("x-"):
            yield (*path, key), f'"{key[:60]}" is not a keyword of a schema here.{suggestion(key, _KEYWORDS)}'
    ref = part.get("$ref")
    if isinstance(ref, str) and ref.removeprefix("#/$defs/") not in root.get("$defs", {}):
        yield (*path, "$ref"), f'"{ref[:80]}" leads nowhere. Write #/$defs/ and the name of a part under $defs.'
    if part.get("type") == "object" or "properties" in part:
        yield from _object_problems(path, part)


def _object_problems(path: Path, part: Schema) -> Iterator[tuple[Path, str]]:
    fields = part.get("properties", {})
    if part.get("additionalProperties", True) is True:
        yield (*path, "additionalProperties"), _CLOSE
    for name in part.get("required", []):
        if name not in fields:
            yield (*path, "required"), f'"{name[:60]}" is required but not described.{suggestion(name, fields)}'


def _unusable(schema: Schema) -> Iterator[tuple[Path, str]]:
    """What the checker of values itself refuses: broken patterns, and schemas that could take very long to check."""
    try:
        compiled(schema)
        check_weight(schema)
    except BadSchema as error:
        path = tuple(getattr(error.__cause__, "instance_path", ()))
        pattern = path[-1:] == ("pattern",)
        yield path, "This is not a regular expression that can be checked." if pattern else str(error)
    except RecursionError:
        yield (), "References lead to references too many times here. Write the parts out."
