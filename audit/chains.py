"""Chains of entries: what an entry's hash covers, and the links as they are stored.

Pure: nothing here reads or writes. `audit.log.record` appends one link in the caller's transaction; the fast lane of
the engine makes links itself and stores them in the statement that stores what they speak of.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit import canonical, text, verbs
from audit.models import Entry
from audit.prepared import Prepared

MOST_TEXT = 64_000
"""Characters of one text that an entry keeps. The row it speaks of has all of it, and the entry its digest."""
TAG = b"holdshort/entry/1\n"
_MARK = text.MARK.encode()
_quoted = json.encoder.encode_basestring  # writes a text as RFC 8785, section 3.2.2.2, does
COLUMNS = (
    *("stream_id", "seq", "at", "verb", "actor_kind", "actor_ref", "actor_name"),
    *("subject_kind", "subject_ref", "subject_name", "payload", "payload_digest", "previous", "hash"),
)
TYPES = {
    **dict.fromkeys(COLUMNS, "text"),
    **{"stream_id": "bigint", "seq": "bigint", "at": "timestamptz"},
    **dict.fromkeys(("payload", "previous", "hash"), "bytea"),
}
_values = ", ".join(f"%({name})s" for name in COLUMNS)


def appending(rows: str = "", types: Mapping[str, str] | None = None, gives: str = "id") -> Prepared:
    """The statement that appends an entry, and stores `rows` before: further parts of a WITH.

    It gives the entry's key, or something of those rows. The caller has locked the stream.
    """
    text = f"""
WITH {rows}{", " if rows else ""}moved AS (
  UPDATE audit_stream SET seq = %(seq)s, head = %(hash)s WHERE id = %(stream_id)s
)
INSERT INTO audit_entry ({", ".join(COLUMNS)}) VALUES ({_values}) RETURNING {gives}
"""  # noqa: S608 - made of the names above
    return Prepared(text, {**(types or {}), **TYPES})


def opening(rows: str, types: Mapping[str, str]) -> Prepared:
    """The statement that opens a stream (`key`) with its first entry, and stores `rows`: further parts of a WITH."""
    text = f"""
WITH {rows}, opened AS (
  INSERT INTO audit_stream (key, seq, head, last_at) VALUES (%(key)s, %(seq)s, %(hash)s, %(at)s) RETURNING id
)
INSERT INTO audit_entry ({", ".join(COLUMNS)}) SELECT id, {_values.partition(", ")[2]} FROM opened
"""  # noqa: S608 - made of the names above
    return Prepared(text, {**types, **TYPES, "key": "text"})


APPEND = appending()


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
        """SHA-256 over a domain tag and the canonical bytes of the frame (RFC 8785: keys in order, nothing between)."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        body = (
            f'{{"actor":{_party(self.actor)},"at":{_quoted(at)},"payload":{_quoted(self.payload_digest)},'
            f'"previous":{_quoted(self.previous.hex())},"seq":{self.seq},"stream":{_quoted(self.stream)},'
            f'"subject":{_party(self.subject)},"verb":{_quoted(self.verb)}}}'
        )
        return hashlib.sha256(TAG + body.encode()).digest()


def _party(who: Party) -> str:
    return f'{{"kind":{_quoted(who.kind)},"name":{_quoted(who.name)},"ref":{_quoted(who.ref)}}}'


@dataclass(frozen=True)
class Link:
    """One entry as it is stored: a value for each column."""

    columns: dict[str, Any]

    def entry(self, pk: int) -> Entry:
        """The row that was stored under this key."""
        return Entry(pk=pk, **self.columns)


@dataclass
class Chain:
    """A stream at one moment: its row, the number and the hash of its last entry. `link` moves it on."""

    stream_id: int
    key: str
    seq: int
    head: bytes

    def link(self, verb: str, *, actor: Party, subject: Party, data: dict[str, Any], at: datetime) -> Link:
        """The next entry. `verb` must be registered (else UnknownVerb); `data` may contain hostile text."""
        verbs.sentence(verb, actor="", subject="")
        payload = payload_of(data)
        actor, subject = storable(actor), storable(subject)
        frame = Frame(self.key, self.seq + 1, at, actor, verb, subject, canonical.digest_bytes(payload), self.head)
        digest = frame.hash()
        columns = {
            "stream_id": self.stream_id,
            "seq": frame.seq,
            "at": at,
            "verb": verb,
            "actor_kind": actor.kind,
            "actor_ref": actor.ref,
            "actor_name": actor.name,
            "subject_kind": subject.kind,
            "subject_ref": subject.ref,
            "subject_name": subject.name,
            "payload": payload,
            "payload_digest": frame.payload_digest,
            "previous": frame.previous,
            "hash": digest,
        }
        self.seq, self.head = frame.seq, digest
        return Link(columns)


def payload_of(data: dict[str, Any]) -> bytes:
    """The canonical bytes that are kept of an entry's data, hostile text escaped and long texts cut."""
    return fit(data)[1]


def fit(value: Any) -> tuple[Any, bytes]:
    """A JSON value as it can be stored and is given back alike, hostile text escaped and long texts cut.

    With it come its canonical bytes.
    """
    raw = _plain_bytes(value)
    if raw:
        return value, raw
    value = plain(text.escape_deep(value))
    return value, canonical.dump(value)


def _plain_bytes(value: Any) -> bytes:
    """The canonical bytes of a value in which nothing is to be escaped or cut, which nearly all are; else none."""
    try:
        raw = canonical.dump(value)
    except canonical.NotCanonical:
        return b""
    return raw if len(raw) <= MOST_TEXT and _MARK not in raw else b""


def storable(who: Party) -> Party:
    """A party whose texts fit their columns."""
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
