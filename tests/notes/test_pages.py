"""The pages of the memory: found, filtered, judged, corrected and deleted; others see nothing; all text is inert."""

import re
from typing import Any

import pytest
from django.urls import reverse

from agents.models import Note
from agents.notes.judging import is_usable
from agents.states import NoteState
from audit.models import Entry
from orchestrator.accounts.models import User
from tests.notes.scenes import Memory, a_keeper, a_note, yesterday
from tests.reading import HOSTILE, dangers, queries_of, signed_in
from tests.world import World

LIST = "/memory/"


def listed(user: User, query: str = "") -> str:
    answer = signed_in(user).get(LIST + query)
    assert answer.status_code == 200
    return answer.content.decode()


def send(user: User, note: Note, what: str, **fields: Any) -> Any:
    """Send one of the forms of a note's page, as the note is now unless `seen` says otherwise."""
    return signed_in(user).post(reverse(f"note-{what}", args=[note.ref]), {"seen": note.version, **fields})


def verbs(note: Note) -> list[str]:
    return list(Entry.objects.filter(stream__key=f"note:{note.ref}").order_by("seq").values_list("verb", flat=True))


def test_the_empty_page_says_how_notes_come_about(world: World) -> None:
    assert "Nothing is remembered yet" in listed(world.hana)


def test_only_admins_and_auditors_see_notes_and_only_admins_judge_them(world: World, memory: Memory) -> None:
    note = a_note(memory, state=NoteState.PROPOSED)
    for user in (world.ines, world.otto):
        assert signed_in(user).get(LIST).status_code == 404
        assert signed_in(user).get(f"{LIST}{note.ref}/").status_code == 404
        assert send(user, note, "accept").status_code == 404
    assert "Pays late." in listed(world.lukas)
    page = signed_in(world.lukas).get(f"{LIST}{note.ref}/").content.decode()
    assert "Accept the note" not in page
    for what in ("accept", "refuse", "correct", "delete"):
        assert send(world.lukas, note, what, reason="x", text="y").status_code == 403
    note.refresh_from_db()
    assert note.state == NoteState.PROPOSED


def test_a_proposed_note_is_accepted_once(world: World, memory: Memory) -> None:
    note = a_note(memory, state=NoteState.PROPOSED)
    assert send(world.hana, note, "accept").status_code == 302
    assert send(world.hana, note, "accept").status_code == 409
    note.refresh_from_db()
    assert (note.state, note.version) == (NoteState.ACCEPTED, 2)
    assert verbs(note) == ["note.remembered", "note.accepted"]
    assert "judged this note already" in send(world.hana, note, "accept").content.decode()


def test_a_refused_note_loses_its_text_and_keeps_its_row(world: World, memory: Memory) -> None:
    note = a_note(memory, "A guess.", state=NoteState.PROPOSED)
    assert send(world.hana, note, "refuse", reason=" ").status_code == 422
    assert send(world.hana, note, "refuse", reason="Only a guess.").status_code == 302
    note.refresh_from_db()
    assert (note.state, note.text) == (NoteState.DELETED, "")
    assert verbs(note) == ["note.remembered", "note.refused"]


def test_a_corrected_note_says_something_else_and_the_history_says_what_it_said(world: World, memory: Memory) -> None:
    note = a_note(memory, "Pays late.")
    kept = send(world.hana, note, "correct", text="Pays on time.", reason="", until="2031-01-31")
    assert kept.status_code == 422
    assert "Pays on time." in kept.content.decode()
    done = send(world.hana, note, "correct", text="Pays on time.", reason="Checked.", until="2031-01-31")
    assert done.status_code == 302
    note.refresh_from_db()
    assert (note.state, note.text) == (NoteState.CORRECTED, "Pays on time.")
    assert note.expires_at is not None
    assert note.expires_at.date().isoformat() == "2031-01-31"
    page = signed_in(world.hana).get(f"{LIST}{note.ref}/").content.decode()
    assert "Pays late." in page
    assert "Checked." in page
    stale = send(world.hana, note, "correct", text="Other.", reason="x", seen=1)
    assert stale.status_code == 409
    assert f'value="{note.version}"' in stale.content.decode()


def test_a_deleted_note_is_gone_from_the_pages_and_its_row_stays(world: World, memory: Memory) -> None:
    note = a_note(memory, "Secret of K-1.")
    assert send(world.hana, note, "delete", reason="Wrong customer.").status_code == 302
    note.refresh_from_db()
    assert (note.state, note.text) == (NoteState.DELETED, "")
    page = signed_in(world.hana).get(f"{LIST}{note.ref}/").content.decode()
    assert "Secret" not in page
    assert "Wrong customer." in page
    assert "Secret" not in listed(world.hana)
    assert "Secret" not in listed(world.hana, "?q=secret")
    again = send(world.hana, note, "correct", text="Back.", reason="x")
    assert again.status_code == 422
    assert "cannot be changed any more" in again.content.decode()


@pytest.mark.parametrize(
    "fields", [{"seen": "x"}, {"seen": ""}, {"until": "soon"}, {"text": " "}, {"text": "x" * 2001}]
)
def test_bad_input_is_a_sentence(world: World, memory: Memory, fields: dict[str, str]) -> None:
    note = a_note(memory)
    answer = send(world.hana, note, "correct", **{"text": "New.", "reason": "Why.", "until": ""} | fields)
    assert answer.status_code == 422
    note.refresh_from_db()
    assert note.version == 1


def test_the_list_is_searched_and_filtered(world: World, memory: Memory) -> None:
    other = a_keeper(world, memory.tools, "other")
    a_note(memory, "The parcel was lost.", subject="K-1")
    a_note(memory, "Prefers letters.", subject="K-2", agent=other, workflow_name="Claims")
    a_note(memory, "Maybe fraud.", subject="K-3", state=NoteState.PROPOSED)
    for query, found in (
        ("?q=lost parcel", ["parcel"]),
        ('?q="parcel lost"', []),
        ("?agent=other", ["letters"]),
        ("?workflow=claim", ["letters"]),
        ("?subject=k-2", ["letters"]),
        ("?state=proposed", ["fraud"]),
        ("?state=proposed&q=parcel", []),
    ):
        html = listed(world.hana, query)
        assert [word for word in ("parcel was", "letters", "fraud") if f"{word}" in html] == [
            word if word != "parcel" else "parcel was" for word in found
        ], query
    assert "No notes match" in listed(world.hana, "?q=nothing")
    assert "is not a state of notes" in listed(world.hana, "?state=odd")
    for odd in ("?before=x", "?before=9999999999999999999999", "?q=%00", "?q='&|!", "?subject=%F0%9F%98%80"):
        listed(world.hana, odd)


def test_the_list_goes_on_where_it_ended_and_takes_as_many_queries(world: World, memory: Memory) -> None:
    a_note(memory, "Note 0.")
    few = queries_of(signed_in(world.hana), LIST)
    for number in range(1, 60):
        a_note(memory, f"Note {number}.")
    assert queries_of(signed_in(world.hana), LIST) == few
    first = listed(world.hana)
    assert ("Note 59." in first, "Note 9." in first) == (True, False)
    oldest = Note.objects.order_by("-pk")[49]
    rest = listed(world.hana, f"?before={oldest.pk}")
    assert ("Note 9." in rest, "Note 0." in rest, "Note 10." in rest) == (True, True, False)


def test_hostile_text_is_only_text(world: World, memory: Memory) -> None:
    """T21, T23, T26, T27: stored, escaped, and shown with its invisible characters marked."""
    note = a_note(memory, HOSTILE, subject=HOSTILE, workflow_name="<b>x</b>\u202e", state=NoteState.PROPOSED)
    send(world.hana, note, "correct", text=HOSTILE.replace("\x00", "").replace("\ud800", ""), reason="<i>\u202e</i>")
    for address in (LIST, f"{LIST}{note.ref}/", f"{LIST}?q=stolen&subject=%3Cscript%3E"):
        html = signed_in(world.hana).get(address).content.decode()
        shown = re.sub(r"(?s)<textarea.*?</textarea>", "", html)  # what is typed over is as it is
        assert not dangers(shown), dangers(shown)


def test_what_expired_says_so(world: World, memory: Memory) -> None:
    note = a_note(memory, expires_at=yesterday())
    assert not is_usable(note, note.created_at)
    assert "Expired" in listed(world.hana)
    assert "Expired: agents cannot read it" in signed_in(world.hana).get(f"{LIST}{note.ref}/").content.decode()


def test_the_audit_log_leads_to_the_note(world: World, memory: Memory) -> None:
    note = a_note(memory)
    assert f'href="/memory/{note.ref}/"' in signed_in(world.lukas).get("/audit/").content.decode()
