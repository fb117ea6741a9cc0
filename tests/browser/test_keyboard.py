"""Everything a reviewer does, without a pointer: each key, the order of the Tab key, and where the focus lands."""

import pytest
from playwright.sync_api import Page, expect

from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from tests.browser.desk import address, argument, dialog, open_inbox, open_review
from tests.browser.gallery import Gallery

pytestmark = pytest.mark.django_db(transaction=True)

WHERE = (
    "document.activeElement.closest('dialog, .decide, .rv-in, .rv-head, .list, .nav')?.className.split(' ')[0] ?? ''"
)


@pytest.fixture
def three(desk: Gallery) -> list[Review]:
    """Three refunds that wait, the most urgent first."""
    return [desk.refund(name) for name in ("first", "second", "third")]


def armed(page: Page) -> Page:
    """Wait until a press is meant for the dialog."""
    expect(dialog(page)).to_be_visible()
    page.wait_for_timeout(350)
    return page


def test_a_whole_round_by_keyboard_alone(three: list[Review], ines: Page) -> None:
    """From the list to an approval, its undo, a rejection, and on to the next: no pointer, nothing but keys."""
    first, second, third = three
    open_inbox(ines)
    for key in ("j", "j", "k"):
        ines.keyboard.press(key)
    expect(ines.locator(f"#open-{first.code}")).to_be_focused()
    ines.keyboard.press("Enter")
    ines.wait_for_url(f"**{address(first)}")
    expect(ines.locator("#rv-title")).to_be_focused()
    ines.keyboard.press("a")
    armed(ines).keyboard.press("Enter")
    ines.wait_for_url(f"**{address(second)}")
    expect(ines.locator("#rv-title")).to_be_focused()
    assert Decision.objects.get(review=first).verdict == Verdict.APPROVE
    ines.keyboard.press("z")
    ines.wait_for_url(f"**{address(first)}")
    assert Review.objects.get(pk=first.pk).state == ReviewState.OPEN
    ines.keyboard.press("r")
    expect(dialog(ines)).to_be_visible()
    ines.keyboard.press("4")
    expect(dialog(ines).get_by_label("Against policy")).to_be_checked()
    ines.keyboard.press("Tab")
    ines.keyboard.type("Against the house rules,\n")
    ines.keyboard.type("section 2.")
    armed(ines).keyboard.press("Control+Enter")
    ines.wait_for_url(f"**{address(second)}")
    said = Decision.objects.filter(review=first).latest("pk")
    assert (said.reason_code, said.reason.splitlines()[1]) == ("policy", "section 2.")
    ines.keyboard.press("j")
    expect(ines.locator(f"#open-{third.code}")).to_be_focused()


def test_an_edit_by_keyboard_alone(three: list[Review], ines: Page) -> None:
    first, second, _ = three
    open_review(ines, first)
    ines.keyboard.press("e")
    expect(argument(ines, "amount")).to_be_focused()
    ines.keyboard.press("ControlOrMeta+a")
    ines.keyboard.type("8.25")
    expect(ines.locator("#args .diff")).to_contain_text("8.25")
    ines.keyboard.press("Escape")
    ines.keyboard.press("e")
    expect(dialog(ines).locator("ins")).to_have_text("8.25")
    ines.keyboard.type("Only the part that broke.")
    armed(ines).keyboard.press("Enter")
    ines.wait_for_url(f"**{address(second)}")
    assert Decision.objects.get(review=first).reason == "Only the part that broke."


def test_the_focus_never_starts_on_what_decides(three: list[Review], ines: Page) -> None:
    open_review(ines, three[0])
    for key in "aer":
        argument(ines, "amount").evaluate("e => { e.value = '1.00'; e.form.dataset.dirty = ''; }")
        ines.keyboard.press(key)
        expect(dialog(ines)).to_be_visible()
        assert ines.evaluate("document.activeElement.matches('[data-commit]')") is False
        assert ines.evaluate("document.activeElement.closest('dialog').open") is True
        ines.keyboard.press("Escape")
        expect(dialog(ines)).to_have_count(0)
    assert not Decision.objects.exists()


def test_escape_leaves_the_dialog_and_gives_the_focus_back(three: list[Review], ines: Page) -> None:
    open_review(ines, three[0])
    ines.locator("#k-reject").focus()
    ines.keyboard.press("Enter")
    ines.keyboard.press("3")
    ines.keyboard.press("Escape")
    expect(dialog(ines)).to_have_count(0)
    expect(ines.locator("#k-reject")).to_be_focused()


def test_numbers_lead_to_their_sections_even_where_one_is_absent(desk: Gallery, ines: Page) -> None:
    action, failure = desk.refund("action"), desk.failure("failure")
    sections = {"1": "s-action", "2": "s-change", "3": "s-story", "4": "s-checks", "5": "s-past", "6": "s-talk"}
    asked = sections | {"2": "s-answer"}
    for review, places, absent in ((action, sections, ""), (failure, asked, "5")):
        open_review(ines, review)
        for key, section in places.items():
            ines.keyboard.press(key)
            if key in absent:
                assert section not in ines.url
            else:
                expect(ines.locator(f"#{section}")).to_be_in_viewport()
                assert ines.url.endswith(f"#{section}")


def test_tab_goes_through_the_page_in_the_order_it_is_read(three: list[Review], ines: Page) -> None:
    open_review(ines, three[0])
    ines.locator(".skip").focus()
    order: list[str] = []
    for _ in range(80):
        ines.keyboard.press("Tab")
        place = str(ines.evaluate(WHERE))
        if place and (not order or order[-1] != place):
            order.append(place)
        if place == "decide":
            break
    assert order == ["nav", "list", "rv-head", "rv-in", "decide"]
    expect(ines.locator("#k-approve")).to_be_focused()


def test_the_focus_survives_a_doorbell_for_the_decision_bar(desk: Gallery, three: list[Review], ines: Page) -> None:
    from approvals.signals import announce, review_changed

    open_review(ines, three[0])
    ines.locator("#k-reject").focus()
    three[0].version += 1
    three[0].save(update_fields=["version"])
    with ines.expect_response(lambda answer: "/bar/" in answer.url and answer.status == 200):
        announce(review_changed, three[0])
    expect(ines.locator("#k-reject")).to_be_focused()


def test_keys_do_nothing_while_somebody_types(three: list[Review], ines: Page) -> None:
    open_review(ines, three[0])
    argument(ines, "reason").click()
    ines.keyboard.type("are jkz 123 /?")
    expect(dialog(ines)).to_have_count(0)
    assert argument(ines, "reason").input_value().endswith("are jkz 123 /?")


def test_the_help_lists_only_keys_that_do_something(three: list[Review], ines: Page) -> None:
    open_inbox(ines)
    ines.keyboard.press("?")
    expect(dialog(ines)).to_contain_text("Keyboard shortcuts")
    listed = {key.strip() for key in dialog(ines).locator("kbd").all_inner_texts()}
    nav = {link.get_attribute("data-go") for link in ines.locator("[data-go]").element_handles()}
    known = set("AERSOZJKG/?169") | {"Enter", "Esc"} | {str(key).upper() for key in nav}
    assert listed <= known, listed - known


def test_a_step_that_needs_help_is_decided_by_keyboard_alone(desk: Gallery, ines: Page) -> None:
    failure = desk.failure("failure")
    open_review(ines, failure)
    ines.keyboard.press("s")
    value = ines.locator('#value [name^="v/"]').first
    expect(value).to_be_focused()
    ines.keyboard.type('"by hand"')
    ines.keyboard.press("Escape")
    ines.keyboard.press("s")
    expect(dialog(ines)).to_contain_text("Go on with a value of your own")
    ines.keyboard.type("I did it by hand.")
    armed(ines).keyboard.press("Control+Enter")
    ines.wait_for_url("**/inbox/")
    said = Decision.objects.get(review=failure)
    assert (said.verdict, said.reason) == (Verdict.SKIP, "I did it by hand.")
    assert said.answer == {"value": {"told": "by hand"}}
