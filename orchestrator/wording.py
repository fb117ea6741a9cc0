"""How times, durations, amounts and digests are written. Pure functions of their arguments and the active time zone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.utils import timezone

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "SEK": "SEK ", "NOK": "NOK ", "DKK": "DKK "}
MINUS = "\N{MINUS SIGN}"
NO_MINOR_UNIT = frozenset(["JPY", "KRW", "CLP", "ISK", "VND"])


def duration(seconds: float) -> str:
    """A length of time in words: `320 ms`, `24 s`, `2 min 31 s`, `1 h 5 min`, `3 d 4 h`."""
    if seconds < 0:
        return f"{MINUS}{duration(-seconds)}"
    if seconds < 1:
        return f"{round(seconds * 1000)} ms" if seconds else "0 s"
    whole = round(seconds)
    for size, unit, rest_size, rest_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // rest_size
            return f"{whole // size} {unit} {rest} {rest_unit}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def stopwatch(seconds: float) -> str:
    """A length of time as digits: `0:24`, `1:10`, `1:02:03`; overdue times carry a minus."""
    whole = int(abs(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    sign = MINUS if seconds < 0 and whole else ""
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"


def clock(moment: datetime, *, now: datetime | None = None, seconds: bool = False) -> str:
    """A moment in the reader's time zone: the time today, with the day (and year) otherwise."""
    local, today = timezone.localtime(moment), timezone.localtime(now or timezone.now())
    time = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    if local.date() == today.date():
        return time
    return f"{local.day} {local:%b}, {time}" if local.year == today.year else f"{local.day} {local:%b %Y}, {time}"


def day_and_time(moment: datetime) -> str:
    """A moment in full in the reader's time zone: `23 Nov 2026, 09:31:02 CET`."""
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}"


def in_utc(moment: datetime) -> str:
    """A moment in full in UTC, for the hint that appears on hover."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y, %H:%M:%S} UTC"


def ago(moment: datetime, *, now: datetime | None = None) -> str:
    """How long ago or how far ahead a moment is: `just now`, `4 min ago`, `in 2 h`, `3 d ago`."""
    seconds = ((now or timezone.now()) - moment).total_seconds()
    distance = abs(seconds)
    if distance < 10:
        return "just now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if distance >= size:
            text = f"{int(distance // size)} {unit}"
            break
    return f"{text} ago" if seconds > 0 else f"in {text}"


def money(amount: Decimal | float | str, currency: str = "EUR") -> str:
    """An amount of major units: `€18,450.00`, with a minus sign when negative.

    Below one cent, as the cost of a model is, four digits are shown.

    Raises ValueError when `amount` is not a number.
    """
    try:
        number = Decimal(str(amount))
    except InvalidOperation as problem:
        raise ValueError(f"{amount!r} is not an amount.") from problem
    if not number.is_finite():
        raise ValueError(f"{amount!r} is not an amount.")
    digits = 0 if currency in NO_MINOR_UNIT else 4 if 0 < abs(number) < Decimal("0.01") else 2
    sign = MINUS if number < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(number):,.{digits}f}"


def short_hash(digest: str | bytes | memoryview) -> str:
    """The first eight hexadecimal digits of a digest, as people compare them."""
    text = digest if isinstance(digest, str) else bytes(digest).hex()
    return text.rpartition(":")[2][:8]


def seconds_of(value: timedelta | float | None) -> float | None:
    """A length of time in seconds, whether it came as a timedelta or as a number."""
    return value.total_seconds() if isinstance(value, timedelta) else value
