"""Lengths of time as workflows write them: 30s, 15m, 2h, 3d."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST = timedelta(days=366)
_PATTERN = re.compile(r"([0-9]{1,8})([smhd])")


def parse_duration(text: Any) -> timedelta:
    """The length of time that `text` names. Raises ValueError, with the fix, for anything else."""
    if isinstance(text, timedelta):
        return text
    match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{_shown(text)} is not a duration. Write a number and a unit, like 30s, 15m, 2h or 3d.")
    duration = timedelta(seconds=int(match[1]) * UNITS[match[2]])
    if not timedelta(0) < duration <= LONGEST:
        raise ValueError(f"{_shown(text)} is out of range. A duration is longer than 0s and at most 366d.")
    return duration


def duration_text(duration: timedelta) -> str:
    """The shortest way to write a duration of whole seconds: 90 minutes is 90m, 120 minutes is 2h."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit, size in UNITS.items() if seconds % size == 0)
    return f"{seconds // UNITS[unit]}{unit}"


def _shown(text: Any) -> str:
    return f'"{str(text)[:40]}"'


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(duration_text, return_type=str)]
