"""What people do with notes: accept or refuse what was proposed, correct and delete. Each is one audited change."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from agents import exceptions
from agents.access import access_note
from agents.models import Note
from agents.notes.writing import LONGEST_TEXT, stream
from agents.people import Person
from agents.states import NOTE_USABLE, NoteState
from audit import text
from audit.clock import db_now
from audit.log import party, record

Change = Callable[[Note], dict[str, Any]]


def accept_note(*, note: Note, by: Person, seen: int) -> Note:
    """Let agents read a proposed note. Raises SeenOther when it is not what the person saw, NotProposed."""

    def accept(note: Note) -> dict[str, Any]:
        _require_proposed(note)
        note.state = NoteState.ACCEPTED
        return {"text": note.text}

    return _change(note, by, seen, "note.accepted", accept)


def refuse_note(*, note: Note, by: Person, seen: int, reason: str) -> Note:
    """Do not let a proposed note be read: its text goes. Raises SeenOther, NotProposed or NoReason."""
    reason = _reason(reason)

    def refuse(note: Note) -> dict[str, Any]:
        _require_proposed(note)
        note.state, note.text = NoteState.DELETED, ""
        return {"reason": reason}

    return _change(note, by, seen, "note.refused", refuse)


def correct_note(*, note: Note, by: Person, seen: int, words: str, expires_at: datetime | None, reason: str) -> Note:
    """Change what a note says, and until when it holds (None: for good). A proposed one is thereby accepted.

    Raises SeenOther, NoReason, NoText, or NoteDeleted.
    """
    reason, words = _reason(reason), text.escape(words.strip())[:LONGEST_TEXT]
    if not words:
        raise exceptions.NoText

    def correct(note: Note) -> dict[str, Any]:
        _require_kept(note)
        before = {"text": note.text, "expires_at": note.expires_at and note.expires_at.isoformat()}
        note.state, note.text, note.expires_at = NoteState.CORRECTED, words, expires_at
        after = {"text": words, "expires_at": expires_at and expires_at.isoformat()}
        return {"before": before, **after, "reason": reason}

    return _change(note, by, seen, "note.corrected", correct)


def delete_note(*, note: Note, by: Person, seen: int, reason: str) -> Note:
    """Take the text of a note away for good; the row stays. Raises SeenOther, NoReason or NoteDeleted."""
    reason = _reason(reason)

    def delete(note: Note) -> dict[str, Any]:
        _require_kept(note)
        note.state, note.text = NoteState.DELETED, ""
        return {"reason": reason}

    return _change(note, by, seen, "note.deleted", delete)


def is_usable(note: Note, now: datetime) -> bool:
    """Whether agents may read a note at this moment."""
    return note.state in NOTE_USABLE and (note.expires_at is None or note.expires_at > now)


def _change(note: Note, by: Person, seen: int, verb: str, change: Change) -> Note:
    with transaction.atomic(durable=True):
        note = access_note(by, note.ref, change=True, lock=True)
        if note.version != seen:
            raise exceptions.SeenOther
        data = change(note)
        note.version += 1
        note.changed_at = db_now()
        note.save(update_fields=["state", "text", "expires_at", "version", "changed_at"])
        record(verb, actor=party(by), subject=party(note), stream=stream(note), data=data)
    return note


def _require_proposed(note: Note) -> None:
    if note.state != NoteState.PROPOSED:
        raise exceptions.NotProposed


def _require_kept(note: Note) -> None:
    if note.state == NoteState.DELETED:
        raise exceptions.NoteDeleted


def _reason(reason: str) -> str:
    reason = text.escape(reason.strip())[:500]
    if not reason:
        raise exceptions.NoReason
    return reason
