"""Writing the record: one function, inside the transaction of the change it speaks of.

Each stream is a hash chain: an entry's hash covers its own frame and the hash before it, so that no entry can be
changed, removed, added or moved without breaking every later hash of its stream. The bytes that were hashed are the
bytes that are stored; nothing is hashed after a round trip through jsonb.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from audit import canonical, text, verbs
from audit.models import Entry

MOST_TEXT = 64_000
"""Characters of one text that an entry keeps. The row it speaks of has all of it, and the entry its digest."""
TAG = b"holdshort/entry/1\n"


class NotInTransaction(RuntimeError):
    """An audit entry must commit together with the change it records; open a transaction first."""


@dataclass(frozen=True)
class Party:
    """Who acted or what was acted on: a kind, a public identifier, and the name it had at that moment."""

    kind: str
    ref: str
    name: str


SYSTEM = Party("system", "holdshort", "Holdshort")


@dataclass(frozen=True)
class Frame:
    """Everything an entry's hash covers."""

    stream: str
    seq: int
    at: datetime
    actor: Party
    verb: str
    subject: Party
    payload_digest: str
    previous: bytes

    def hash(self) -> bytes:
        """SHA-256 over a domain tag and the canonical bytes of the frame."""
        body = {
            "stream": self.stream,
            "seq": self.seq,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": vars(self.actor),
            "verb": self.verb,
            "subject": vars(self.subject),
            "payload": self.payload_digest,
            "previous": self.previous.hex(),
        }
        return hashlib.sha256(TAG + canonical.dump(body)).digest()


def party(thing: Any, *, kind: str = "") -> Party:
    """A model instance with `ref` as a party, under the name it has now."""
    kind = kind or thing._meta.model_name
    return _storable(Party(kind, str(thing.ref), str(thing)))


def record(verb: str, *, actor: Party, subject: Party, stream: str, data: dict[str, Any] | None = None) -> Entry:
    """Append one entry to a stream, in the caller's transaction.

    `verb` must be registered; `data` is any JSON value and may contain hostile text, which is escaped without loss.
    Raises NotInTransaction outside a transaction, UnknownVerb for a verb without a sentence.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(NotInTransaction.__doc__)
    verbs.sentence(verb, actor="", subject="")
    payload = canonical.dump(plain(text.escape_deep(data or {})))
    stream_id, seq, head, at = _open_stream(stream)
    frame = Frame(
        stream, seq + 1, at, _storable(actor), verb, _storable(subject), canonical.digest_bytes(payload), bytes(head)
    )
    return _append(stream_id, frame, payload)


def _open_stream(key: str) -> tuple[int, int, bytes, datetime]:
    """Lock the stream's row, making it if need be, and read the database's clock.

    Time never runs backwards in a stream.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO audit_stream AS s (key, seq, head, last_at) VALUES (%s, 0, '', clock_timestamp())
               ON CONFLICT (key) DO UPDATE SET last_at = greatest(s.last_at, clock_timestamp())
               RETURNING id, seq, head, last_at""",
            [key],
        )
        row: tuple[int, int, bytes, datetime] = cursor.fetchone()
    return row


def _append(stream_id: int, frame: Frame, payload: bytes) -> Entry:
    digest = frame.hash()
    entry = Entry(
        stream_id=stream_id,
        seq=frame.seq,
        at=frame.at,
        verb=frame.verb,
        actor_kind=frame.actor.kind,
        actor_ref=frame.actor.ref,
        actor_name=frame.actor.name,
        subject_kind=frame.subject.kind,
        subject_ref=frame.subject.ref,
        subject_name=frame.subject.name,
        payload=payload,
        payload_digest=frame.payload_digest,
        previous=frame.previous,
        hash=digest,
    )
    entry.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_stream SET seq = %s, head = %s WHERE id = %s", [frame.seq, digest, stream_id])
    return entry


def _storable(who: Party) -> Party:
    return Party(who.kind, text.escape(who.ref)[:64], text.escape(who.name)[:160])


def plain(value: Any) -> Any:
    """A JSON value as every reader and PostgreSQL's jsonb give it back alike.

    Numbers without a canonical form become text; long texts are cut.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return text.shorten(value, MOST_TEXT)
    return value if value is None or _has_form(value) else text.escape(str(value))


def _has_form(value: Any) -> bool:
    """Whether a scalar has one form: whole numbers beyond 2^53 have several, also those that are floats."""
    if isinstance(value, int):
        return abs(value) <= canonical.SAFE_INTEGER
    return isinstance(value, float) and abs(value) <= canonical.SAFE_INTEGER
