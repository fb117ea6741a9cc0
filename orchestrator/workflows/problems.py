"""Mistakes in a definition and the places they stand at. Lines and columns count from 1."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is (lines and columns count from 1), and a sentence that says how to put it right."""

    line: int
    column: int
    path: str
    sentence: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}"


class DefinitionError(ValueError):
    """This workflow definition cannot be used."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Place:
    """Where a value begins, and the line on which it ends."""

    line: int
    column: int
    last: int


@dataclass
class Document:
    """A text that was read: its value, and where each part of it stands."""

    text: str
    value: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        """The text by lines."""
        return self.text.splitlines()

    def place(self, path: Path) -> Place:
        """Where `path` begins, or the nearest thing around it that is written down."""
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path, Place(1, 1, 1))

    def problem(self, path: Path, sentence: str, token: str = "") -> Problem:
        """A mistake at `path`; with `token`, on the line of the value on which that piece of text stands."""
        place = self.place(path)
        lines = self.lines[place.line - 1 : place.last] if token else []
        for offset, line in enumerate(lines):
            if token in line:
                return Problem(place.line + offset, line.index(token) + 1, path_text(path), sentence)
        return Problem(place.line, place.column, path_text(path), sentence)


def path_text(path: Path) -> str:
    """A path as people write it: steps[1].with.order_id."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
