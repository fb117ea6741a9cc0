"""Small helpers that every message about a definition shares."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

MOST_COMPARED = 500  # comparing is slow, and a mapping with more keys than this has no careful reader anyway


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that this one is most likely a slip of; None if none is near."""
    near = get_close_matches(word[:80], sorted(known)[:MOST_COMPARED], n=1, cutoff=cutoff)
    return near[0] if near else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """What to write instead of a word that is not known: the nearest one, else all of them; begins with a space."""
    names = sorted(known)
    near = nearest(word, names)
    if near is not None:
        return f' Did you mean "{near}"?'
    return f" Known: {', '.join(names[:20])}." if names else ""


def slip(address: str, known: Iterable[str]) -> str:
    """The address that was probably meant. Never a list of all: whose addresses there are is nobody's business."""
    near = nearest(address, known, cutoff=0.9)
    return f' Did you mean "{near}"?' if near is not None else ""


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
