"""Reading a sentence template: literal text, and places for values."""

import re
from dataclasses import dataclass
from functools import lru_cache

FILTERS = {"money": 2, "date": 0, "count": 1, "quoted": 0, "masked": 0}  # with how many options at most
_PIECE = re.compile(
    r"\{\{|\}\}"
    r"|\{(?P<path>[^{}|]+)(?:\|(?P<filter>[a-z]+)(?P<options>(?::(?:[^{}:|]+|\{[^{}|]+\}))*))?\}"
    r"|[^{}]+|[{}]"
)


@dataclass(frozen=True)
class Place:
    """Where a value goes: the path of its argument, and how it is written."""

    path: tuple[str, ...]
    filter: str = ""
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The path as it stands in the template."""
        return ".".join(self.path)

    @property
    def other(self) -> tuple[str, ...] | None:
        """The path of the argument that an option in braces names."""
        first = self.options[0] if self.options else ""
        return _path(first[1:-1]) if first.startswith("{") else None


@lru_cache(maxsize=1024)
def pieces(template: str) -> tuple[str | Place, ...]:
    """The literal texts and the places of a template in order. A brace that belongs to no place is literal text."""
    found: list[str | Place] = []
    for match in _PIECE.finditer(template):
        text = match[0]
        if match["path"]:
            options = tuple((match["options"] or "").split(":")[1:])
            found.append(Place(_path(match["path"]), match["filter"] or "", options))
        else:
            found.append(text[0] if text in ("{{", "}}") else text)
    return tuple(found)


def stray_braces(template: str) -> bool:
    """Whether a brace stands alone that was probably meant to enclose an argument."""
    return any(match[0] in ("{", "}") for match in _PIECE.finditer(template))


def _path(text: str) -> tuple[str, ...]:
    return tuple(step.strip() for step in text.split("."))
