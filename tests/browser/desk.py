"""What every browser test of the desk does: open a review, wait until the page is live, press what decides."""

from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from approvals.models import Review

SETTLE = """async () => {
    let since = performance.now();
    while (performance.now() - since < 150) {
        await new Promise(again => setTimeout(again, 20));
        if (document.querySelector('.htmx-request')) since = performance.now();
    }
}"""


def address(review: Review) -> str:
    """Where a review is shown."""
    return reverse("review", args=[review.ref])


def open_review(page: Page, review: Review) -> Page:
    """The page of a review, live."""
    page.goto(address(review))
    return live(page)


def open_inbox(page: Page, query: str = "") -> Page:
    """The inbox, live."""
    page.goto(f"/inbox/{query}")
    return live(page)


def live(page: Page) -> Page:
    """Wait until the page hears doorbells."""
    expect(page.locator("html")).to_have_attribute("data-live", "on", timeout=15_000)
    return page


def settle(page: Page) -> Page:
    """Wait until the page is live and has fetched what it fetches by itself: until it has asked nothing for a while."""
    live(page)
    page.evaluate(SETTLE)
    return page


def dialog(page: Page) -> Locator:
    """The dialog that is open."""
    return page.locator("dialog:modal")


def commit(page: Page) -> None:
    """Press the button of the open dialog that decides, once it may be pressed."""
    page.wait_for_timeout(350)
    dialog(page).locator("[data-commit]").click()


def row(page: Page, review: Review) -> Locator:
    """A review's row in the list."""
    return page.locator(f"#row-{review.code}")


def argument(page: Page, name: str) -> Locator:
    """The field of an argument."""
    return page.locator(f'#args [name="a/{name}"]')


def stay_put(page: Page) -> None:
    """Mark the page, so that a reload would be noticed."""
    page.evaluate("window.stayed = true")


def stayed(page: Page) -> bool:
    """Whether the page was not loaded again since `stay_put`."""
    return bool(page.evaluate("window.stayed === true"))
