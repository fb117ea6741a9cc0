"""Reading what was typed into a form."""

import copy
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.contracts import BadArguments, prepare
from agents.contracts.pointers import parts
from agents.schema_forms.fields import Field, fields
from agents.schema_forms.texts import ABSENT, choices_of, line_breaks
from audit.canonical import NotCanonical
from audit.canonical import parse as parse_json

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


class Data(Protocol):
    """What a form sent: a QueryDict of Django, or any mapping of names to lists of texts."""

    def __contains__(self, name: object, /) -> bool: ...


@dataclass(frozen=True)
class Parsed:
    """The value, or None with a sentence for each field (by its path, "" for the form) that is not right.

    `raw` has what was typed by the names of the fields.
    """

    value: dict[str, Any] | None
    errors: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)


class Unreadable(ValueError):
    """This can't be read as the value the field is for."""


def parse(
    schema: Mapping[str, Any],
    data: Mapping[str, Any],
    base: Mapping[str, Any] | None = None,
    readonly: Collection[str] = (),
    *,
    masked: Collection[str] = (),
    prefix: str = "a",
) -> Parsed:
    """The value that a form sent which showed `base` (or the defaults), read with the same arguments as `fields`.

    What was not touched, not sent or protected stays as it is in `base`. An optional field left empty is left out. What
    is read is then checked like any arguments, see contracts.prepare. Raises BadSchema.
    """
    shown = fields(schema, base, readonly=readonly, masked=masked, prefix=prefix)
    return _parsed(schema, shown, data, base)


def parse_many(schema: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], *, prefix: str = "a") -> Iterator[Parsed]:
    """Like `parse` for many forms of one schema, which are worked out only once. Raises BadSchema."""
    shown = fields(schema, prefix=prefix)
    for data in rows:
        yield _parsed(schema, shown, data, None)


def _parsed(
    schema: Mapping[str, Any], shown: list[Field], data: Mapping[str, Any], base: Mapping[str, Any] | None
) -> Parsed:
    value: Any = copy.deepcopy(dict(base or {}))
    raw: dict[str, str] = {}
    errors: dict[str, str] = {}
    for own in shown:
        if own.readonly or own.name not in data:
            continue
        raw[own.name] = typed = line_breaks(_sent(data, own.name))
        if base is not None and own.given is not ABSENT and typed == line_breaks(own.value):
            continue
        try:
            item = _read(typed, own)
            value = value if item is ABSENT and own.given is ABSENT else _placed(value, parts(own.path), item)
        except (Unreadable, NotCanonical) as error:
            errors[own.path] = str(error)
    return _checked(schema, value, shown, errors, raw)


def _checked(
    schema: Mapping[str, Any], value: Any, shown: list[Field], errors: dict[str, str], raw: dict[str, str]
) -> Parsed:
    try:
        prepared = prepare(value if isinstance(value, dict) else json.dumps(value).encode(), schema)
    except BadArguments as error:
        for problem in error.problems:
            place = _place(problem.path, shown)
            if not any(_covered(problem.path, known) for known in errors if known):
                errors.setdefault(place, problem.sentence)
        return Parsed(None, errors, raw)
    return Parsed(None if errors else prepared.value, errors, raw)


def _covered(path: str, known: str) -> bool:
    return f"{path}/".startswith(f"{known}/")


def _place(path: str, shown: list[Field]) -> str:
    """The field that a problem belongs to, "" when it belongs to none."""
    places = [own.path for own in shown if _covered(path, own.path)]
    inside = [own.path for own in shown if _covered(own.path, path) and path]
    return max(places, key=len, default=inside[0] if inside else "")


def _sent(data: Any, name: str) -> str:
    """The last text sent under a name: after the hidden “false” of a checkbox comes its “true”, if it is ticked."""
    sent = data.getlist(name) if hasattr(data, "getlist") else data[name]
    return str(sent if isinstance(sent, str) else (list(sent) or [""])[-1])


def _read(typed: str, own: Field) -> Any:
    """The value of a text; ABSENT for nothing. Raises Unreadable or NotCanonical with a sentence."""
    if not typed.strip() and own.widget != "checkbox":
        return ABSENT
    return _READERS[own.widget](typed, own)


def _choice(text: str, own: Field) -> Any:
    offered = choices_of(own.shape)
    if text not in offered:
        raise Unreadable(f"“{own.label}” must be one of the choices shown.")
    return offered[text]


def _number(text: str, own: Field) -> Any:
    return _number_in(text, f"“{own.label}”", whole=own.shape.kind == "integer")


def _number_in(text: str, where: str, *, whole: bool) -> Any:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise Unreadable(f"{where} is not a number. {_better(text)}")
    value = parse_json(text)
    if whole and not isinstance(value, int):
        raise Unreadable(f"{where} must be a whole number, without a decimal point.")
    return value


def _better(text: str) -> str:
    """How a number that was meant is written."""
    digits = re.sub(r"[^0-9.,-]", "", text)
    if re.fullmatch(r"-?[0-9]+,[0-9]{1,2}", digits):
        return f"Write {digits.replace(',', '.')}, with a point before the decimals."
    if re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", digits):
        return f"Write {digits.replace(',', '')}, without commas between thousands."
    if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+", digits):
        return f"Write {digits.replace('.', '').replace(',', '.')}, with a point before the decimals."
    if re.fullmatch(r"-?0+[1-9][0-9]*(\.[0-9]+)?", digits):
        return f"Write {re.sub('^(-?)0+', lambda sign: sign[1], digits)}, without zeros in front."
    return "Write digits only, such as 12 or 18450.50."


def _list(text: str, own: Field) -> Any:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if own.item_kind == "string":
        return lines
    whole = own.item_kind == "integer"
    return [_number_in(line, f"Line {number} of “{own.label}”", whole=whole) for number, line in enumerate(lines, 1)]


def _placed(value: Any, path: list[str], item: Any) -> Any:
    """A value with an item put at a path of object fields, or taken away, with groups that become empty by that."""
    if not path:
        return {} if item is ABSENT else item
    inside = value if isinstance(value, dict) else {}
    name, deeper = path[0], path[1:]
    if deeper:
        item = _placed(inside.get(name, {}), deeper, item) or ABSENT
    if item is ABSENT:
        return {key: kept for key, kept in inside.items() if key != name}
    return {**inside, name: item}


_READERS: dict[str, Callable[[str, Field], Any]] = {
    "text": lambda text, _: text,
    "textarea": lambda text, _: text,
    "email": lambda text, _: text.strip(),
    "date": lambda text, _: text.strip(),
    "number": _number,
    "checkbox": lambda text, _: text == "true",
    "select": _choice,
    "list": _list,
    "json": lambda text, _: parse_json(text),
}
