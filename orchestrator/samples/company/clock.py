"""The company's clock."""

import os
from datetime import UTC, date, datetime


def now() -> str:
    """This moment in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def opening_day() -> date:
    """The day the seeded histories lead up to: today, or HOLDSHORT_COMPANY_TODAY (ISO date) for fixed books."""
    fixed = os.environ.get("HOLDSHORT_COMPANY_TODAY")
    return date.fromisoformat(fixed) if fixed else datetime.now(UTC).date()
