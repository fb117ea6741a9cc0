"""Some rows of a long list: as many as a page shows at once, and where the others are found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

ROWS_SHOWN = 60

T = TypeVar("T")


@dataclass(frozen=True)
class Window(Generic[T]):
    """The rows that are shown, the number of the first of them (from 1), and how many there are in all."""

    rows: Sequence[T]
    first: int
    total: int

    @property
    def partial(self) -> bool:
        """Whether there are more rows than are shown."""
        return len(self.rows) < self.total

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return self.first + len(self.rows) - 1

    @property
    def earlier(self) -> int | None:
        """Where the window before this one begins."""
        return max(1, self.first - ROWS_SHOWN) if self.first > 1 else None

    @property
    def later(self) -> int | None:
        """Where the window after this one begins."""
        return self.last + 1 if self.last < self.total else None


def window_at(rows: Sequence[T], first: int) -> Window[T]:
    """The rows from `first` on; the last ones where there would be too few."""
    first = max(1, min(first, len(rows) - ROWS_SHOWN + 1))
    return Window(rows[first - 1 : first - 1 + ROWS_SHOWN], first, len(rows))
