"""From text to a Definition: every mistake found, each with its line and its fix. And back: the canonical form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from audit import canonical
from orchestrator.workflows import checks
from orchestrator.workflows.business_map import BusinessMap
from orchestrator.workflows.documents import decode, load
from orchestrator.workflows.parts import Compensation, EventWanted, ForEach, Part, Retry, Reviewers, ReviewRule, Risk
from orchestrator.workflows.problems import DefinitionError, Document, Path, Problem
from orchestrator.workflows.schema import KINDS, Definition
from orchestrator.workflows.wording import kind_of, nearest, suggestion

__all__ = (
    "DefinitionError",
    "Problem",
    "Source",
    "definition_digest",
    "from_canonical",
    "read",
    "read_source",
    "to_canonical",
)

MOST_TOLD = 100
STEP_LISTS = ("steps", "allow")
_PARTS: dict[str, type[Part]] = {
    "risk": Risk,
    "review": ReviewRule,
    "reviewers": Reviewers,
    "retry": Retry,
    "for_each": ForEach,
    "compensate": Compensation,
    "event": EventWanted,
    "map": BusinessMap,
}
_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list, each item begun with a dash",
    "dict_type": "a mapping of key: value",
    "model_type": "a mapping of key: value",
    "model_attributes_type": "a mapping of key: value",
}
_LIMITS = {
    "string_too_short": "is empty. Fill it in.",
    "too_short": "is empty. Fill it in.",
    "string_too_long": "is too long. It has at most {max_length} characters.",
    "too_long": "is too long. It has at most {max_length} items.",
    "greater_than_equal": "is out of range. It must be at least {ge}.",
    "less_than_equal": "is out of range. It must be at most {le}.",
}


@dataclass(frozen=True)
class Source:
    """A definition together with the document it was read from, which knows the lines."""

    definition: Definition
    document: Document


def read(text: str | bytes) -> Definition:
    """The definition in a YAML text. Raises DefinitionError with every problem found, at most a hundred of a kind."""
    return read_source(text).definition


def read_source(text: str | bytes) -> Source:
    """Like `read`, keeping the document, so that later findings can name lines too."""
    document = load(decode(text) if isinstance(text, bytes) else text)
    problems = document.problems[:MOST_TOLD]
    try:
        definition = Definition.model_validate(document.value)
    except ValidationError as error:
        known = {problem.path for problem in problems}
        problems += [problem for problem in _translated(document, error) if problem.path not in known]
        raise DefinitionError(problems) from error
    problems += checks.problems(document, definition)
    if problems:
        raise DefinitionError(problems)
    return Source(definition, document)


def to_canonical(definition: Definition) -> dict[str, Any]:
    """The definition as JSON, defaults written out. `from_canonical` gives an equal definition back."""
    return definition.model_dump(by_alias=True, exclude_none=True)


def from_canonical(value: dict[str, Any]) -> Definition:
    """The definition in a value that `to_canonical` made. Raises pydantic's ValidationError for anything else."""
    return Definition.model_validate(value)


def definition_digest(definition: Definition) -> str:
    """SHA-256 over the canonical bytes: two texts that mean the same have the same digest."""
    return canonical.digest(to_canonical(definition))


def _translated(document: Document, error: ValidationError) -> Iterator[Problem]:
    """pydantic's complaints as sentences with places. A key that is only misspelt is not reported missing as well."""
    details = error.errors(include_url=False)[:MOST_TOLD]
    meant = {
        (*detail["loc"][:-1], nearest(str(detail["loc"][-1]), _known(_part_at(detail["loc"][:-1]))))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    for detail in details:
        if detail["type"] != "missing" or detail["loc"] not in meant:
            yield _problem(document, detail)


def _problem(document: Document, detail: ErrorDetails) -> Problem:
    loc = detail["loc"]
    path = _written_path(loc)
    key, kind = str(path[-1]) if path else "A definition", detail["type"]
    if kind == "missing":
        return document.problem(path[:-1], f'Add "{key}": {_purpose(_part_at(loc[:-1]), key)}.')
    if kind == "extra_forbidden":
        return document.problem(path, _unknown_key(_part_at(loc[:-1]), key))
    if kind == "union_tag_not_found":
        return document.problem(path, f'Add "kind": {", ".join(KINDS)}.')
    if kind == "union_tag_invalid":
        tag = str(detail["ctx"]["tag"])
        return document.problem((*path, "kind"), f'"{tag[:60]}" is not a kind of step.{suggestion(tag, KINDS)}')
    named = f"Item {int(key) + 1} of {path[-2]}" if key.isdecimal() and path[-2] not in STEP_LISTS else key
    return document.problem(path, _value_sentence(named, detail))


def _value_sentence(key: str, detail: ErrorDetails) -> str:
    given, kind, context = detail["input"], detail["type"], detail.get("ctx", {})
    if kind in _WANTED:
        quotes = " Put it in quotes." if kind == "string_type" and isinstance(given, int | float) else ""
        where = f"Step {int(key) + 1}" if key.isdecimal() else key if " " in key else f'"{key}"'
        return f"{where} must be {_WANTED[kind]}; here it is {kind_of(given)}.{quotes}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f'"{str(given)[:60]}" will not do for "{key}". Write {context["expected"].replace(chr(39), chr(34))}.'
    return f'"{key}" {_LIMITS[kind].format(**context)}' if kind in _LIMITS else f"{detail['msg']}."


def _written_path(loc: Path) -> Path:
    """pydantic's path without the kinds that it puts behind the numbers of steps."""
    return tuple(part for place, part in enumerate(loc) if not _is_kind(loc, place))


def _is_kind(loc: Path, place: int) -> bool:
    return place > 1 and isinstance(loc[place - 1], int) and loc[place - 2] in STEP_LISTS


def _part_at(loc: Path) -> type[Part]:
    """The model that describes the mapping at pydantic's path."""
    if not loc:
        return Definition
    name = str(loc[-1])
    return _PARTS[name] if name in _PARTS else KINDS[name]


def _known(part: type[Part]) -> dict[str, str]:
    return {info.alias or name: info.description or "" for name, info in part.model_fields.items()}


def _purpose(part: type[Part], key: str) -> str:
    return _known(part).get(key) or "it is needed"


def _unknown_key(part: type[Part], key: str) -> str:
    kind = next((name for name, model in KINDS.items() if model is part), None)
    if kind is not None:
        owner = f"{'an' if kind == 'agent' else 'a'} {kind} step"
    else:
        owner = next((f'"{name}"' for name, model in _PARTS.items() if model is part), "a definition")
    return f'"{key[:60]}" is not a key of {owner}.{suggestion(key, _known(part))}'
