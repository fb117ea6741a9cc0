"""What reviewers edit or reject is proposed as a note: once, made of what is stored, and never for what was undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from agents.models import Note
from agents.states import NoteState
from approvals import noting, tasks
from approvals.actions import undo
from approvals.models import Decision, Review
from approvals.states import Verdict
from audit.models import Entry
from tests.notes.scenes import a_memory, asked
from tests.runs.test_engine import Use, waiting_refund
from tests.scenes import Company, arguments_of, drive, say
from tests.world import World


@pytest.fixture
def review(company: Company, world: World, script: Use, settings: Any) -> Review:
    """A refund that waits for the Refund desk."""
    settings.HOLDSHORT_HOLD_SECONDS = 0
    return waiting_refund(company, world, script)[1]


def rejected(review: Review, world: World) -> Decision:
    return say(review, world.ines, Verdict.REJECT, reason_code="data", reason="The parcel was delivered.")


def test_a_rejection_proposes_a_note_once(review: Review, company: Company, world: World) -> None:
    assert review.call is not None
    decision = rejected(review, world)
    note = noting.note_decision(decision.ref)
    assert note is not None
    assert note == noting.note_decision(decision.ref) == Note.objects.get()
    order = arguments_of(review.call)["order_id"]
    assert (note.state, note.subject, note.agent) == (NoteState.PROPOSED, order, company.agent)
    assert (note.run_ref, note.workflow_name, note.proposed_by) == (review.run_ref, "Refund", world.ines)
    expected = f"Ines Moreau rejected “{review.short}”: Data is wrong or out of date. The parcel was delivered."
    assert note.text == expected
    assert order in note.text
    assert Entry.objects.filter(verb="note.proposed", actor_ref=str(world.ines.ref)).count() == 1


def test_an_edit_says_what_was_changed(review: Review, world: World) -> None:
    assert review.call is not None
    before = arguments_of(review.call)
    changed = before | {"amount": "1.00"}
    decision = say(review, world.ines, Verdict.EDIT, arguments=changed, reason="Only the shipping.")
    note = noting.note_decision(decision.ref)
    assert note is not None
    changes = f"before approving it: Amount from “{before['amount']}” to “1.00”. Only the shipping."
    assert changes.lower() in note.text.lower()


def test_an_approval_teaches_nothing(review: Review, world: World) -> None:
    decision = say(review, world.ines, Verdict.APPROVE)
    assert noting.note_decision(decision.ref) is None
    assert noting.missed() == []


def test_a_decision_that_is_taken_back_leaves_no_note(
    review: Review, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 60
    decision = rejected(review, world)
    assert noting.note_decision(decision.ref) is None
    assert noting.missed() == []
    undo(user=world.ines, ref=decision.ref)
    monkeypatch.setattr(noting, "db_now", lambda: decision.held_until + timedelta(seconds=1))
    assert noting.note_decision(decision.ref) is None
    assert noting.missed() == []
    assert not Note.objects.exists()


def test_the_sweep_finds_what_the_bell_missed_and_nothing_twice(review: Review, world: World) -> None:
    decision = rejected(review, world)
    assert noting.missed() == [decision.ref]
    tasks.note_decisions()
    tasks.note_decisions()
    tasks.note_decision(str(decision.ref))
    assert Note.objects.count() == 1
    assert noting.missed() == []


def test_a_note_that_an_admin_deleted_does_not_come_back(review: Review, world: World) -> None:
    decision = rejected(review, world)
    tasks.note_decisions()
    Note.objects.update(state=NoteState.DELETED, text="")
    tasks.note_decisions()
    assert noting.note_decision(decision.ref) is not None
    assert list(Note.objects.values_list("state", "text")) == [(NoteState.DELETED, "")]


def test_the_bell_is_rung_for_what_teaches_and_only_for_that(
    company: Company,
    world: World,
    script: Use,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 5
    rung: list[Any] = []
    monkeypatch.setattr(tasks.note_decision, "apply_async", lambda refs, **given: rung.append((refs, given)))
    run, review = waiting_refund(company, world, script)
    with django_capture_on_commit_callbacks(execute=True):
        approved = say(review, world.ines, Verdict.APPROVE)
    assert rung == []
    undo(user=world.ines, ref=approved.ref)
    drive(run)
    with django_capture_on_commit_callbacks(execute=True):
        decision = rejected(review, world)
    assert [refs for refs, _ in rung] == [(str(decision.ref),)]
    assert rung[0][1]["countdown"] > 5


def test_an_accepted_lesson_is_recalled(review: Review, company: Company, world: World) -> None:
    memory = a_memory(world)
    tasks.note_decision(str(rejected(review, world).ref))
    Note.objects.update(
        state=NoteState.ACCEPTED, workflow_ref=memory.version.workflow.ref, workflow_name="Cases", subject="K-1"
    )
    (told,) = asked(memory.version, world.otto, "recall", subject="K-1")["notes"]
    assert told["written_by"] == "Ines Moreau"
    assert "delivered" in told["text"]
