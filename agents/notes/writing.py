"""Writing notes: what an agent remembers, and what a decision proposes to remember."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from agents.models import Agent, Note
from agents.notes.places import Place
from agents.people import Person
from agents.states import NoteState
from audit import text
from audit.clock import db_now
from audit.log import party, record

LONGEST_TEXT = 2_000
LONGEST_SUBJECT = 200
LONGEST_DAYS = 3_650
USUAL_DAYS = 365


@dataclass(frozen=True)
class Source:
    """Where a note comes from. `origin` names the one call or decision, such as "call:<ref>"."""

    origin: str
    place: Place
    agent: Agent
    environment: str
    run_ref: UUID
    step_ref: UUID | None


@transaction.atomic
def remember(source: Source, subject: str, words: str, days: int = USUAL_DAYS) -> Note:
    """Keep what an agent wrote down, usable at once: its grant was checked before. A second time changes nothing."""
    return _kept(source, subject, words, days=days, by=None)


@transaction.atomic
def propose(source: Source, subject: str, words: str, *, by: Person) -> Note:
    """Keep what somebody's decision teaches, for an admin to accept. A second time changes nothing."""
    return _kept(source, subject, words, days=USUAL_DAYS, by=by)


def subject_of(words: str) -> str:
    """A subject as it is stored and compared: on one line, as PostgreSQL can hold it, of at most 200 characters."""
    return text.escape(" ".join(words.split()))[:LONGEST_SUBJECT]


def stream(note: Note) -> str:
    """The audit stream of a note."""
    return f"note:{note.ref}"


def _kept(source: Source, subject: str, words: str, *, days: int, by: Person | None) -> Note:
    now = db_now()
    note, is_new = Note.objects.get_or_create(
        origin=source.origin,
        defaults={
            "environment": source.environment,
            "workflow_ref": source.place.workflow_ref,
            "workflow_name": text.escape(source.place.workflow_name)[:160],
            "agent": source.agent,
            "subject": subject_of(subject),
            "text": text.escape(words.strip())[:LONGEST_TEXT],
            "state": NoteState.PROPOSED if by else NoteState.ACCEPTED,
            "run_ref": source.run_ref,
            "step_ref": source.step_ref,
            "proposed_by": by,
            "created_at": now,
            "changed_at": now,
            "expires_at": now + timedelta(days=days),
        },
    )
    if is_new:
        _note(note, by)
    return note


def _note(note: Note, by: Person | None) -> None:
    data = {"text": note.text, "run": str(note.run_ref), "origin": note.origin, "workflow": note.workflow_name}
    verb = "note.proposed" if by else "note.remembered"
    record(verb=verb, actor=party(by or note.agent), subject=party(note), stream=stream(note), data=data)
