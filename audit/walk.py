"""Verifying the whole record from a page, a slice at a time, so that no request takes long. Nothing is stored.

Where the walk stands travels with the page, signed, so that nobody can make it look further than it is.
"""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.core import signing
from django.db.models import Sum

from audit.models import Entry, Stream
from audit.verify import Broken, verify_stream

SALT = "audit.walk"
SLICE_SECONDS = 1.0
MOST_NAMED = 10


class NotAWalk(ValueError):
    """This is not where a check of the record stood. Start it again."""


@dataclass(frozen=True)
class Found:
    """A broken chain: its first bad entry, which has no `pk` when it is missing."""

    stream: str
    seq: int
    problem: str
    pk: int | None


@dataclass(frozen=True)
class Walk:
    """How far the check of all streams has come. `after` is the last stream looked at."""

    after: int = 0
    streams: int = 0
    entries: int = 0
    broken: int = 0
    named: tuple[Found, ...] = ()
    total: int = 0
    done: bool = False

    @property
    def token(self) -> str:
        """The walk as text that only this server can have made."""
        return signing.dumps(asdict(self), salt=SALT, compress=True)

    @property
    def percent(self) -> int:
        """How much of the record was looked at, 0 to 100."""
        return min(100, 100 * self.entries // max(self.total, 1))


def begin() -> Walk:
    """A walk that has not looked at anything."""
    return Walk(total=Stream.objects.aggregate(all=Sum("seq"))["all"] or 0)


def resume(token: str) -> Walk:
    """The walk of a token. Raises NotAWalk for anything else."""
    try:
        stored: dict[str, Any] = signing.loads(token, salt=SALT, max_age=3600)
    except signing.BadSignature as error:
        raise NotAWalk(NotAWalk.__doc__) from error
    return Walk(**stored | {"named": tuple(Found(**found) for found in stored["named"])})


def advance(walk: Walk, *, seconds: float = SLICE_SECONDS) -> Walk:
    """The walk after looking at more streams for about `seconds`, at least at one."""
    until = time.monotonic() + seconds
    for stream in Stream.objects.filter(pk__gt=walk.after).order_by("pk").iterator(chunk_size=200):
        walk = _look(walk, stream)
        if time.monotonic() >= until:
            return walk
    return replace(walk, done=True)


def find(broken: Broken) -> Found:
    """A broken chain with the entry that can be opened."""
    pk = Entry.objects.filter(stream__key=broken.stream, seq=broken.seq).values_list("pk", flat=True).first()
    return Found(broken.stream, broken.seq, broken.problem, pk)


def _look(walk: Walk, stream: Stream) -> Walk:
    walk = replace(walk, after=stream.pk, streams=walk.streams + 1, entries=walk.entries + stream.seq)
    broken = verify_stream(stream)
    if broken is None:
        return walk
    named = walk.named if len(walk.named) >= MOST_NAMED else (*walk.named, find(broken))
    return replace(walk, broken=walk.broken + 1, named=named)
