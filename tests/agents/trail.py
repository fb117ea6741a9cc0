"""Reading the record in tests."""

import json
from typing import Any

from audit.models import Entry


def verbs(stream: str) -> list[str]:
    """The verbs of one stream, oldest first."""
    return list(Entry.objects.filter(stream__key=stream).order_by("seq").values_list("verb", flat=True))


def last(stream: str) -> dict[str, Any]:
    """The data of the newest entry of a stream."""
    entry = Entry.objects.filter(stream__key=stream).order_by("-seq")[0]
    data: dict[str, Any] = json.loads(bytes(entry.payload))
    return data


def count() -> int:
    """How many entries there are."""
    return Entry.objects.count()
