"""Where the things live that the record speaks of.

The record lies below every other app and may not import them, so each app registers its kinds at start, in `ready()`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.urls import NoReverseMatch


def _no_codes(refs: Collection[str]) -> dict[str, str]:
    return {}


def _never(code: str) -> str | None:
    return None


@dataclass(frozen=True)
class Kind:
    """What the record can know about a kind of thing, such as runs.

    word   what people call it, such as "Run".
    url    the address of one, by its ref. May raise NoReverseMatch.
    codes  the short names of many at once, by ref; what has none is left out.
    find   the ref of the one whose short name somebody typed, or None.
    """

    word: str
    url: Callable[[str], str]
    codes: Callable[[Collection[str]], dict[str, str]] = _no_codes
    find: Callable[[str], str | None] = _never


KINDS: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """Make a kind known under the name that parties and streams carry, such as "run"."""
    KINDS[name] = kind


def word_for(name: str) -> str:
    """What people call this kind of thing."""
    return KINDS[name].word if name in KINDS else name.replace("_", " ").capitalize()


def url_of(name: str, ref: str) -> str:
    """The address of a thing, empty when it has no page."""
    if name not in KINDS:
        return ""
    try:
        return KINDS[name].url(ref)
    except NoReverseMatch:
        return ""


def codes_of(name: str, refs: Collection[str]) -> dict[str, str]:
    """The short names of things of one kind by their refs. One query at most."""
    return KINDS[name].codes(refs) if name in KINDS and refs else {}


def find(name: str, code: str) -> str | None:
    """The ref of a thing by the short name somebody typed; None when there is none."""
    return KINDS[name].find(code) if name in KINDS else None
