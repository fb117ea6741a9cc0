"""Triggers in a real browser: axe on every page, and adding one without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from orchestrator.workflows.models import Trigger, WorkflowVersion
from orchestrator.workflows.triggers.schedules import Schedule
from tests.browser.test_starting import check
from tests.browsing import Visitor
from tests.triggers.conftest import Sender, a_trigger, refund
from tests.world import World

__all__ = ("refund",)
pytestmark = pytest.mark.django_db(transaction=True)
OWN = "/workflows/refund/triggers/"


@pytest.fixture
def addresses(world: World, refund: WorkflowVersion) -> list[str]:
    """Every page, each with something on it."""
    hook = a_trigger(world, name="Shop " + "x" * 70, mapping={"order_id": "${payload.order}" + " " * 3 + "y" * 200})
    for number in range(3):
        Sender(hook).send({"order": f"<b>{number}</b>" * 9}, message_id="long_" + "x" * 100 + str(number))
    often = Schedule(cron="*/10 7-18 * * 1-5", zone="America/Argentina/ComodRivadavia")
    daily = a_trigger(world, Trigger.Kind.SCHEDULE, "Daily", schedule=often, mapping={"order_id": "O-1"})
    event = a_trigger(world, Trigger.Kind.EVENT, "Returned", event="order-returned")
    return ["/workflows/refund/", f"{OWN}add/", *(f"{OWN}{each.ref}/" for each in (hook, daily, event))]


def test_every_page_is_accessible_and_fits(world: World, addresses: list[str], visitor: Visitor) -> None:
    page = visitor(world.hana)
    for address in addresses:
        page.goto(address)
        check(page)


def test_a_webhook_is_added_switched_and_renewed_without_javascript(
    world: World, refund: WorkflowVersion, visitor: Visitor
) -> None:
    page = visitor(world.hana, width=390, javascript=False)
    page.goto("/workflows/refund/")
    page.get_by_role("link", name="Add a trigger").click()
    page.get_by_role("button", name="Add the trigger").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_role("button", name="Add the trigger").click()
    first = secret_on(page)
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("is off and starts nothing")).to_be_visible()
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("button", name="Renew the secret").click()
    assert secret_on(page) != first


def secret_on(page: Page) -> str:
    """The secret that the page shows."""
    expect(page.get_by_text("Copy the secret now")).to_be_visible()
    return page.locator("#secret").inner_text()
