"""A step that needs help, and a plan, are decided on the page like anything else; forms keep what was typed."""

from html import unescape
from typing import Any

import pytest
from django.test import Client

from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from tests.reading import HOSTILE, Markup, dangers
from tests.runs.test_patterns import GOOD, PLAN
from tests.scenes import open_reviews, say
from tests.workshop import FAILURES, Workshop, pump, step, words

ESCALATES = {"retry", "retry_edited", "skip", "terminate"}


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


@pytest.fixture
def ines(client: Client, workshop: Workshop) -> Client:
    """Ines, who is asked, signed in."""
    client.force_login(workshop.world.ines)
    return client


def a_failure(workshop: Workshop) -> tuple[Run, Review]:
    """A step that failed and asks what to do."""
    FAILURES["first"] = 9
    run = workshop.run(step("first"))
    (review,) = open_reviews(run)
    return run, review


def asked(client: Client, review: Review) -> dict[str, Any]:
    """The forms of the page by their names: the first field of each."""
    page = client.get(f"/reviews/{review.ref}/").context["page"]
    return {shown.form.name: shown.fields[0] for shown in page.forms}


def ask_for(review: Review, value: dict[str, Any]) -> None:
    """Have the review ask for a value of this schema."""
    known: Any = review.form_schema
    review.form_schema = {**known, "properties": {**known["properties"], "value": value}}
    review.save()


def send(client: Client, review: Review, verdict: str, **fields: str) -> tuple[int, str]:
    """What deciding on the page answers."""
    known = {"digest": review.digest, "version": str(review.version), "verdict": verdict}
    answer = client.post(f"/reviews/{review.ref}/decide/", {**known, **fields})
    return answer.status_code, answer.content.decode()


def test_the_page_offers_every_way_on_with_a_key_and_a_form_of_its_own(workshop: Workshop, ines: Client) -> None:
    _, review = a_failure(workshop)
    assert set(review.verdicts) == ESCALATES
    answer = ines.get(f"/reviews/{review.ref}/")
    page, html = answer.context["page"], answer.content.decode()
    assert [(choice.slot, choice.key) for choice in page.choices] == [
        ("approve", "A"),
        ("edit", "E"),
        ("skip", "S"),
        ("reject", "R"),
    ]
    ids = [attrs["id"] for _, attrs in Markup(html).tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    assert {"k-skip", "dlg-skip", "n-skip", "input", "value"} <= set(ids)
    first = asked(ines, review)["input"]
    assert first.widget == "json"
    assert '"word": "first"' in first.value


def test_other_input_is_used_for_the_next_try(workshop: Workshop, ines: Client) -> None:
    run, review = a_failure(workshop)
    name = asked(ines, review)["input"].name
    status, _ = send(ines, review, "retry_edited", **{name: '{"word": "second"}', "reason": "It was misspelt."})
    assert status == 302
    assert pump(run).output == {"first": {"word": "second"}}
    decision = Decision.objects.get()
    assert (decision.answer, decision.reason) == ({"input": {"word": "second"}}, "It was misspelt.")
    shown = ines.get(f"/reviews/{review.ref}/").content.decode()
    assert "Try again with other input" in shown
    assert "second" in shown


@pytest.mark.parametrize("typed", ['{"word": ', "second", "", "   ", "{'word': 1}", '{"a": 1, "a": 2}', "NaN"])
def test_input_that_is_no_json_is_refused_with_a_sentence_and_kept(
    workshop: Workshop, ines: Client, typed: str
) -> None:
    _, review = a_failure(workshop)
    name = asked(ines, review)["input"].name
    status, html = send(ines, review, "retry_edited", **{name: typed, "reason": "Because I say so."})
    assert status == 422
    assert 'class="error"' in html
    assert "Because I say so." in html
    assert typed.strip() == asked_value(html, "i/input").strip()
    assert not Decision.objects.exists()


def asked_value(html: str, name: str) -> str:
    """What stands in a text area of a page."""
    return unescape(html.partition(f'name="{name}"')[2].partition(">")[2].partition("</textarea>")[0])


def test_a_value_stands_in_for_the_output_of_the_step(workshop: Workshop, ines: Client) -> None:
    run, review = a_failure(workshop)
    name = asked(ines, review)["value"].name
    status, html = send(ines, review, "skip", **{name: '{"word": "by hand"}'})
    assert status == 422, "it needs a reason"
    assert "by hand" in html
    assert 'id="dlg-skip"' in html
    assert send(ines, review, "skip", **{name: '{"word": "by hand"}', "reason": "I did it."})[0] == 302
    assert pump(run).output == {"first": {"word": "by hand"}}


def test_a_value_may_be_nothing_but_it_has_to_be_said(workshop: Workshop, ines: Client) -> None:
    run, review = a_failure(workshop)
    name = asked(ines, review)["value"].name
    assert send(ines, review, "skip", **{name: "", "reason": "x"})[0] == 422
    assert send(ines, review, "skip", **{name: "null", "reason": "x"})[0] == 302
    assert pump(run).output == {"first": None}


def test_where_the_schema_says_more_the_form_asks_field_by_field(workshop: Workshop, ines: Client) -> None:
    _, review = a_failure(workshop)
    value = {
        "title": "Output of the step",
        "type": "object",
        "properties": {"total": {"$ref": "#/$defs/money"}, "note": {"type": "string", "maxLength": 20}},
        "required": ["total"],
        "additionalProperties": False,
        "$defs": {"money": {"type": "number", "minimum": 0, "maximum": 100}},
    }
    ask_for(review, value)
    page = ines.get(f"/reviews/{review.ref}/").context["page"]
    fields = {field.code: field.name for form in page.forms if form.form.name == "value" for field in form.fields}
    status, html = send(ines, review, "skip", **{fields["total"]: "lots", fields["note"]: "kept", "reason": "r"})
    assert status == 422
    assert 'value="lots"' in html
    assert 'value="kept"' in html
    assert send(ines, review, "skip", **{fields["total"]: "12", "reason": "r"})[0] == 302
    assert Decision.objects.get().answer == {"value": {"total": 12}}
    assert ines.get(f"/reviews/{review.ref}/").status_code == 200


@pytest.mark.parametrize(("kind", "typed", "value"), [("string", "A text", "A text"), ("integer", "7", 7)])
def test_a_plain_output_is_asked_for_as_what_it_is(
    workshop: Workshop, ines: Client, kind: str, typed: str, value: object
) -> None:
    _, review = a_failure(workshop)
    ask_for(review, {"title": "Output of the step", "type": kind})
    field = asked(ines, review)["value"]
    assert field.label == "Output of the step"
    assert send(ines, review, "skip", **{field.name: typed, "reason": "r"})[0] == 302
    assert Decision.objects.get().answer == {"value": value}


def test_trying_again_and_ending_the_run_need_no_form(workshop: Workshop, ines: Client) -> None:
    run, review = a_failure(workshop)
    FAILURES.clear()
    assert send(ines, review, "retry")[0] == 302
    assert pump(run).state == RunState.SUCCEEDED
    other, review = a_failure(workshop)
    assert send(ines, review, "terminate")[0] == 422
    assert send(ines, review, "terminate", reason="Enough.")[0] == 302
    assert pump(other).state == RunState.STOPPED


@pytest.mark.parametrize("verdict", ["fall_back", "approve", "answer", "nonsense", ""])
def test_what_is_not_offered_is_not_taken(workshop: Workshop, ines: Client, verdict: str) -> None:
    _, review = a_failure(workshop)
    assert send(ines, review, verdict, reason="x")[0] == 422
    assert not Decision.objects.exists()


def test_who_comes_second_sees_what_they_had_written(workshop: Workshop, ines: Client) -> None:
    _, review = a_failure(workshop)
    say(review, workshop.world.tomas, Verdict.RETRY)
    status, html = send(ines, review, "skip", **{"v/value": '"typed with care"', "reason": "Mine."})
    assert status == 409
    assert "Tomás Abreu" in html
    assert "typed with care" in html
    assert "Mine." in html


def test_a_value_sent_twice_is_no_conflict_with_oneself_and_another_one_is(workshop: Workshop, ines: Client) -> None:
    _, review = a_failure(workshop)
    sent = {"v/value": "1", "reason": "r"}
    assert [send(ines, review, "skip", **sent)[0] for _ in range(2)] == [302, 302]
    assert send(ines, review, "skip", **{**sent, "v/value": "2"})[0] == 409


def test_an_onlooker_sees_no_form(workshop: Workshop, client: Client) -> None:
    _, review = a_failure(workshop)
    client.force_login(workshop.world.lukas)
    html = client.get(f"/reviews/{review.ref}/").content.decode()
    assert 'name="i/input"' not in html
    assert "Not yours to decide" in html


def test_hostile_input_is_only_text_in_the_forms_and_in_a_plan(workshop: Workshop, ines: Client) -> None:
    evil = HOSTILE.replace("\x00", "").replace("\ud800", "")
    _, review = a_failure(workshop)
    review.dossier |= {
        "asked": {evil: evil},
        "problem": evil,
        "plan": [{"id": evil, "title": evil, "kind": evil, "needs": [evil], "with": {evil: evil}, "tool": evil}],
    }
    ask_for(review, {"title": evil, "description": evil})
    html = ines.get(f"/reviews/{review.ref}/").content.decode()
    # in a field there has to be what is there, so the hidden characters of its value stand in it
    shown = "".join(part.partition("</textarea>")[2] for part in html.split("<textarea"))
    assert not dangers(shown)
    assert "window.stolen" in html


def test_a_plan_is_shown_step_by_step_and_approved(workshop: Workshop, ines: Client) -> None:
    run = workshop.run(PLAN, words=GOOD)
    (review,) = open_reviews(run)
    html = ines.get(f"/reviews/{review.ref}/").content.decode()
    text = " ".join(Markup(html).text.split())
    assert "Carry out a plan of 2 steps" in text
    assert "Speak" in text
    assert "shop.make" in text
    assert "After one ." in text.replace("one.", "one .")
    assert "Approve this plan" in text
    assert "It happens in sandbox." in text
    assert send(ines, review, "approve")[0] == 302
    assert pump(run).state == RunState.SUCCEEDED
    assert words("make") == ["hello world"]


def test_a_plan_is_rejected_with_a_reason(workshop: Workshop, ines: Client) -> None:
    run = workshop.run(PLAN, words=GOOD)
    (review,) = open_reviews(run)
    assert send(ines, review, "reject", reason="Too bold.")[0] == 422
    assert send(ines, review, "reject", reason="Too bold.", reason_code="policy")[0] == 302
    assert pump(run).state == RunState.STOPPED
    review.refresh_from_db()
    assert review.state == ReviewState.REJECTED
    assert words("make") == []
