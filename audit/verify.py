"""Walking the chains: every entry is hashed again from what is stored, and must follow the one before it."""

from collections.abc import Iterator
from dataclasses import dataclass

from audit import canonical
from audit.chains import Frame, Party
from audit.models import Entry, Stream


@dataclass(frozen=True)
class Broken:
    """The first bad entry of a stream and what is wrong with it."""

    stream: str
    seq: int
    problem: str


def verify_stream(stream: Stream) -> Broken | None:
    """None if the whole chain of a stream holds, else its first bad entry. Memory use does not grow with the length."""
    seq, head = 0, b""
    for entry in Entry.objects.filter(stream=stream).order_by("seq").iterator(chunk_size=1000):
        problem = problem_of(entry, stream.key, seq + 1, head, canonical.digest_bytes(bytes(entry.payload)))
        if problem:
            return Broken(stream.key, seq + 1, problem)
        seq, head = entry.seq, bytes(entry.hash)
    if seq != stream.seq or head != bytes(stream.head):
        return Broken(stream.key, seq + 1, f"the chain ends at entry {seq}, but {stream.seq} were written")
    return None


def verify_all() -> Iterator[tuple[Stream, Broken | None]]:
    """Every stream with its result, in the order the streams began."""
    for stream in Stream.objects.order_by("id").iterator(chunk_size=500):
        yield stream, verify_stream(stream)


def problem_of(entry: Entry, stream: str, seq: int, head: bytes, data_digest: str) -> str:
    """What is wrong with an entry that should be number `seq` and follow the hash `head`; empty when nothing is.

    `data_digest` is the SHA-256 of the payload as it is stored now.
    """
    if entry.seq != seq:
        return f"entry {seq} is missing"
    if bytes(entry.previous) != head:
        return "it does not follow the entry before it"
    if data_digest != entry.payload_digest:
        return "its data was changed"
    if frame_of(entry, stream).hash() != bytes(entry.hash):
        return "its hash does not match its content"
    return ""


def frame_of(entry: Entry, stream: str) -> Frame:
    """The frame an entry claims, built from its stored columns."""
    return Frame(
        stream=stream,
        seq=entry.seq,
        at=entry.at,
        actor=Party(entry.actor_kind, entry.actor_ref, entry.actor_name),
        verb=entry.verb,
        subject=Party(entry.subject_kind, entry.subject_ref, entry.subject_name),
        payload_digest=entry.payload_digest,
        previous=bytes(entry.previous),
    )
