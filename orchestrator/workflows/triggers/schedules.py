"""When schedules are due. Pure: the row of a trigger keeps the next time, whoever rings the bell.

A crontab is read in a time zone. An hour that the clock repeats in autumn counts once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from celery.schedules import ParseException, crontab

from orchestrator.accounts.zones import zone_names, zone_of

Unit = Literal["minutes", "hours", "days"]
UNITS: tuple[Unit, ...] = ("minutes", "hours", "days")
LONGEST = timedelta(days=366)
CRON_FIELDS = 5


class BadSchedule(ValueError):
    """This is no schedule. The message says what would be."""


@dataclass(frozen=True)
class Schedule:
    """Times by a crontab in a zone, or every so often; exactly one of `cron` and `every` is given."""

    cron: str = ""
    zone: str = "UTC"
    every: int = 0
    unit: Unit = "hours"

    @classmethod
    def of(cls, value: dict[str, Any]) -> "Schedule":
        """From what `value` gave."""
        return cls(**value)

    @property
    def value(self) -> dict[str, Any]:
        """As it is kept with a trigger."""
        return {"cron": self.cron, "zone": self.zone} if self.cron else {"every": self.every, "unit": self.unit}

    @property
    def words(self) -> str:
        """What people read."""
        if self.cron:
            return f"{self.cron} ({self.zone})"
        return f"Every {self.every} {self.unit}" if self.every > 1 else f"Every {self.unit.removesuffix('s')}"

    def check(self) -> None:
        """Raise BadSchedule for one that never comes, or comes too often."""
        if bool(self.cron) == bool(self.every):
            raise BadSchedule("Write either a crontab or an interval.")
        if self.cron:
            self._crontab()
        elif self.unit not in UNITS or not timedelta() < self._interval() <= LONGEST:
            raise BadSchedule("An interval is between a minute and a year.")

    def next_after(self, moment: datetime, *, start: datetime) -> datetime:
        """The first time after `moment`, in UTC. Intervals are counted from `start`, so that they do not drift."""
        if not self.cron:
            passed = (moment - start) // self._interval()
            return start + (max(passed, 0) + 1) * self._interval()
        here = moment.astimezone(zone_of(self.zone))
        last, ahead, _ = self._crontab().remaining_delta(here, here.tzinfo)
        found: datetime = last + ahead
        return found.astimezone(UTC)

    def _interval(self) -> timedelta:
        return timedelta(**{self.unit: min(self.every, 1_000_000)})

    def _crontab(self) -> crontab:
        if self.zone not in zone_names():
            raise BadSchedule("There is no time zone of this name.")
        if len(self.cron) > 100 or len(self.cron.split()) != CRON_FIELDS:
            raise BadSchedule("A crontab has five parts: minute, hour, day, month, weekday, like 0 7 * * 1-5.")
        try:
            return crontab.from_string(self.cron)
        except (ParseException, ValueError) as error:
            raise BadSchedule(f"This is not a crontab: {error}") from error
