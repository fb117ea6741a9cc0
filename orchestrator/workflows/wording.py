"""Small helpers that every message about a definition shares."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


def suggestion(word: str, known: Iterable[str]) -> str:
    """What to write instead of a word that is not known: the nearest one, else all of them; begins with a space."""
    names = sorted(known)
    near = get_close_matches(word[:80], names, n=1, cutoff=0.6)
    if near:
        return f' Did you mean "{near[0]}"?'
    return f" Known: {', '.join(names[:20])}." if names else ""


def kind_of(value: Any) -> str:
    """What a JSON value is, in a word or two."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "a mapping"
