"""The live inbox: what arrives by itself, what never moves under a person, and what is said when nothing is there."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from approvals.actions import comment
from approvals.models import Review
from approvals.states import Verdict
from tests.browser.desk import argument, dialog, open_inbox, open_review, row, stay_put, stayed
from tests.browser.gallery import Gallery, decided
from tests.browsing import Visitor
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_new_review_arrives_without_a_reload(desk: Gallery, ines: Page) -> None:
    open_inbox(ines)
    expect(ines.get_by_role("heading", name="Nothing is waiting for you")).to_be_visible()
    stay_put(ines)
    review = desk.refund("first")
    expect(row(ines, review)).to_be_visible()
    expect(row(ines, review)).to_have_class("row is-new")
    expect(ines.locator("#inbox-count")).to_contain_text("1")
    expect(ines.locator("#scope-teams")).to_have_text("My teams 1")
    expect(ines.get_by_role("heading", name="1 review waits")).to_be_visible()
    assert ines.title() == "(1) Inbox · Holdshort"
    assert stayed(ines)


def test_what_somebody_else_decides_leaves_the_list_by_itself(desk: Gallery, ines: Page, world: World) -> None:
    first, second = desk.refund("first"), desk.refund("second")
    open_inbox(ines)
    stay_put(ines)
    decided(first, world.tomas, Verdict.APPROVE)
    expect(row(ines, first)).to_have_count(0)
    expect(row(ines, second)).to_be_visible()
    assert stayed(ines)


def test_rows_never_move_under_the_pointer_and_arrive_when_it_has_left(desk: Gallery, ines: Page) -> None:
    first = desk.refund("first")
    open_inbox(ines)
    row(ines, first).hover()
    before = row(ines, first).bounding_box()
    second = desk.refund("second")
    expect(ines.locator(".fresh")).to_be_visible()
    expect(row(ines, second)).to_have_count(0)
    assert row(ines, first).bounding_box() == before
    ines.mouse.move(1200, 500)
    expect(row(ines, second)).to_be_visible()
    expect(ines.locator(".fresh")).to_be_hidden()


def test_the_line_shows_what_is_new_without_a_reload(desk: Gallery, ines: Page) -> None:
    desk.refund("first")
    open_inbox(ines)
    ines.locator("#list").focus()
    second = desk.refund("second")
    stay_put(ines)
    ines.get_by_role("button", name="The list has changed Show").click()
    expect(row(ines, second)).to_be_visible()
    expect(ines.locator(".fresh")).to_be_hidden()
    assert stayed(ines)


def test_a_doorbell_that_changes_nothing_in_the_list_says_nothing(desk: Gallery, ines: Page, world: World) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    row(ines, review).hover()
    with ines.expect_response(lambda answer: "/inbox/rows/" in answer.url) as answered:
        comment(user=world.tomas, ref=review.ref, body="I am looking at it.")
    assert answered.value.status == 204
    expect(ines.get_by_text("I am looking at it.")).to_be_visible()
    expect(ines.locator(".fresh")).to_be_hidden()


def test_a_form_that_is_being_edited_is_never_disturbed(desk: Gallery, ines: Page, world: World) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    stay_put(ines)
    argument(ines, "amount").fill("41.00")
    expect(ines.locator("#args .diff")).to_contain_text("41.00")
    ines.keyboard.type("7")
    desk.refund("second")
    comment(user=world.tomas, ref=review.ref, body="I would pay less.")
    decided(review, world.tomas, Verdict.REJECT, reason_code="data", reason="Wrong order.")
    expect(ines.locator("#decide")).to_contain_text("Rejected by Tomás Abreu")
    expect(ines.locator("#rv-state")).to_contain_text("Rejected")
    expect(ines.get_by_text("I would pay less.")).to_be_visible()
    expect(argument(ines, "amount")).to_be_focused()
    expect(argument(ines, "amount")).to_have_value("41.007")
    assert stayed(ines)


def test_a_comment_is_sent_without_losing_what_is_typed_elsewhere(desk: Gallery, ines: Page) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    argument(ines, "amount").fill("41.00")
    ines.get_by_label("Comment").fill("Less, I think.")
    ines.get_by_label("Comment").press("Enter")
    expect(ines.locator(".talk")).to_contain_text("Less, I think.")
    expect(ines.get_by_label("Comment")).to_have_value("")
    expect(argument(ines, "amount")).to_have_value("41.00")


def test_a_dialog_stays_open_when_doorbells_ring(desk: Gallery, ines: Page) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    ines.keyboard.press("r")
    ines.get_by_label("In your words").fill("Because")
    second = desk.refund("second")
    expect(row(ines, second)).to_be_visible()
    expect(dialog(ines)).to_contain_text("Reject this action")
    expect(ines.get_by_label("In your words")).to_have_value("Because")
    expect(ines.get_by_label("In your words")).to_be_focused()


def test_a_filter_without_hits_says_so_and_is_cleared(desk: Gallery, visitor: Visitor, world: World) -> None:
    review = desk.refund("first")
    for width in (1440, 390):
        page = open_inbox(visitor(world.ines, width=width), "?q=nothing-like-this")
        expect(page.get_by_role("heading", name="No reviews match")).to_be_visible()
        expect(page.get_by_text("1 review waits here, but none matches")).to_be_visible()
        expect(page.get_by_text("Nothing is waiting for you")).to_have_count(0)
        page.locator(".empty").get_by_role("link", name="Clear filters").click()
        expect(row(page, review)).to_be_visible()


def test_search_and_risk_narrow_the_list(desk: Gallery, ines: Page) -> None:
    small, large = desk.refund("small"), desk.payout("large")
    open_inbox(ines)
    ines.keyboard.press("/")
    ines.keyboard.type(small.code.lower())
    ines.keyboard.press("Enter")
    expect(row(ines, small)).to_be_visible()
    expect(row(ines, large)).to_have_count(0)
    ines.goto("/inbox/?risk=4")
    expect(row(ines, large)).to_contain_text("Critical risk, irreversible")
    expect(row(ines, small)).to_have_count(0)


def test_the_most_urgent_stands_first_and_overdue_is_said(desk: Gallery, ines: Page) -> None:
    late, soon, later = (desk.refund(name) for name in ("late", "soon", "later"))
    now = timezone.now()
    for review, minutes in ((late, -5), (soon, 10), (later, 60 * 24 * 3)):
        Review.objects.filter(pk=review.pk).update(due_at=now + timedelta(minutes=minutes, seconds=30))
    open_inbox(ines)
    codes = [element.get_attribute("id") for element in ines.locator(".row").element_handles()]
    assert codes == [f"row-{review.code}" for review in (late, soon, later)]
    expect(row(ines, late).locator(".row-sla")).to_contain_text("overdue")
    expect(row(ines, late).locator(".row-sla")).to_have_class("row-sla is-crit")
    expect(row(ines, soon).locator(".row-sla")).to_contain_text("left")
    expect(ines.locator(".group")).to_contain_text(["Due within 30 min", "This week"])


def too_wide(page: Page) -> list[str]:
    """What reaches beyond the right edge."""
    script = """() => [...document.querySelectorAll('body *')]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + .5)
        .map(e => e.outerHTML.slice(0, 120))"""
    return list(page.evaluate(script))[:8]


@pytest.mark.parametrize("width", [1440, 1024, 390, 320])
def test_no_state_of_a_review_scrolls_sideways(desk: Gallery, world: World, visitor: Visitor, width: int) -> None:
    reviews: list[Any] = [
        desk.refund("action"),
        desk.payout("payout"),
        desk.question("question"),
        desk.failure("failure"),
    ]
    page = visitor(world.ines, width=width)
    for path in ["/inbox/", *(f"/reviews/{review.ref}/" for review in reviews)]:
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, too_wide(page))
        inside = page.evaluate(
            "[...document.querySelectorAll('.rv-body, .list-scroll')].map(e => e.scrollWidth - e.clientWidth)"
        )
        assert max(inside, default=0) <= 0, path
