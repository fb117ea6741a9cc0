"""Values as the texts of a form, and what in a text can't be seen."""

import json
import unicodedata
from typing import Any

from agents.schema_forms.shapes import Shape, Widget
from audit.canonical import NotCanonical, dump

ABSENT: Any = object()
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def text_of(value: Any, widget: Widget, shape: Shape) -> str:
    """A value as the text of a widget. The text of ABSENT is empty, and that of null too but for JSON."""
    if value is ABSENT or (value is None and widget != "json"):
        return ""
    if widget == "json":
        return json.dumps(value, indent=2, ensure_ascii=False)
    if widget == "list":
        return "\n".join(line_of(item) for item in value)
    if widget == "select":
        return next((text for text, choice in choices_of(shape).items() if json_of(choice) == json_of(value)), "")
    return line_of(value)


def line_of(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json_of(value)


def json_of(value: Any) -> str:
    """Canonical JSON, for comparing and for showing; empty for ABSENT."""
    if value is ABSENT:
        return ""
    try:
        return dump(value).decode()
    except NotCanonical:
        return str(value)


def choices_of(shape: Shape) -> dict[str, Any]:
    """The values that a select offers by the texts that stand for them: plain texts as they are, all else as JSON."""
    if shape.kind == "boolean" and "enum" not in shape.schema and "const" not in shape.schema:
        return {"true": True, "false": False}
    fixed = [shape.schema["const"]] if "const" in shape.schema else shape.schema.get("enum", [])
    choices = [choice for choice in fixed if choice is not None]
    plain = all(isinstance(choice, str) and choice for choice in choices)
    return {choice if plain else json_of(choice): choice for choice in choices}


def is_choice(value: Any, shape: Shape) -> bool:
    """Whether a select for this shape can show a value; it shows ABSENT and null as its first, empty line."""
    return value is ABSENT or value is None or bool(text_of(value, "select", shape))


def fits_lines(value: Any) -> bool:
    """Whether each item of a list can be a line of its own: nothing empty, no line breaks, no space at the ends."""
    if value is ABSENT:
        return True
    return isinstance(value, list) and bool(value) and all(_fits_line(item) for item in value)


def line_breaks(text: str) -> str:
    """A text with every line break as LF. Browsers send CR LF, whatever they were given."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def has_hidden(text: str) -> bool:
    """Whether a text holds characters that an input shows as nothing, or that turn the text around."""
    return any(_is_hidden(character) for character in text)


def masked_text(value: Any) -> str:
    """All but the last four characters hidden; everything where four would give too much away."""
    text = line_of(value)
    shown = isinstance(value, str | int) and len(text) >= 12
    return "" if value is ABSENT else f"•••• {text[-4:]}" if shown else "••••"


def _fits_line(item: Any) -> bool:
    if isinstance(item, str):
        return bool(item) and item == item.strip() and len(item.splitlines()) == 1
    return isinstance(item, int | float) and not isinstance(item, bool)


def _is_hidden(character: str) -> bool:
    if character in "\n\r\t":
        return False
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return selector or character in _FILLERS or unicodedata.category(character) in _UNSEEN
