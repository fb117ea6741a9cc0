"""The desk without JavaScript, and with JavaScript but without a socket: slower, and nothing is missing."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from approvals.models import Comment, Decision
from approvals.states import ReviewState, Verdict
from tests.browser.desk import address, argument, commit, dialog, row
from tests.browser.gallery import Gallery, decided
from tests.browsing import Visitor
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plain(visitor: Visitor, world: World) -> Page:
    """Ines with JavaScript switched off."""
    page: Page = visitor(world.ines, javascript=False)
    return page


def test_without_javascript_one_approves_and_undoes(desk: Gallery, plain: Page) -> None:
    review, following = desk.refund("first"), desk.refund("second")
    plain.goto("/inbox/")
    expect(plain.locator("noscript .live-line")).to_contain_text("Live updates need JavaScript.")
    row(plain, review).get_by_role("link").click()
    expect(plain.locator("[data-k=approve]")).to_be_hidden()
    bar = plain.locator("#decide")
    bar.get_by_label("Approve: Note").fill("Seen the photos.")
    bar.get_by_role("button", name="Approve").click()
    assert plain.url.endswith(address(following))
    assert Decision.objects.get(review=review).reason == "Seen the photos."
    plain.get_by_role("button", name="Undo").click()
    expect(plain.get_by_text("Taken back. Nothing was done.")).to_be_visible()
    review.refresh_from_db()
    assert review.state == ReviewState.OPEN


def test_without_javascript_one_edits(desk: Gallery, plain: Page) -> None:
    review = desk.refund("first")
    plain.goto(address(review))
    argument(plain, "amount").fill("much")
    plain.get_by_label("Why did you change it?").first.fill("Half of it.")
    plain.get_by_role("button", name="Edit and approve").click()
    expect(plain.locator("#args .error")).to_be_visible()
    expect(argument(plain, "amount")).to_have_value("much")
    argument(plain, "amount").fill("21.00")
    plain.get_by_label("Why did you change it?").first.fill("Half of it.")
    plain.get_by_role("button", name="Edit and approve").click()
    decision = Decision.objects.get(review=review)
    assert (decision.verdict, decision.reason) == (Verdict.EDIT, "Half of it.")


def test_without_javascript_one_rejects_and_a_refusal_keeps_the_words(desk: Gallery, plain: Page) -> None:
    review = desk.refund("first")
    plain.goto(address(review))
    bar = plain.locator("#decide")
    bar.get_by_label("Reason", exact=True).select_option("fraud")
    bar.get_by_label("Reject: In your words").fill("   ")
    bar.get_by_role("button", name="Reject").click()
    again = plain.locator("dialog[open]")
    expect(again).to_contain_text("Say why")
    expect(again.get_by_label("Suspected fraud")).to_be_checked()
    again.get_by_label("In your words").fill("The parcel was never sent.")
    again.get_by_role("button", name="Reject").click()
    assert Decision.objects.get(review=review).reason == "The parcel was never sent."


def test_without_javascript_one_comments_and_answers(desk: Gallery, plain: Page) -> None:
    review = desk.question("question")
    plain.goto(address(review))
    plain.get_by_label("Comment").fill("I have the photos here.")
    plain.get_by_role("button", name="Comment").click()
    expect(plain.locator(".talk")).to_contain_text("I have the photos here.")
    assert Comment.objects.count() == 1
    plain.get_by_label("Boxes").fill("2")
    plain.get_by_label("What you see").select_option("packed well")
    plain.get_by_role("button", name="Send answer").click()
    assert Decision.objects.get(review=review).answer == {"boxes": 2, "verdict": "packed well"}


def test_without_javascript_a_conflict_names_who_was_first(desk: Gallery, plain: Page, world: World) -> None:
    review = desk.refund("first")
    plain.goto(address(review))
    decided(review, world.tomas, Verdict.APPROVE)
    plain.locator("#decide").get_by_role("button", name="Approve").click()
    expect(plain.locator("#conflict")).to_contain_text("Approved by Tomás Abreu")


@pytest.mark.parametrize("width", [1440, 390])
def test_without_a_socket_the_page_says_so_polls_and_everything_works(
    desk: Gallery, visitor: Visitor, world: World, width: int
) -> None:
    page: Page = visitor(world.ines, width=width)
    page.add_init_script(HASTY)
    page.route_web_socket("**/ws/", lambda socket: socket.close(code=1011))
    page.mouse.move(width - 5, 500)
    review = desk.refund("first")
    page.goto("/inbox/")
    expect(page.locator("[data-live-line]").first).to_contain_text("Not live since")
    second = desk.refund("second")
    expect(row(page, second)).to_be_visible(timeout=10_000)
    page.goto(address(review))
    expect(page.locator("[data-live-line]").first).to_be_visible()
    argument(page, "amount").fill("7.00")
    expect(page.locator("#args .diff")).to_contain_text("7.00")
    page.locator("#k-edit").click()
    with page.expect_navigation():
        commit(page)
    assert Decision.objects.get(review=review).verdict == Verdict.EDIT
    expect(page.locator("[data-undo-box]").first).to_be_visible()
    decided(second, world.tomas, Verdict.APPROVE)
    expect(page.locator("#decide")).to_contain_text("Approved by Tomás Abreu", timeout=10_000)


# Polling every second instead of every thirty, so that the test need not wait.
HASTY = """
const slow = window.setInterval;
window.setInterval = (what, every) => slow(what, every === 30000 ? 1000 : every);
"""


@pytest.mark.parametrize("width", [390, 1440])
def test_undo_is_within_reach_on_every_width(desk: Gallery, visitor: Visitor, world: World, width: int) -> None:
    page: Page = visitor(world.ines, width=width)
    review, _ = desk.refund("first"), desk.refund("second")
    page.goto(address(review))
    page.locator("#k-approve").click()
    expect(dialog(page)).to_be_visible()
    with page.expect_navigation():
        commit(page)
    undo: Any = page.get_by_role("button", name="Undo")
    expect(undo).to_be_in_viewport()
    undo.click()
    expect(page.get_by_text("Taken back. Nothing was done.")).to_be_in_viewport()


def test_without_javascript_a_step_that_needs_help_gets_other_input_or_a_value(desk: Gallery, plain: Page) -> None:
    review = desk.failure("failure")
    plain.goto(address(review))
    given = plain.locator('#input [name="i/input"]')
    given.fill('{"task": ')
    plain.locator("#input").get_by_label("Why did you change it?").fill("It was misspelt.")
    plain.locator("#input").get_by_role("button", name="Try with other input").click()
    expect(plain.locator("#input .error")).to_be_visible()
    expect(given).to_have_value('{"task": ')
    plain.locator("#value").locator('[name^="v/"]').first.fill('"by hand"')
    plain.locator("#value").get_by_label("Why?").fill("I did it.")
    plain.locator("#value").get_by_role("button", name="Go on with a value").click()
    assert Decision.objects.get(review=review).answer == {"value": {"told": "by hand"}}


def test_without_javascript_one_ends_a_run(desk: Gallery, visitor: Visitor, world: World) -> None:
    desk.question("question")
    run = desk.runs["question"]
    page: Page = visitor(world.otto, javascript=False)
    page.goto(f"/runs/{run.ref}/")
    page.get_by_label("Stop now: what waits").check()
    page.locator("#end").get_by_role("button", name="End the run").click()
    expect(page.locator("#end")).to_contain_text("Say why the run is to end.")
    expect(page.get_by_label("Stop now: what waits")).to_be_checked()
    page.locator("#end").get_by_label("Why?").fill("The customer withdrew.")
    page.locator("#end").get_by_role("button", name="End the run").click()
    expect(page.get_by_text("The run is being ended.")).to_be_visible()
    run.refresh_from_db()
    assert run.ending is not None
