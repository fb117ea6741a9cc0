"""Entries as people read them: a sentence, where it leads, and whether it still is what was written.

Pages show many entries at once, so the database hashes the payloads and looks up each predecessor: one query, and no
payload travels that is not shown.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import (
    BinaryField,
    Case,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)

from audit import canonical, verbs, verify
from audit.log import Party
from audit.models import Entry

ICONS = {"user": "user", "agent": "agent", "agentversion": "agent", "apitoken": "key"}


class Words(NamedTuple):
    """A piece of a sentence. Names come from outside and are shown inert."""

    text: str
    is_name: bool


@dataclass(frozen=True)
class Line:
    """One entry to be shown. `data` is the payload as stored, None when it was not asked for or is larger than asked.

    `problem` says what is wrong with it, empty when it hashes to what it should and follows the entry before it.
    """

    pk: int
    stream: str
    seq: int
    at: datetime
    actor: Party
    verb: str
    subject: Party
    sentence: tuple[Words, ...]
    data: bytes | None
    size: int
    data_digest: str
    hash: str
    previous: str
    problem: str

    @property
    def icon(self) -> str:
        """The symbol of whoever acted."""
        return ICONS.get(self.actor.kind, "data")

    @property
    def stream_kind(self) -> str:
        """What the stream belongs to, such as "run"."""
        return self.stream.partition(":")[0]

    @property
    def stream_ref(self) -> str:
        """The ref of what the stream belongs to."""
        return self.stream.partition(":")[2]


def lines_of(entries: QuerySet[Entry], *, data_up_to: int = 0) -> list[Line]:
    """These entries as lines, in their order, with payloads of up to `data_up_to` bytes. One query."""
    before = Entry.objects.filter(stream=OuterRef("stream"), seq=OuterRef("seq") - 1).values("hash")[:1]
    digest = Func(Func(F("payload"), function="sha256"), Value("hex"), function="encode", output_field=TextField())
    size = Func(F("payload"), function="octet_length", output_field=IntegerField())
    rows = (
        entries.select_related("stream")
        .defer("payload")
        .annotate(hash_before=Subquery(before), stored_digest=digest, size=size)
        .annotate(data=Case(When(size__lte=data_up_to, then=F("payload")), output_field=BinaryField(null=True)))
    )
    return [_line(row, row.hash_before, row.stored_digest, row.size, row.data) for row in rows]


def line_of(entry: Entry) -> Line:
    """One entry as a line, with its whole payload."""
    return lines_of(Entry.objects.filter(pk=entry.pk), data_up_to=2**31 - 1)[0]


def _line(entry: Entry, before: bytes | None, digest: str, size: int, data: bytes | None) -> Line:
    actor = Party(entry.actor_kind, entry.actor_ref, entry.actor_name)
    subject = Party(entry.subject_kind, entry.subject_ref, entry.subject_name)
    return Line(
        pk=entry.pk,
        stream=entry.stream.key,
        seq=entry.seq,
        at=entry.at,
        actor=actor,
        verb=entry.verb,
        subject=subject,
        sentence=sentence_of(entry.verb, actor.name, subject.name),
        data=bytes(data) if data is not None else None,
        size=size,
        data_digest=entry.payload_digest,
        hash=bytes(entry.hash).hex(),
        previous=bytes(entry.previous).hex(),
        problem=_problem(entry, before, digest),
    )


def _problem(entry: Entry, before: bytes | None, digest: str) -> str:
    if entry.seq > 1 and before is None:
        return f"entry {entry.seq - 1} is missing"
    try:
        return verify.problem_of(entry, entry.stream.key, entry.seq, bytes(before or b""), digest)
    except canonical.NotCanonical:
        return "it holds text that was never written this way"


def sentence_of(verb: str, actor: str, subject: str) -> tuple[Words, ...]:
    """The sentence of a verb in pieces. A verb that has lost its sentence is shown by its own name."""
    template = verbs.SENTENCES.get(verb, f"{{actor}} recorded “{verb}” about {{subject}}.")
    return tuple(_pieces(template, {"{actor}": actor, "{subject}": subject}))


def _pieces(template: str, names: dict[str, str]) -> Iterable[Words]:
    for piece in re.split(r"(\{actor\}|\{subject\})", template):
        if piece:
            yield Words(names.get(piece, piece), piece in names)
