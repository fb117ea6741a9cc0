"""Turning the validator's findings into sentences a person or a model can act on."""

import json
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError

from agents.contracts.applying import below, here
from agents.contracts.keywords import types
from agents.contracts.pointers import pointer, shown
from agents.contracts.problems import Problem

MAX_PROBLEMS = 20
_MOST_ERRORS = 200
_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object with named fields",
    "null": "empty (null)",
}
_FORMATS = {
    "date": "a date such as 2026-11-23",
    "date-time": "a date and time such as 2026-11-23T09:40:00Z",
    "time": "a time such as 09:40:00Z",
    "email": "an e-mail address such as ada@example.org",
    "idn-email": "an e-mail address such as ada@example.org",
    "uri": "a web address such as https://example.org/page",
    "uuid": "a UUID such as 0193a5f0-0000-7000-8000-000000000000",
    "ipv4": "an IPv4 address such as 192.0.2.1",
}


def explain(errors: Iterable[ValidationError], schema: dict[str, Any]) -> list[Problem]:
    """At most 20 problems, one sentence for each thing to put right, in the order the schema finds them."""
    some = list(islice(errors, _MOST_ERRORS))
    found = [problem for error in some for problem in _problems(error, schema)]
    # Fields of an alternative that failed are reported as unknown too: that matters only when nothing else is wrong.
    found = found or [problem for error in some for problem in _misplaced(error)]
    return list(dict.fromkeys(found))[:MAX_PROBLEMS]


def describe(schema: Any) -> str:
    """What a schema asks for, in a few words: "a whole number", "text or empty (null)"."""
    if not isinstance(schema, dict):
        return "a value"
    options = schema.get("anyOf") or schema.get("oneOf") or []
    words = [_NAMES.get(name, name) for name in types(schema)] or [describe(option) for option in options]
    return _either(words) if words else "a value"


def _problems(error: ValidationError, schema: dict[str, Any]) -> list[Problem]:
    kind = error.kind.name
    if kind in ("anyOf", "oneOf") and hasattr(error.kind, "context"):
        return _alternatives(error, schema)
    if kind in ("additionalProperties", "unevaluatedProperties"):
        seen = _known(error, schema) if kind == "unevaluatedProperties" else []
        return [_unknown(error, name, schema) for name in error.kind.value[:MAX_PROBLEMS] if name not in seen]
    if kind == "required":
        return [_missing(error, schema)]
    return [_problem(error, _sentence(error))]


def _problem(error: ValidationError, rest: str, *below: str) -> Problem:
    path = pointer([*error.instance_path, *below])
    return Problem(path, f"“{_short(shown(path), 80)}” {rest}" if path else f"The value as a whole {rest}")


def _missing(error: ValidationError, schema: dict[str, Any]) -> Problem:
    name = str(error.kind.value)
    wanted = next(iter(below(here([_parent(error, schema)], schema), name)), None)
    return _problem(error, f"is missing. Add it: {describe(wanted)}.", name)


def _unknown(error: ValidationError, name: str, schema: dict[str, Any]) -> Problem:
    known = _known(error, schema)
    near = get_close_matches(name[:100], known, n=1)
    if near:
        return _problem(error, f"is not known here. Did you mean “{near[0]}”?", name)
    choice = f"What can be given: {', '.join(known[:20])}." if known else "Leave it out."
    return _problem(error, f"is not known here. {choice}", name)


def _alternatives(error: ValidationError, schema: dict[str, Any]) -> list[Problem]:
    """The problems of the one alternative that was meant, if that can be told; else what all of them ask for."""
    branches: list[list[ValidationError]] = getattr(error.kind, "context", [])
    if error.kind.name == "oneOf" and not any(branches):
        return [_problem(error, "fits more than one of the allowed forms. Give the fields of exactly one.")]
    meant = [branch for branch in branches if branch and not _other_form(branch, error.instance_path)]
    if meant:
        return [problem for item in min(meant, key=len) for problem in _problems(item, schema)]
    wanted = [_NAMES.get(name, name) for branch in branches for item in branch for name in _wanted_types(item)]
    if wanted and all(_wanted_types(branch[0]) for branch in branches if branch):
        return [_problem(error, f"is {_actual(error)}. It must be {_either(list(dict.fromkeys(wanted)))}.")]
    return [_problem(error, "has none of the allowed forms. Compare it with the tool's description.")]


def _other_form(branch: list[ValidationError], path: list[str | int]) -> bool:
    """Whether a branch fails already on its type or on the fixed value that tells it from the others."""
    return any(
        (item.kind.name == "type" and item.instance_path == path)
        or (item.kind.name in ("const", "enum") and len(item.instance_path) <= len(path) + 1)
        for item in branch
    )


def _sentence(error: ValidationError) -> str:
    value = error.kind.value
    speak = _SPEAKERS.get(error.kind.name)
    if speak is not None:
        return speak(error, value)
    template = _LIMITS.get(error.kind.name)
    if template is None:
        return "does not fit the tool's contract. Compare it with the tool's description."
    return template.format(limit=_figure(value), size=_size(error.instance))


_SPEAKERS: dict[str, Callable[[ValidationError, Any], str]] = {
    "type": lambda error, value: f"is {_actual(error)}. It must be {_either([_NAMES.get(n, n) for n in value])}.",
    "format": lambda _, value: f"does not have the form of {_FORMATS.get(value, f'“{_short(str(value))}”')}.",
    "enum": lambda _, value: f"is not one of the allowed values. Give {_either([_json(v) for v in value[:20]])}.",
    "const": lambda _, value: f"must be exactly {_json(value)}.",
    "pattern": lambda _, value: f"does not have the right form. It must match the pattern {_short(str(value), 120)}",
}
_LIMITS = {
    "maxLength": "has {size} characters. At most {limit} are allowed.",
    "minLength": "has {size} characters. At least {limit} are needed.",
    "maxItems": "has {size} items. At most {limit} are allowed.",
    "minItems": "has {size} items. At least {limit} are needed.",
    "maxProperties": "has {size} fields. At most {limit} are allowed.",
    "minProperties": "has {size} fields. At least {limit} are needed.",
    "maximum": "is too large. It must be {limit} or less.",
    "minimum": "is too small. It must be {limit} or more.",
    "exclusiveMaximum": "is too large. It must be less than {limit}.",
    "exclusiveMinimum": "is too small. It must be more than {limit}.",
    "multipleOf": "must be a multiple of {limit}.",
    "uniqueItems": "has the same item twice. Give each item once.",
    "falseSchema": "is not accepted. Leave it out.",
    "propertyNames": "has a field whose name is not allowed.",
    "unevaluatedItems": "has more items than are known here. Leave the others out.",
}


def _wanted_types(error: ValidationError) -> list[str]:
    return [str(name) for name in error.kind.value] if error.kind.name == "type" else []


def _misplaced(error: ValidationError) -> list[Problem]:
    what = "does not go with the other fields given here. Leave it out, or put its value right."
    return [_problem(error, what, str(name)) for name in error.kind.value[:MAX_PROBLEMS]]


def _known(error: ValidationError, schema: dict[str, Any]) -> list[str]:
    """The names of the fields that any part of the failing schema knows at this place."""
    return list(
        dict.fromkeys(name for part in here([_parent(error, schema)], schema) for name in part.get("properties", {}))
    )


def _parent(error: ValidationError, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema object whose keyword failed."""
    node: Any = schema
    for step in error.schema_path[:-1]:
        node = node[step] if isinstance(node, dict) else node[int(step)]
    return node if isinstance(node, dict) else {}


def _actual(error: ValidationError) -> str:
    value = error.instance
    if value is None or isinstance(value, bool):
        return _json(value)
    for kind, name in ((str, "text"), (int | float, "a number"), (list, "a list"), (dict, "an object")):
        if isinstance(value, kind):
            return name
    return "something else"


def _size(value: Any) -> str:
    return f"{len(value):,}" if isinstance(value, str | list | dict) else ""


def _figure(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else _short(str(value))


def _json(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _either(words: list[str]) -> str:
    words = sorted(words, key=lambda word: word == _NAMES["null"])
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
