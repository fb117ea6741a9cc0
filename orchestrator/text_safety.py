"""Text written by agents, models and tools made safe to look at. Pure functions.

Escaping stops such text from being markup. It does not stop it from lying: right-to-left overrides reorder what is
read, invisible characters smuggle what is not seen (Unicode Technical Report 36; CVE-2021-42574), and long runs of
blank lines or combining marks push the truth out of sight. Everything of that kind is replaced by a visible marker.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.utils.safestring import SafeString, mark_safe

BLANK_LINES = 6
SPACES = 20
COMBINING_MARKS = 8
HIDDEN_IN_A_ROW = 12

# Assigned letters, marks and symbols that leave no ink: the combining grapheme joiner, the Hangul and Khmer fillers,
# the Mongolian separators, the blank braille cell, and the variation selectors (Unicode, DerivedCoreProperties,
# Default_Ignorable_Code_Point, without what the categories below already cover).
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0)
_INKLESS = frozenset((*_FILLERS, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
_HIDDEN_CATEGORIES = frozenset(["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"])
_BLANKS = re.compile(r"[ \t\r\n]+")
_ODD = re.compile(rf"[ \t]{{{SPACES + 1},}}|(?:[ \t]*\n){{{BLANK_LINES + 1},}}|[^\x20-\x7e\n\t]+")


def is_hidden(character: str) -> bool:
    """Whether a character is invisible or changes how its neighbours are shown. New line and tab are not."""
    if character in "\n\t":
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or ord(character) in _INKLESS


def marked(text: str, limit: int) -> SafeString:
    """At most `limit` characters of a text as HTML that is only text: escaped, nothing invisible, no long blanks."""
    shown = html.escape(text[:limit].replace("\r\n", "\n"))
    # What `_replace` and `_rest` add is made of numbers and Unicode names only.
    return mark_safe(_ODD.sub(_replace, shown) + _rest(text, limit))  # noqa: S308


def one_line(text: str) -> str:
    """The text with line breaks, tabs and repeated spaces as single spaces; one at either end stays."""
    return _BLANKS.sub(" ", text)


def flat(text: str, limit: int) -> str:
    """The same as plain text, for attributes and titles: markers in brackets, one line, direction isolated."""
    shown = one_line(text[:limit]).strip(" ")
    shown = "".join(f"[U+{ord(c):04X}]" if is_hidden(c) else c for c in shown)
    if any(unicodedata.bidirectional(c) in ("R", "AL") for c in shown):
        shown = f"\u2068{shown}\u2069"
    return shown + ("…" if len(text) > limit else "")


def pretty(value: Any) -> str:
    """A JSON-like value as indented text. Bytes are read as the JSON they hold, or shown as they are."""
    if isinstance(value, bytes | bytearray | memoryview):
        text = bytes(value).decode("utf-8", "backslashreplace")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return f"A {type(value).__name__} that is nested too deeply to be shown."


def _replace(match: re.Match[str]) -> str:
    run = match[0]
    if run[0] not in " \t\n":
        return "".join(_pieces(run))
    lines = run.count("\n")
    return f"\n{_cut(lines, 'empty line')}\n" if lines else _cut(len(run), "space")


def _pieces(run: str) -> Iterator[str]:
    """A run of characters beyond plain ASCII, group by group of the same kind."""
    for kind, group in groupby(run, key=_kind):
        characters = list(group)
        if kind == "hidden":
            yield "".join(_marker(character) for character in characters[:HIDDEN_IN_A_ROW])
            yield _cut(len(characters) - HIDDEN_IN_A_ROW, "more hidden character")
        elif kind == "combining":
            yield "".join(characters[:COMBINING_MARKS])
            yield _cut(len(characters) - COMBINING_MARKS, "more combining mark")
        elif kind == "space" and len(characters) > SPACES:
            yield _cut(len(characters), "space")
        else:
            yield "".join(characters)


def _kind(character: str) -> str:
    if is_hidden(character):
        return "hidden"
    category = unicodedata.category(character)
    return {"Mn": "combining", "Me": "combining", "Zs": "space"}.get(category, "plain")


def _marker(character: str) -> str:
    name = unicodedata.name(character, "a character without a name")
    return f'<span class="cp" title="{html.escape(name)}">U+{ord(character):04X}</span>'


def _cut(count: int, what: str) -> str:
    if count <= 0:
        return ""
    return f'<span class="cut">{count:,} {what}{"" if count == 1 else "s"}</span>'


def _rest(text: str, limit: int) -> str:
    more = len(text) - limit
    return f' <span class="cut">… {more:,} more character{"" if more == 1 else "s"}</span>' if more > 0 else ""
