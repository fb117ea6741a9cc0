"""The memory in a real browser: axe finds nothing, nothing scrolls sideways, and judging needs no JavaScript."""

import pytest
from playwright.sync_api import expect

from agents.models import Note
from agents.states import NoteState
from tests.browser.barriers import problems_in
from tests.browser.hostile import HIDDEN, SHORT
from tests.browser.test_hostile import UNMARKED, watched
from tests.browsing import Visitor
from tests.notes.scenes import a_memory, a_note, yesterday
from tests.reading import HOSTILE
from tests.world import World, a_world


@pytest.fixture
def cast(transactional_db: None) -> World:
    return a_world()


@pytest.fixture
def note(cast: World) -> Note:
    """A note that waits for an admin, among others."""
    memory = a_memory(cast)
    a_note(memory, "Prefers letters to mails, and asks for one copy more.", subject="K-2041")
    a_note(memory, "Paid late three times.", subject="K-1180", expires_at=yesterday())
    a_note(memory, HOSTILE, subject="K-" + "9" * 150)
    a_note(memory, subject="K-3", state=NoteState.DELETED)
    return a_note(memory, "Ines rejected a refund: the parcel was delivered.", subject="88-1", state=NoteState.PROPOSED)


def test_axe_finds_nothing_and_nothing_scrolls_sideways(visitor: Visitor, cast: World, note: Note) -> None:
    """With all disclosures open, at 1440 and 390 pixels, light and dark."""
    page = visitor(cast.hana)
    for address in ("/memory/", f"/memory/{note.ref}/", "/memory/?q=nothing"):
        page.goto(address)
        for closed in page.locator("main details:not([open]) summary").all():
            closed.click()
        assert problems_in(page) == [], address


def test_what_agents_noted_is_only_text(visitor: Visitor, cast: World, site: str) -> None:
    """T21 to T29: nothing runs, nothing is fetched, and what cannot be seen is marked."""
    memory = a_memory(cast)
    notes = [a_note(memory, payload, subject=payload) for payload in SHORT]
    watch = watched(visitor(cast.lukas), site)
    for address in ("/memory/", *(f"/memory/{note.ref}/" for note in notes)):
        watch.page.goto(address)
        watch.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert not watch.harm(), address
        assert not watch.page.evaluate(UNMARKED, HIDDEN), address


@pytest.mark.parametrize("javascript", [True, False])
def test_an_admin_corrects_what_was_proposed_and_deletes_it(
    visitor: Visitor, cast: World, note: Note, javascript: bool
) -> None:
    page = visitor(cast.hana, javascript=javascript)
    page.goto("/memory/?state=proposed")
    page.get_by_role("link", name="88-1").click()
    page.get_by_label("What agents are to remember").fill("The parcel of 88-1 was delivered.")
    page.locator("form", has_text="Save the correction").get_by_label("Why").fill("Shorter.")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.get_by_text("Agents may read it", exact=True)).to_be_visible()
    page.get_by_label("Why").last.fill("No longer needed.")
    page.get_by_role("button", name="Delete the note").click()
    expect(page.get_by_text("The text was deleted.")).to_be_visible()
    note.refresh_from_db()
    assert (note.state, note.text) == (NoteState.DELETED, "")


def test_the_list_narrows_while_one_types(visitor: Visitor, cast: World, note: Note) -> None:
    page = visitor(cast.hana)
    page.goto("/memory/")
    page.get_by_label("Search notes").fill("letters")
    expect(page.locator("#notes tbody tr")).to_have_count(1)
    assert "q=letters" in page.url
