"""What is wrong with arguments, in sentences: where, what is wrong, what would be right. They never repeat a value."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `path` is a JSON pointer into the arguments; for a missing field it names that field."""

    path: str
    sentence: str


class BadArguments(ValueError):
    """These arguments do not fit the tool's contract."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(problem.sentence for problem in self.problems))


class BadSchema(ValueError):
    """This schema can't be used as a contract."""
