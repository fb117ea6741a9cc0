"""How what comes in becomes the input of a run. Pure.

A mapping is the input as JSON, in which texts may refer to what came in: `${payload.order.id}` takes the value with its
type where the text is nothing else; with `?` before the brace an absent one is left out. An empty mapping takes it all.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agents.contracts import Problem
from agents.contracts.pointers import pointer
from orchestrator.workflows.references import texts_in
from orchestrator.workflows.wording import suggestion

REFERENCE = re.compile(r"\$\{\s*payload((?:\.[A-Za-z0-9_-]{1,100})*)(\?)?\s*\}")
_BEGUN = re.compile(r"\$\{[^}]*\}?")
_ABSENT = object()


class BadPayload(Exception):
    """What came in cannot be made into the input."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems


def fitted(mapping: Mapping[str, Any], payload: Any) -> dict[str, Any]:
    """The input of a run. Raises BadPayload with a sentence for each value that is not there."""
    if not mapping:
        if isinstance(payload, dict):
            return payload
        raise BadPayload([Problem("", "Send a JSON object: it becomes the input of the run.")])
    problems: list[Problem] = []
    value: dict[str, Any] = _filled(mapping, payload, problems)
    if problems:
        raise BadPayload(problems)
    return value


def refers(mapping: Mapping[str, Any]) -> bool:
    """Whether a mapping takes anything from what came in."""
    return any(REFERENCE.search(text) for _, text in texts_in(mapping))


def mapping_problems(mapping: Mapping[str, Any], schema: Mapping[str, Any], *, alone: bool) -> Iterator[str]:
    """What is wrong with a mapping for an input schema, a sentence each; `alone` when nothing comes in besides it."""
    for _, text in texts_in(mapping):
        for begun in _BEGUN.findall(text):
            if REFERENCE.fullmatch(begun) is None:
                yield f"{begun[:80]} is not a reference. Write ${{payload.order.id}}."
    fields = schema.get("properties", {})
    for name in mapping:
        if name not in fields and schema.get("additionalProperties") is False:
            yield f'The input has no "{name[:60]}".{suggestion(name, fields)}'
    for name in schema.get("required", ()) if mapping or alone else ():
        if name not in mapping:
            yield f'The input needs "{name}". Add it to the mapping.'


def _filled(value: Any, payload: Any, problems: list[Problem]) -> Any:
    if isinstance(value, Mapping):
        filled = {name: _filled(item, payload, problems) for name, item in value.items()}
        return {name: item for name, item in filled.items() if item is not _ABSENT}
    if isinstance(value, list):
        filled_items = [_filled(item, payload, problems) for item in value]
        return [item for item in filled_items if item is not _ABSENT]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    if whole is not None:
        return _found(whole, payload, problems)
    return REFERENCE.sub(lambda match: _as_text(_found(match, payload, problems)), value)


def _found(match: "re.Match[str]", payload: Any, problems: list[Problem]) -> Any:
    names = match[1].split(".")[1:]
    here = payload
    for place, name in enumerate(names):
        here = _below(here, name)
        if here is _ABSENT:
            if match[2] is None:
                problems.append(Problem(pointer(names[: place + 1]), f"There is no {'.'.join(names[: place + 1])}."))
            return _ABSENT
    return here


def _below(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, _ABSENT)
    if isinstance(value, list) and name.isdecimal() and int(name[:9]) < len(value):
        return value[int(name[:9])]
    return _ABSENT


def _as_text(value: Any) -> str:
    return "" if value is None or value is _ABSENT else value if isinstance(value, str) else str(value)
