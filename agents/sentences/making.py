"""Making the sentence of a call, and its amount for lists."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.contracts.pointers import leaves, shown
from agents.sentences.grammar import Place, pieces
from agents.sentences.money import is_currency, money

MISSING = "\N{EM DASH}"
MOST = 160  # characters of one value; the arguments themselves stand in full below the sentence
MOST_LEAVES = 50
MOST_ITEMS = 5
_ABSENT = object()


@dataclass(frozen=True)
class Part:
    """A piece of a sentence. `value` is true for what comes from the arguments: it is shown bold, and never trusted."""

    text: str
    value: bool


def sentence(template: str, arguments: Mapping[str, Any], *, tool: str) -> list[Part]:
    """What a call of `tool` with these arguments will do, after the template of its contract.

    Never fails: an argument that is missing shows as a dash. Without a template every argument is listed.
    """
    if not template.strip():
        return _listing(tool, arguments)
    parts: list[Part] = []
    for piece in pieces(template):
        part = Part(_written(piece, arguments), True) if isinstance(piece, Place) else Part(piece, False)
        if parts and not parts[-1].value and not part.value:
            parts[-1] = Part(parts[-1].text + part.text, False)
        else:
            parts.append(part)
    return parts


def amount_of(arguments: Mapping[str, Any], amount_argument: str, currency: str) -> str | None:
    """The amount of a call for lists, such as €642.10; None when it has none.

    Names that end in _minor or _cents hold minor units. Without a currency, that of the argument “currency” is used.
    """
    if not amount_argument:
        return None
    code = str(currency or arguments.get("currency", ""))
    minor = amount_argument.endswith(("_minor", "_cents"))
    return money(_at(arguments, tuple(amount_argument.split("."))), code if is_currency(code) else "", minor=minor)


def _listing(tool: str, arguments: Mapping[str, Any]) -> list[Part]:
    found = leaves(dict(arguments)) if arguments else {}
    if not found:
        return [Part(f"Call {tool} without arguments", False)]
    parts = [Part(f"Call {tool} with ", False)]
    for number, (path, value) in enumerate(list(found.items())[:MOST_LEAVES]):
        parts += [Part(", ", False)] if number else []
        parts += [Part(shown(path), True), Part(" = ", False), Part(_plain(value), True)]
    rest = len(found) - MOST_LEAVES
    return [*parts, Part(f" and {rest:,} more values", False)] if rest > 0 else parts


def _written(place: Place, arguments: Mapping[str, Any]) -> str:
    value = _at(arguments, place.path)
    if value is _ABSENT:
        return MISSING
    if place.filter == "money":
        return _money(value, place, arguments)
    write = _WRITERS.get(place.filter)
    return write(value, place) if write else _plain(value)


def _at(arguments: Any, path: tuple[str, ...]) -> Any:
    value = arguments
    for step in path:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _ABSENT
    return value


def _money(value: Any, place: Place, arguments: Mapping[str, Any]) -> str:
    given = _at(arguments, place.other) if place.other else (place.options or ("",))[0]
    amount = money(value, given if is_currency(given) else "", minor="minor" in place.options[1:])
    if amount is None:
        return _plain(value)
    # A currency that is none is shown beside the amount as it came, so that nobody takes another for granted.
    unknown = "" if is_currency(given) or given == "" else f" {MISSING if given is _ABSENT else _plain(given)}"
    return amount + unknown


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "nothing"}[value]
    if isinstance(value, str):
        return _shortened(value) if value else "“”"
    if isinstance(value, list):
        return _few([_plain(item) for item in value[:MOST_ITEMS]], len(value)) or "an empty list"
    if isinstance(value, Mapping):
        fields = leaves(dict(value)) if value else {}
        shown_fields = [f"{shown(path)}: {_plain(item)}" for path, item in list(fields.items())[:MOST_ITEMS]]
        return _few(shown_fields, len(fields)) or "an empty group"
    return str(value)


def _few(words: list[str], of: int) -> str:
    return ", ".join(words) + (f" and {of - len(words):,} more" if of > len(words) else "")


def _shortened(text: str) -> str:
    return text if len(text) <= MOST else f"{text[: MOST - 20]}… ({len(text):,} characters)"


def _date(value: Any, _: Place) -> str:
    """A day, or a moment in the zone it was given in: nothing is converted, so nothing can be off by hours."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return _plain(value)
    day = f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    if len(value) <= len("2026-11-23"):
        return day
    zone = "" if moment.tzinfo is None else moment.isoformat()[-6:] if moment.utcoffset() else "UTC"
    return f"{day}, {moment:%H:%M} {zone}".rstrip()


def _count(value: Any, place: Place) -> str:
    if not isinstance(value, list | Mapping):
        return _plain(value)
    one, _, many = (place.options[0] if place.options else "item").partition("/")
    return f"{len(value):,} {one if len(value) == 1 else many or f'{one}s'}"


def _masked(value: Any, _: Place) -> str:
    text = str(value)
    return f"•••• {text[-4:]}" if isinstance(value, str | int) and len(text) >= 8 else "••••"


def _quoted(value: Any, _: Place) -> str:
    return f"“{_plain(value)}”" if value != "" else "“”"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WRITERS: dict[str, Callable[[Any, Place], str]] = {
    "date": _date,
    "count": _count,
    "masked": _masked,
    "quoted": _quoted,
}
