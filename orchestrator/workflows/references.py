"""References in a definition: `${input.order_id}`, `${steps.look_up.output.total}`.

A text that is one reference takes the referenced value with its type; a reference inside a longer text becomes text.
`?` before the brace makes a value optional: null, or an empty text, where it is absent. `$${` writes a plain `${`.
Nothing else is evaluated. Every text either parses or is refused when the definition is read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

ITEM, INDEX = "$item", "$index"
"""Where `outputs` has the item, and its number from 0, that a step with `for_each` is done for."""
SHAPE = "References look like ${input.order_id} or ${steps.look_up.output.total}."
_TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_TITLE_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,100}")


class BadReference(ValueError):
    """A text holds something that begins like a reference and is none. `token` is the part that is wrong."""

    def __init__(self, token: str, sentence: str) -> None:
        super().__init__(sentence)
        self.token = token


class MissingReference(LookupError):
    """A reference names a value that this run does not have."""


@dataclass(frozen=True)
class Reference:
    """One reference: into the run's input (`step` is None), the output of a step, or the item of a `for_each`."""

    step: str | None
    path: tuple[str, ...]
    optional: bool
    token: str


Template = tuple[str | Reference, ...]


@lru_cache(maxsize=4096)
def parse(text: str) -> Template:
    """The parts of a text, plain and referenced. Raises BadReference."""
    parts: list[str | Reference] = []
    end = 0
    for match in _TOKEN.finditer(text):
        parts.append(text[end : match.start()])
        parts.append("${" if match[0] == "$${" else _reference(match[0], match[1]))
        end = match.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


@lru_cache(maxsize=1024)
def parse_title(text: str) -> Template:
    """The parts of a title template, whose references are `{input.order_id}`. Raises BadReference."""
    parts: list[str | Reference] = []
    end = 0
    for match in _TITLE_TOKEN.finditer(text):
        parts.append(text[end : match.start()])
        parts.append(match[0][0] if match[0] in ("{{", "}}") else _title_reference(match[0], match[1]))
        end = match.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def texts_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text inside a JSON value, with the path that leads to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts_in(item, (*path, index))


def resolve(value: Any, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    """The value with every reference replaced. Raises MissingReference."""
    if isinstance(value, str):
        return resolve_text(parse(value), run_input, outputs)
    if isinstance(value, Mapping):
        return {key: resolve(item, run_input, outputs) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, run_input, outputs) for item in value]
    return value


def resolve_text(template: Template, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    """A parsed text with its references replaced: the bare value where the text is one reference."""
    if len(template) == 1 and isinstance(template[0], Reference):
        return look_up(template[0], run_input, outputs)
    return embed(template, run_input, outputs)


def embed(template: Template, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    """A parsed text as text, whatever the types of the referenced values."""
    parts = (part if isinstance(part, str) else _embedded(part, run_input, outputs) for part in template)
    return "".join(parts)


def look_up(reference: Reference, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    """The value a reference names; None for an absent optional one. Raises MissingReference."""
    where = place_of(reference)
    if reference.step is not None and reference.step not in outputs:
        there = "there is no item" if reference.step in (ITEM, INDEX) else f'step "{reference.step}" has no output'
        return _absent(reference, there)
    value: Any = run_input if reference.step is None else outputs[reference.step]
    for segment in reference.path:
        if isinstance(value, Mapping) and segment in value:
            value = value[segment]
        elif isinstance(value, list) and segment.isdecimal() and int(segment) < len(value):
            value = value[int(segment)]
        else:
            return _absent(reference, f'{where} has no "{segment}"')
        where = f'"{segment}" of {where}'
    return value


def place_of(reference: Reference) -> str:
    """What a reference looks into, in words."""
    if reference.step is None:
        return "the input"
    return "the item" if reference.step in (ITEM, INDEX) else f'the output of step "{reference.step}"'


def _absent(reference: Reference, reason: str) -> None:
    if not reference.optional:
        raise MissingReference(f"{reference.token} cannot be filled in: {reason}.")


def _embedded(reference: Reference, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    value = look_up(reference, run_input, outputs)
    if value is None and reference.optional:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _reference(token: str, inner: str | None) -> Reference:
    if inner is None:
        raise BadReference(token, f"A reference is not closed. {SHAPE} Write $${{ for a plain ${{.")
    names = inner.strip()
    optional = names.endswith("?")
    segments = tuple(names.removesuffix("?").split("."))
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise BadReference(token, f"{token} is not a reference. {SHAPE}")
    if segments[0] == "input":
        return Reference(None, segments[1:], optional, token)
    if segments[0] in ("item", "index"):
        return Reference(f"${segments[0]}", segments[1:], optional, token)
    if segments[0] == "steps" and len(segments) > 2 and segments[2] == "output":
        return Reference(segments[1], segments[3:], optional, token)
    if segments[0] == "steps" and len(segments) > 1:
        right = ".".join(("steps", segments[1], "output", *segments[2:]))
        raise BadReference(token, f'{token} lacks "output". Did you mean ${{{right}}}?')
    raise BadReference(token, f'{token} begins with "{segments[0]}". {SHAPE}')


def _title_reference(token: str, inner: str | None) -> Reference:
    segments = tuple((inner or "").strip().split("."))
    if len(segments) < 2 or segments[0] != "input" or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise BadReference(token, f"{token} does not fit a title. Write {{input.order_id}}, or {{{{ for a plain brace.")
    return Reference(None, segments[1:], True, token)
