"""The permission side in a real browser: axe, the drawer, the preview, and everything again without JavaScript."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, Connection, Grant, Tool
from agents.states import GrantEffect, ToolState
from tests.browser.barriers import open_all, problems_in
from tests.browsing import Visitor
from tests.world import World, a_connection, a_contract, a_grant, a_reading_tool, a_stop, a_tool, an_agent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(world: World) -> dict[str, str]:
    """Two agents and tools in every state, and the addresses of all pages."""
    payments = a_connection("payments")
    support = an_agent("support", title="Support", owner=world.hana, acts_for=world.refund_desk)
    a_stop(an_agent("claims", title="Claims", owner=world.hana, acts_for=world.tomas), world.hana)
    tool = a_tool(connection=payments)
    changed = a_tool("changed", connection=payments)
    a_contract(changed, description="Pays\neverything \u202e <script>", created_by=None)
    Tool.objects.filter(pk=changed.pk).update(state=ToolState.CHANGED)
    new = a_tool("new", connection=payments, state=ToolState.NEW, created_by=None)
    a_grant(support, tool, GrantEffect.REVIEW, reviewer=world.refund_desk)
    a_grant(support, a_reading_tool(connection=payments))
    a_grant(support, changed, represented_may=False)
    return {
        "agents": "/agents/",
        "agent": f"/agents/{support.ref}/",
        "agent-new": "/agents/new/",
        "agent-edit": f"/agents/{support.ref}/edit/",
        "connections": "/connections/",
        "connection": f"/connections/{payments.ref}/",
        "connection-new": "/connections/new/",
        "connection-edit": f"/connections/{payments.ref}/edit/",
        "tool": f"/tools/{tool.ref}/",
        "tool-changed": f"/tools/{changed.ref}/",
        "tool-new": f"/tools/{new.ref}/",
        "permissions": "/permissions/",
        "why": "/permissions/?cell=support:payments.issue_refund",
    }


def test_every_page_is_accessible_and_fits(world: World, shop: dict[str, str], visitor: Visitor) -> None:
    """At 1440 and 390 pixels in light and at 1024 in dark, by all rules."""
    page = visitor(world.hana)
    for name, address in shop.items():
        page.goto(address)
        open_all(page)
        problems = problems_in(page, [(1440, False), (1024, True), (390, False)])
        assert not problems, (name, problems)


def test_a_cell_opens_in_place_and_can_be_changed_with_the_keyboard(
    world: World, shop: dict[str, str], visitor: Visitor
) -> None:
    page = visitor(world.hana)
    page.goto(shop["permissions"])
    cell, other = _cell(page, "support", "issue_refund"), _cell(page, "support", "get_order")
    other.click()
    expect(page.locator("#h-why")).to_contain_text("payments.get_order")
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#h-why")).to_contain_text("payments.issue_refund")
    expect(page.locator("#h-why")).to_be_focused()
    expect(page).to_have_url(re.compile("issue_refund"))
    expect(cell).to_have_attribute("aria-current", "true")
    expect(other).not_to_have_attribute("aria-current", "true")
    page.get_by_label("Allowed", exact=True).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(_cell(page, "support", "issue_refund")).to_contain_text("Allowed")
    assert Grant.objects.get(tool__name="issue_refund").effect == GrantEffect.ALLOWED
    page.go_back()
    expect(page.locator("#h-why")).to_be_visible()


def test_a_sentence_is_previewed_while_it_is_written(world: World, shop: dict[str, str], visitor: Visitor) -> None:
    page = visitor(world.hana)
    page.goto(shop["tool"])
    page.get_by_label("Sentence that reviewers read").fill("Pay {amount|money:EUR} back")
    expect(page.locator("#preview")).to_contain_text("Pay €1,250.50 back")
    page.get_by_label("Sentence that reviewers read").fill("Pay {amuont} back")
    expect(page.locator("#preview")).to_contain_text("Did you mean “amount”?")
    expect(page.get_by_label("Sentence that reviewers read")).to_be_focused()


def test_tools_are_imported_in_place(world: World, visitor: Visitor) -> None:
    connection = a_connection("company", server="company")
    page = visitor(world.hana)
    page.goto(f"/connections/{connection.ref}/")
    page.get_by_role("button", name="Import tools").click()
    expect(page.get_by_text("The tools were read")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="refund_order")).to_be_visible()


def test_from_a_new_connection_to_a_granted_tool_without_javascript(world: World, visitor: Visitor) -> None:
    an_agent("support", title="Support", acts_for=world.refund_desk)
    page = visitor(world.hana, javascript=False)
    page.set_default_timeout(30_000)
    page.goto("/connections/")
    page.get_by_role("link", name="New connection").first.click()
    page.get_by_label("Title").fill("Company")
    page.get_by_label("Name", exact=True).fill("company")
    page.get_by_label("Sandbox").check()
    page.get_by_label("Program on this machine").check()
    page.get_by_label("Program optional").select_option("company")
    page.get_by_role("button", name="Make the connection").click()
    page.get_by_role("button", name="Import tools").click()
    page.get_by_role("link", name="get_order").click()
    page.get_by_label("Reads").check()
    page.get_by_role("button", name="Save the classification").click()
    page.goto("/permissions/?env=sandbox")
    _cell(page, "support", "get_order").click()
    page.get_by_label("Allowed", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(_cell(page, "support", "get_order")).to_contain_text("Refund desk may not")
    page.get_by_role("button", name="Allow it to Refund desk").click()
    expect(_cell(page, "support", "get_order")).to_contain_text("Read-only")
    assert Connection.objects.get().environment == "sandbox"
    assert Grant.objects.get().environment == "sandbox"


def _cell(page: Page, agent: str, tool: str) -> Locator:
    keys = Agent.objects.get(name=agent).pk, Tool.objects.get(name=tool).pk
    return page.locator("#cell-{}-{}".format(*keys))
