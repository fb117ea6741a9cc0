"""Deciding in the browser: what is held, undone, edited, refused, lost to somebody faster, and done exactly once."""

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from redis import Redis

from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.runs.tasks import sweep
from tests.browser.desk import address, argument, commit, dialog, live, open_review, row
from tests.browser.gallery import Gallery, decided
from tests.browsing import Visitor
from tests.scenes import Company, a_run, a_workflow, drive, open_reviews
from tests.servers import wait_until, worker_process
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

# The tool is called by the definition, so that the worker needs no scripted model of this process.
PLAIN = """
name: plain-refund
title: Plain refund
title_template: "Refund order {input.order_id}"
input:
  type: object
  additionalProperties: false
  properties: {order_id: {type: string, maxLength: 20}}
  required: [order_id]
risk: {review_from: 100, reviewers: {team: Refund desk}}
steps:
  - id: pay
    title: Pay it back
    kind: tool
    agent: support
    tool: company.refund_order
    with: {order_id: "${input.order_id}", amount: "1.00", currency: EUR, reason: Parcel lost.}
"""


def state_of(review: Review) -> str:
    """As it is stored now."""
    review.refresh_from_db()
    return review.state


# --- approving, holding, undoing -------------------------------------------------------------------------------------


def test_an_approval_is_held_and_undo_takes_it_back(desk: Gallery, ines: Page) -> None:
    review, following = desk.refund("first"), desk.refund("second")
    open_review(ines, review)
    ines.get_by_role("button", name="Approve A", exact=True).click()
    expect(dialog(ines)).to_contain_text("You have 8 s to undo.")
    commit(ines)
    ines.wait_for_url(f"**{address(following)}")
    toast = ines.locator("[data-undo-box]")
    expect(toast).to_contain_text("Approved, takes effect in")
    expect(toast).to_contain_text(review.code)
    assert state_of(review) == ReviewState.APPROVED
    toast.get_by_role("button", name="Undo").click()
    ines.wait_for_url(f"**{address(review)}")
    expect(ines.get_by_text("Taken back. Nothing was done.")).to_be_visible()
    assert state_of(review) == ReviewState.OPEN
    drive(desk.runs["first"])
    assert desk.company.effects() == 0


def test_when_the_hold_runs_out_the_effect_happens_once(company: Company, world: World, ines: Page) -> None:
    """Once because the worker is rung for the end of the hold, once because the sweep finds what no bell told."""
    version = a_workflow(PLAIN)
    orders = [order for (order,) in company.rows("SELECT id FROM orders ORDER BY id LIMIT 2")]
    runs = [drive(a_run(version, world.otto, order_id=order)) for order in orders]
    reviews = [open_reviews(run)[0] for run in runs]
    with worker_process():
        for done, (run, review) in enumerate(zip(runs, reviews, strict=True), 1):
            open_review(ines, review)
            ines.keyboard.press("a")
            commit(ines)
            expect(ines.locator("[data-undo-box]").first).to_contain_text("takes effect in")
            decision = Decision.objects.get(review=review)
            assert (decision.held_until - decision.at).total_seconds() == 8
            if done == 2:
                forget_every_message()
            assert company.effects() == done - 1
            expect(ines.locator("[data-undo-box]").first).to_be_hidden(timeout=15_000)
            wait_for_end(run, sweeping=done == 2)
            assert company.effects() == done
            expect(ines.locator(f"#done-{review.pk}").locator("..")).to_contain_text("Approved, done")
    assert not Decision.objects.exclude(undone_at=None).exists()


def forget_every_message() -> None:
    """What a broker does that is lost and comes back empty."""
    with Redis.from_url(settings.REDIS_URL) as broker:
        for key in broker.scan_iter("holdshort:*"):
            if broker.type(key) != b"string":
                broker.delete(key)


def wait_for_end(run: Run, *, sweeping: bool) -> None:
    """Until the run has succeeded; `sweeping` looks for due work now and then, as the clock process does."""

    def ended() -> bool:
        if sweeping:
            sweep()
        run.refresh_from_db()
        return run.state == RunState.SUCCEEDED

    wait_until(ended, 30, "the end of the run")


def test_an_approval_that_was_sent_cannot_be_undone_and_the_page_says_so(
    desk: Gallery, ines: Page, world: World
) -> None:
    review = desk.refund("first")
    decision = decided(review, world.ines, Verdict.APPROVE)
    drive(desk.runs["first"])
    open_review(ines, review)
    expect(ines.locator("#decide")).to_contain_text("Approved by Ines Moreau")
    expect(ines.locator("#decide")).to_contain_text("Now: Done")
    expect(ines.locator("[data-undo-btn]")).to_have_count(0)
    ines.evaluate(
        """ref => { const form = document.querySelector('form.composer'); form.action = `/decisions/${ref}/undo/`;
        form.removeAttribute('hx-post'); form.submit(); }""",
        str(decision.ref),
    )
    expect(ines.get_by_text("This can no longer be undone")).to_be_visible()


def test_a_double_click_decides_once(desk: Gallery, ines: Page) -> None:
    review, following = desk.refund("first"), desk.refund("second")
    open_review(ines, review)
    ines.keyboard.press("a")
    ines.wait_for_timeout(350)
    dialog(ines).locator("[data-commit]").dblclick()
    ines.wait_for_url(f"**{address(following)}")
    assert Decision.objects.filter(review=review).count() == 1
    assert state_of(following) == ReviewState.OPEN


def test_a_press_that_comes_with_the_dialog_is_not_meant_for_it(desk: Gallery, ines: Page) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    ines.evaluate(
        "const dialog = document.querySelector('#dlg-approve');"
        "dialog.showModal(); dialog.querySelector('[data-commit]').click()"
    )
    ines.wait_for_timeout(400)
    expect(dialog(ines)).to_be_visible()
    assert state_of(review) == ReviewState.OPEN


def test_a_critical_approval_must_be_held_down(desk: Gallery, ines: Page) -> None:
    review = desk.payout("large")
    open_review(ines, review)
    ines.keyboard.press("a")
    expect(dialog(ines)).to_contain_text("Approve this critical action")
    commit(ines)
    ines.wait_for_timeout(400)
    assert state_of(review) == ReviewState.OPEN
    with ines.expect_navigation():
        dialog(ines).get_by_role("button", name="Hold to approve").click(delay=1500)
    assert state_of(review) == ReviewState.APPROVED


# --- editing ---------------------------------------------------------------------------------------------------------


def test_an_edit_shows_its_difference_while_it_is_typed_and_is_done_as_edited(desk: Gallery, ines: Page) -> None:
    review, _ = desk.refund("first"), desk.refund("second")
    open_review(ines, review)
    argument(ines, "amount").click()
    argument(ines, "amount").fill("7.5")
    expect(ines.locator("#args .error")).to_be_visible()
    expect(argument(ines, "amount")).to_have_attribute("aria-invalid", "true")
    argument(ines, "amount").press("End")
    argument(ines, "amount").press("0")
    expect(ines.locator("#args .error")).to_have_count(0)
    expect(argument(ines, "amount")).not_to_have_attribute("aria-invalid", "true")
    expect(ines.locator("#args .diff")).to_contain_text("42.00")
    expect(ines.locator("#args .diff ins")).to_have_text("7.50")
    expect(ines.locator("#edited")).to_have_text("1 field edited by you")
    ines.get_by_role("button", name="Edit & approve").click()
    expect(dialog(ines)).to_contain_text("Refund 7.50")
    expect(dialog(ines).locator("del")).to_have_text("42.00")
    dialog(ines).get_by_label("Why did you change it?").fill("Only the shipping.")
    with ines.expect_navigation():
        commit(ines)
    decision = Decision.objects.get(review=review)
    assert (decision.verdict, decision.reason) == (Verdict.EDIT, "Only the shipping.")
    open_review(ines, review)
    expect(ines.locator("#s-change .diff")).to_contain_text("42.00")
    expect(ines.locator("#edited")).to_have_text("1 field edited")


def test_e_leads_into_the_first_argument_and_enter_to_the_dialog(desk: Gallery, ines: Page) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    ines.keyboard.press("e")
    expect(argument(ines, "amount")).to_be_focused()
    ines.keyboard.press("ControlOrMeta+a")
    ines.keyboard.type("9.00")
    ines.keyboard.press("Enter")
    expect(dialog(ines)).to_contain_text("Approve this action with your changes")
    expect(dialog(ines).locator("ins")).to_have_text("9.00")
    assert state_of(review) == ReviewState.OPEN


def test_approving_as_proposed_says_that_edits_are_dropped(desk: Gallery, ines: Page) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    argument(ines, "amount").fill("9.00")
    expect(ines.locator("#args .diff")).to_be_visible()
    ines.get_by_role("button", name="Approve A", exact=True).click()
    expect(dialog(ines)).to_contain_text("Your edits are not used.")
    with ines.expect_navigation():
        commit(ines)
    assert Decision.objects.get(review=review).verdict == Verdict.APPROVE


def test_an_edit_that_is_not_taken_keeps_what_was_typed(desk: Gallery, ines: Page) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    argument(ines, "amount").fill("a lot")
    argument(ines, "reason").fill("Broken on arrival")
    ines.get_by_role("button", name="Edit & approve").click()
    expect(dialog(ines)).to_contain_text("Some fields need another look first.")
    with ines.expect_navigation():
        commit(ines)
    expect(ines.get_by_role("alert").first).to_contain_text("Nothing was decided")
    expect(ines.get_by_role("alert").first).to_be_focused()
    expect(argument(ines, "amount")).to_have_value("a lot")
    expect(argument(ines, "reason")).to_have_value("Broken on arrival")
    expect(ines.locator("#args .error")).to_be_visible()
    assert state_of(review) == ReviewState.OPEN


# --- refusing, conflicts ---------------------------------------------------------------------------------------------


def test_a_refused_rejection_comes_back_with_its_dialog_and_its_words(desk: Gallery, ines: Page) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    ines.keyboard.press("r")
    ines.keyboard.press("2")
    ines.get_by_label("In your words").fill("   ")
    with ines.expect_navigation() as navigation:
        commit(ines)
    assert navigation.value.status == 422
    expect(dialog(ines)).to_contain_text("Say why")
    expect(dialog(ines).get_by_label("Data is wrong or out of date")).to_be_checked()
    dialog(ines).get_by_label("In your words").fill("The order was cancelled.")
    with ines.expect_navigation():
        commit(ines)
    assert Decision.objects.get(review=review).reason == "The order was cancelled."


def test_who_is_second_sees_who_was_first_and_keeps_what_they_wrote(
    desk: Gallery, ines: Page, visitor: Visitor, world: World
) -> None:
    review, following = desk.refund("first"), desk.refund("second")
    tomas = open_review(visitor(world.tomas), review)
    tomas.route("**/bar/**", lambda route: route.abort())
    open_review(ines, review)
    tomas.keyboard.press("r")
    tomas.keyboard.press("4")
    tomas.get_by_label("In your words").fill("Against the house rules.")
    ines.keyboard.press("a")
    with ines.expect_navigation():
        commit(ines)
    with tomas.expect_navigation() as navigation:
        commit(tomas)
    assert navigation.value.status == 409
    card = tomas.locator("#conflict")
    expect(card).to_contain_text("Someone decided this review before you.")
    expect(card).to_contain_text("Approved by Ines Moreau")
    expect(card).to_contain_text("Against the house rules.")
    expect(tomas.locator("#decide [data-k]")).to_have_count(0)
    card.get_by_role("link", name="Go to the next review").click()
    tomas.wait_for_url(f"**{address(following)}")
    assert Decision.objects.filter(review=review).count() == 1


def test_an_edit_that_came_second_is_shown_and_not_taken_for_what_stands(
    desk: Gallery, ines: Page, world: World
) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    ines.route("**/bar/**", lambda route: route.abort())
    argument(ines, "amount").fill("9.00")
    expect(ines.locator("#args .diff")).to_be_visible()
    decided(review, world.tomas, Verdict.APPROVE)
    ines.get_by_role("button", name="Edit & approve").click()
    with ines.expect_navigation():
        commit(ines)
    expect(ines.locator("#conflict")).to_contain_text("You had changed Amount")
    expect(ines.locator("#conflict ins")).to_have_text("9.00")
    expect(ines.locator("#s-change")).not_to_contain_text("edited")
    expect(ines.locator("#s-change input").first).to_have_value("42.00")


def test_what_was_decided_and_undone_since_must_be_looked_at_again(desk: Gallery, ines: Page, world: World) -> None:
    review = desk.refund("first")
    open_review(ines, review)
    ines.route("**/bar/**", lambda route: route.abort())
    Review.objects.filter(pk=review.pk).update(version=review.version + 2)
    ines.keyboard.press("a")
    with ines.expect_navigation() as navigation:
        commit(ines)
    assert navigation.value.status == 409
    expect(ines.locator("#conflict")).to_contain_text("What you saw has changed since")
    ines.get_by_role("link", name="Look at it again").click()
    live(ines).keyboard.press("a")
    with ines.expect_navigation():
        commit(ines)
    assert state_of(review) == ReviewState.APPROVED


# --- the other kinds -------------------------------------------------------------------------------------------------


def test_a_question_is_answered_with_its_form(desk: Gallery, ines: Page) -> None:
    review = desk.question("question")
    open_review(ines, review)
    form = ines.locator("#answer")
    form.get_by_label("What you see").select_option("packed badly")
    ines.keyboard.press("Escape")
    ines.keyboard.press("a")
    with ines.expect_navigation() as navigation:
        commit(ines)
    assert navigation.value.status == 422
    expect(form.get_by_label("What you see")).to_have_value("packed badly")
    expect(form.locator(".error")).to_have_count(1)
    form.get_by_label("Boxes").fill("2")
    form.get_by_label("Boxes").press("Enter")
    with ines.expect_navigation():
        commit(ines)
    assert Decision.objects.get(review=review).answer == {"boxes": 2, "verdict": "packed badly"}
    run = drive(desk.runs["question"])
    assert run.state == RunState.SUCCEEDED


@pytest.mark.parametrize(("kind", "key", "verdict"), [("failure", "a", "retry"), ("unknown", "e", "not_happened")])
def test_what_went_wrong_is_settled_by_a_person(desk: Gallery, ines: Page, kind: str, key: str, verdict: str) -> None:
    review = getattr(desk, kind)(kind)
    open_review(ines, review)
    ines.keyboard.press(key)
    dialog(ines).locator("[name=reason]").fill("I looked it up in the company's books.")
    with ines.expect_navigation():
        commit(ines)
    assert Decision.objects.get(review=review).verdict == verdict


def test_who_may_only_read_is_told_whose_it_is(desk: Gallery, visitor: Visitor, world: World) -> None:
    review = desk.refund("first")
    for user, words in ((world.hana, "for somebody else to decide"), (world.lukas, "for somebody else to decide")):
        page = open_review(visitor(user), review)
        expect(page.locator("#decide")).to_contain_text("Not yours to decide")
        expect(page.locator("#decide")).to_contain_text(words)
        expect(page.locator("[data-k], dialog [data-commit]")).to_have_count(0)
        expect(page.locator("#rv-state")).to_contain_text("Waiting for Refund desk")
        expect(row(page, review)).to_have_count(0)
