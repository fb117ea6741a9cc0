"""Writing the record: one function, inside the transaction of the change it speaks of.

Each stream is a hash chain: an entry's hash covers its own frame and the hash before it, so that no entry can be
changed, removed, added or moved without breaking every later hash of its stream. The bytes that were hashed are the
bytes that are stored; nothing is hashed after a round trip through jsonb.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from audit.chains import APPEND, SYSTEM, Chain, Party, storable
from audit.models import Entry
from audit.prepared import Statement

__all__ = ("SYSTEM", "NotInTransaction", "Party", "open_stream", "party", "record")


class NotInTransaction(RuntimeError):
    """An audit entry must commit together with the change it records; open a transaction first."""


def party(thing: Any, *, kind: str = "") -> Party:
    """A model instance with `ref` as a party, under the name it has now."""
    kind = kind or thing._meta.model_name
    return storable(Party(kind, str(thing.ref), str(thing)))


def record(verb: str, *, actor: Party, subject: Party, stream: str, data: dict[str, Any] | None = None) -> Entry:
    """Append one entry to a stream, in the caller's transaction.

    `verb` must be registered; `data` is any JSON value and may contain hostile text, which is escaped without loss.
    Raises NotInTransaction outside a transaction, UnknownVerb for a verb without a sentence.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(NotInTransaction.__doc__)
    chain, at = open_stream(stream)
    link = chain.link(verb, actor=actor, subject=subject, data=data or {}, at=at)
    pk = APPEND.first(link.columns)
    assert pk is not None
    return link.entry(int(pk))


def open_stream(key: str) -> tuple[Chain, datetime]:
    """Lock the stream's row, making it if need be, and read the database's clock.

    Time never runs backwards in a stream. For statements that store an entry with what it speaks of; anything else
    calls `record`.
    """
    ((pk, seq, head, at),) = _LOCK.rows((key,))
    return Chain(pk, key, seq, bytes(head)), at


_LOCK = Statement("""
INSERT INTO audit_stream AS s (key, seq, head, last_at) VALUES ($1, 0, '', clock_timestamp())
ON CONFLICT (key) DO UPDATE SET last_at = greatest(s.last_at, clock_timestamp()) RETURNING id, seq, head, last_at
""")
