"""The inbox and the review page as people use them, through real requests."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from agents.states import CallState
from approvals.actions.closing import void_for
from approvals.models import Decision
from approvals.states import ReviewState, Verdict
from tests.browser.gallery import Gallery
from tests.runs.test_engine import Use, waiting_refund
from tests.scenes import Company, arguments_of, drive, say
from tests.world import World


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def seen(review: Any) -> dict[str, Any]:
    """What the page's forms carry."""
    review.refresh_from_db()
    return {"digest": review.digest, "version": review.version}


def test_the_reviewer_sees_it_in_the_inbox_and_an_outsider_does_not(
    company: Company, world: World, script: Use, client: Client
) -> None:
    _, review = waiting_refund(company, world, script)
    client.force_login(world.ines)
    assert review.code in client.get("/inbox/").content.decode()
    assert client.get(f"/reviews/{review.ref}/").status_code == 200
    client.force_login(world.hana)
    assert "Not yours to decide" in client.get(f"/reviews/{review.ref}/").content.decode()
    world.otto.groups.clear()
    stranger = Client()
    assert stranger.get(f"/reviews/{review.ref}/").status_code == 302


def test_approving_on_the_page_leads_on_and_the_effect_happens(
    company: Company, world: World, script: Use, client: Client
) -> None:
    run, review = waiting_refund(company, world, script)
    client.force_login(world.ines)
    answer = client.post(f"/reviews/{review.ref}/decide/", {**seen(review), "verdict": "approve"})
    assert answer.status_code == 302
    drive(run)
    assert company.effects() == 1


def test_a_rejection_without_a_reason_is_refused_and_keeps_what_was_typed(
    company: Company, world: World, script: Use, client: Client
) -> None:
    _, review = waiting_refund(company, world, script)
    client.force_login(world.ines)
    sent = {**seen(review), "verdict": "reject", "reason": "Call first"}
    answer = client.post(f"/reviews/{review.ref}/decide/", sent)
    assert answer.status_code == 422
    assert "Call first" in answer.content.decode()
    assert not Decision.objects.exists()


def test_an_edit_with_a_bad_amount_names_the_field_and_one_with_a_good_amount_is_done(
    company: Company, world: World, script: Use, client: Client
) -> None:
    run, review = waiting_refund(company, world, script)
    client.force_login(world.ines)
    page = client.get(f"/reviews/{review.ref}/").content.decode()
    assert review.call is not None
    names = {field.code: field.name for field in client.get(f"/reviews/{review.ref}/").context["page"].argument_fields}
    values = {names[key]: value for key, value in arguments_of(review.call).items()}
    bad = client.post(
        f"/reviews/{review.ref}/decide/", {**seen(review), **values, names["amount"]: "lots", "verdict": "edit"}
    )
    assert bad.status_code == 422
    assert "lots" in bad.content.decode()
    good = client.post(
        f"/reviews/{review.ref}/decide/", {**seen(review), **values, names["amount"]: "2.00", "verdict": "edit"}
    )
    assert good.status_code == 302, page
    drive(run)
    assert company.rows("SELECT amount_cents FROM refunds ORDER BY rowid DESC LIMIT 1") == [(200,)]


def test_who_comes_second_sees_who_was_first_and_nothing_is_recorded(
    company: Company, world: World, script: Use, client: Client
) -> None:
    _, review = waiting_refund(company, world, script)
    before = seen(review)
    say(review, world.ines, Verdict.APPROVE)
    client.force_login(world.tomas)
    answer = client.post(f"/reviews/{review.ref}/decide/", {**before, "verdict": "approve"})
    assert answer.status_code == 409
    assert "Ines Moreau" in answer.content.decode()
    assert Decision.objects.count() == 1


def test_undo_opens_the_review_again_and_nothing_happens(
    company: Company, world: World, script: Use, client: Client, settings: Any
) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 60
    run, review = waiting_refund(company, world, script)
    decision = say(review, world.ines, Verdict.APPROVE)
    drive(run)
    assert company.effects() == 0
    client.force_login(world.ines)
    assert client.post(f"/decisions/{decision.ref}/undo/").status_code == 302
    review.refresh_from_db()
    assert review.state == ReviewState.OPEN
    assert review.call is not None
    assert review.call.state == CallState.HELD
    drive(run)
    assert company.effects() == 0


def test_a_decision_that_is_sent_twice_leads_on_and_is_no_conflict_with_oneself(
    company: Company, world: World, script: Use, client: Client
) -> None:
    _, review = waiting_refund(company, world, script)
    client.force_login(world.ines)
    answer = {**seen(review), "verdict": "approve", "reason": "Seen."}
    first, again = (client.post(f"/reviews/{review.ref}/decide/", answer) for _ in range(2))
    assert [first.status_code, again.status_code] == [302, 302]
    other = client.post(f"/reviews/{review.ref}/decide/", {**answer, "reason": "Something else."})
    assert other.status_code == 409
    assert Decision.objects.count() == 1


def test_parts_that_the_reader_has_already_are_not_sent_again(
    company: Company, world: World, script: Use, client: Client
) -> None:
    _, review = waiting_refund(company, world, script)
    client.force_login(world.ines)
    shown = client.get(f"/reviews/{review.ref}/").context
    has = {
        f"/inbox/rows/?open={review.ref}&have={shown['inbox'].mark}": 204,
        "/inbox/rows/?have=something-else": 200,
        f"/reviews/{review.ref}/bar/?have={shown['page'].mark}": 204,
        f"/reviews/{review.ref}/discussion/?have=0": 204,
    }
    assert {address: client.get(address).status_code for address in has} == has
    say(review, world.tomas, Verdict.APPROVE)
    assert {client.get(address).status_code for address in list(has)[:3]} == {200}


def test_arguments_stand_in_the_order_in_which_the_sentence_names_them(
    company: Company, world: World, script: Use, client: Client
) -> None:
    _, review = waiting_refund(company, world, script)
    client.force_login(world.ines)
    order = [field.code for field in client.get(f"/reviews/{review.ref}/").context["page"].argument_fields]
    assert order == ["amount", "currency", "order_id", "reason"]


def test_a_withdrawn_review_says_why(company: Company, world: World, script: Use, client: Client) -> None:
    _, review = waiting_refund(company, world, script)
    with transaction.atomic():
        void_for([company.tools["refund_order"]])
    client.force_login(world.ines)
    page = client.get(f"/reviews/{review.ref}/").content.decode()
    assert "The contract of company.refund_order changed while this was waiting." in page


def test_a_question_asks_for_what_is_required_first(
    company: Company, world: World, script: Use, client: Client
) -> None:
    review = Gallery(company, world, script).question("question")
    client.force_login(world.ines)
    shown = client.get(f"/reviews/{review.ref}/").context["page"].forms[0].fields
    assert [field.required for field in shown] == [True, True, False]
