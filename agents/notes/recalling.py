"""Reading notes for an agent: only what it may see, only what holds, and never more than fits."""

import operator
from dataclasses import dataclass
from functools import reduce
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Q, QuerySet

from agents.models import Note
from agents.notes.writing import subject_of
from agents.states import NOTE_USABLE
from audit import links, text
from audit.clock import db_now

MOST_NOTES = 20
MOST_CHARACTERS = 20_000
MOST_WORDS = 20


@dataclass(frozen=True)
class Asking:
    """Who asks: an agent by its name, in one environment, for one workflow."""

    workflow_ref: UUID
    agent: str
    environment: str


def recall(asking: Asking, *, subject: str = "", query: str = "", limit: int = MOST_NOTES) -> dict[str, Any]:
    """The notes for an agent, the best match first, without words to match the newest; at most 20,000 characters.

    With a subject it gets what every agent of its workflow noted about exactly that; without, only its own notes.
    Expired, deleted and not yet accepted ones are left out. `more` says that others match as well.
    """
    found = _ranked(_readable(asking, subject_of(subject)), query)
    notes = list(found.select_related("agent", "proposed_by")[: min(limit, MOST_NOTES) + 1])
    kept = _fitting(notes[: min(limit, MOST_NOTES)])
    codes = links.codes_of("run", {str(note.run_ref) for note in kept})
    return {
        "notes": [_told(note, codes.get(str(note.run_ref), "")) for note in kept],
        "more": len(kept) < len(notes),
    }


def _readable(asking: Asking, subject: str) -> QuerySet[Note]:
    holds = Q(expires_at=None) | Q(expires_at__gt=db_now())
    notes = Note.objects.filter(
        holds, workflow_ref=asking.workflow_ref, environment=asking.environment, state__in=NOTE_USABLE
    )
    return notes.filter(subject=subject) if subject else notes.filter(agent__name=asking.agent)


def _ranked(notes: QuerySet[Note], query: str) -> QuerySet[Note]:
    """With words, the notes that have at least one of them: models ask in sentences, which no note has whole."""
    words = text.escape(query).split()[:MOST_WORDS]
    if not words:
        return notes.order_by("-pk")
    wanted = reduce(operator.or_, (SearchQuery(word, config="simple") for word in words))
    return notes.filter(search=wanted).annotate(rank=SearchRank(F("search"), wanted)).order_by("-rank", "-pk")


def _fitting(notes: list[Note]) -> list[Note]:
    size = 0
    for place, note in enumerate(notes):
        size += len(note.text) + len(note.subject)
        if size > MOST_CHARACTERS:
            return notes[:place]
    return notes


def _told(note: Note, code: str) -> dict[str, Any]:
    return {
        "note": str(note.ref),
        "subject": note.subject,
        "text": note.text,
        "written_by": str(note.proposed_by or note.agent),
        "date": note.created_at.date().isoformat(),
        "run": code or str(note.run_ref),
    }
