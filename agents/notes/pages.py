"""What the pages of the memory show, gathered in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.access import may, visible
from agents.models import Agent, Note
from agents.notes.filters import NoteFilters
from agents.notes.judging import is_usable
from agents.notes.writing import stream
from agents.people import Person
from agents.states import NoteState
from audit import canonical, links
from audit.clock import db_now
from audit.lines import Line, lines_of
from audit.models import Entry

PAGE = 50
MOST_CHANGES = 100
MOST_DATA = 100_000


@dataclass(frozen=True)
class NoteRow:
    """A note with the short name and address of the run it comes from. `expired` is one that agents read no more."""

    note: Note
    code: str
    url: str
    expired: bool

    @property
    def written_by(self) -> Person | Agent:
        """The person whose decision proposed it, or the agent that wrote it."""
        return self.note.proposed_by or self.note.agent


@dataclass(frozen=True)
class NotesPage:
    """Some notes. `older` is where the next page begins, None on the last one."""

    rows: tuple[NoteRow, ...]
    older: int | None
    waiting: bool
    any: bool


@dataclass(frozen=True)
class Change:
    """One change of a note: the sentence of the record, and what it said and why, where that is still kept."""

    line: Line
    text: str
    before: str
    reason: str


@dataclass(frozen=True)
class NotePage:
    """One note, what became of it, and what its reader may do."""

    row: NoteRow
    usable: bool
    history: tuple[Change, ...]
    may_change: bool

    @property
    def proposed(self) -> bool:
        """Whether it waits for an admin."""
        return self.row.note.state == NoteState.PROPOSED

    @property
    def deleted(self) -> bool:
        """Whether its text is gone."""
        return self.row.note.state == NoteState.DELETED


def notes_page(user: Person, filters: NoteFilters, before: int | None) -> NotesPage:
    """The newest notes that match, or those older than the note `before`. The same number of queries at any size."""
    mine = visible(user, Note)
    found = mine.filter(filters.condition()).select_related("agent", "proposed_by").defer("search").order_by("-pk")
    notes = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    shown = notes[:PAGE]
    return NotesPage(
        rows=rows_of(shown, db_now()),
        older=shown[-1].pk if len(notes) > PAGE else None,
        waiting=mine.filter(state=NoteState.PROPOSED).exists(),
        any=bool(notes) or mine.exists(),
    )


def note_page(user: Person, note: Note) -> NotePage:
    """The page of a note the person may see."""
    now = db_now()
    return NotePage(
        row=rows_of([note], now)[0],
        usable=is_usable(note, now),
        history=tuple(_history(note)),
        may_change=may(user, "agents.change_note", note),
    )


def rows_of(notes: Iterable[Note], now: datetime) -> tuple[NoteRow, ...]:
    """The notes with the runs they come from; one query for all of them."""
    notes = list(notes)
    codes = links.codes_of("run", {str(note.run_ref) for note in notes})
    return tuple(
        NoteRow(
            note=note,
            code=codes.get(str(note.run_ref), ""),
            url=links.url_of("run", str(note.run_ref)),
            expired=note.expires_at is not None and note.expires_at <= now,
        )
        for note in notes
    )


def agents_to_choose(user: Person) -> Iterable[Agent]:
    """The agents by which this reader may narrow the list down."""
    return visible(user, Agent).only("name", "title").order_by("title")


def _history(note: Note) -> Iterable[Change]:
    """What became of a note, newest first. What a deleted one said stands in the audit log only."""
    entries = Entry.objects.filter(stream__key=stream(note)).order_by("-seq")[:MOST_CHANGES]
    for line in lines_of(entries, data_up_to=MOST_DATA):
        data = canonical.parse(line.data) if line.data is not None else {}
        yield Change(line, *_said(data, hidden=note.state == NoteState.DELETED))


def _said(data: dict[str, Any], *, hidden: bool) -> tuple[str, str, str]:
    before = data.get("before") or {}
    said = ("", "") if hidden else (str(data.get("text", "")), str(before.get("text", "")))
    return (*said, str(data.get("reason", "")))
