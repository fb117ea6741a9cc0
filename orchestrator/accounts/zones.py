"""The time zones of the IANA database, as this machine knows them."""

from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, available_timezones

_NOT_A_PLACE = frozenset(["Factory", "localtime", "posixrules"])


@cache
def zone_names() -> frozenset[str]:
    """Every name that `ZoneInfo` takes and a person may choose."""
    return frozenset(available_timezones()) - _NOT_A_PLACE


@cache
def zone_choices() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The names by continent, each with the words to show; those that name no continent come last."""
    pairs = sorted((_continent(name), name) for name in zone_names())
    groups = {
        continent: tuple((name, _words(name, continent)) for _, name in found)
        for continent, found in groupby(pairs, key=lambda pair: pair[0])
    }
    rest = groups.pop("", ())
    return (("", (("UTC", "UTC"),)), *groups.items(), ("Other", tuple(pair for pair in rest if pair[0] != "UTC")))


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name, and UTC for one that this machine does not know."""
    return ZoneInfo(name if name in zone_names() else "UTC")


def _continent(name: str) -> str:
    first, _, rest = name.partition("/")
    return first if rest and first != "Etc" else ""


def _words(name: str, continent: str) -> str:
    return name.removeprefix(f"{continent}/").replace("/", ": ").replace("_", " ")
