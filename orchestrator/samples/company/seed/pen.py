"""The pen that writes the seeded books: one random source with a fixed seed, one calendar, and tables of rows."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

SEED = 20417

Row = dict[str, Any]


class Pen:
    """Collects rows by table. The same day gives the same books on every machine.

    `situations` says of each order and claim what is going on with it; the books themselves do not.
    """

    def __init__(self, today: date) -> None:
        self.random = Random(SEED)  # noqa: S311 (sample data, not a secret)
        self.tables: dict[str, list[Row]] = defaultdict(list)
        self.situations: dict[str, str] = {}
        self._today = today

    def add(self, table: str, **row: Any) -> Row:
        """A new row of a table."""
        self.tables[table].append(row)
        return row

    def day(self, ago: int) -> str:
        """The date so many days before today, ISO 8601."""
        return (self._today - timedelta(days=ago)).isoformat()

    def moment(self, ago: int) -> str:
        """A moment of the day so many days before today, in UTC."""
        hour, minute, second = self.random.randrange(6, 23), self.random.randrange(60), self.random.randrange(60)
        day = self._today - timedelta(days=ago)
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC).isoformat(timespec="seconds")

    def cents(self, low: int, high: int) -> int:
        """An amount between two, in cents; half of them end on a round number of euros."""
        cents = self.random.randrange(low, high)
        return cents - cents % 100 if self.random.random() < 0.5 else cents


def iban(country: str, bban: str) -> str:
    """An IBAN with its check digits (ISO 13616, modulo 97)."""
    digits = "".join(str(int(char, 36)) for char in f"{bban}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{bban}"
