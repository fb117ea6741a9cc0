"""Stops in a real browser: reachable at every width, with and without JavaScript, and seen by who has a page open."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from agents import actions
from agents.models import Stop
from agents.states import StopMode, StopScope
from orchestrator.accounts.roles import ADMINS
from tests.browser.barriers import problems_in
from tests.browsing import Visitor
from tests.world import World, a_grant, a_person, a_tool, an_agent

pytestmark = pytest.mark.django_db(transaction=True)
VIEWS = [(1440, False), (390, True), (320, False)]


def stop_of(world: World, thing: Any = None, reason: str = "It pays twice.") -> Stop:
    scope = StopScope(thing._meta.model_name) if thing else StopScope.EVERYTHING
    return actions.stop(by=world.hana, scope=scope, ref=thing and thing.ref, mode=StopMode.NOW, reason=reason)


def test_no_page_of_stops_has_a_problem(visitor: Visitor, world: World) -> None:
    """With nothing stopped, with everything stopped, and before the eyes of the second admin: in each of VIEWS."""
    agent, tool = an_agent("payer", title="Payer"), a_tool()
    a_grant(agent, tool)
    page = visitor(world.hana)
    pages = ("/stops/", f"/agents/{agent.ref}/", f"/tools/{tool.ref}/", "/inbox/")
    found = [*_problems(page, pages)]
    stop_of(world, agent)
    gone = stop_of(
        world, tool, "A reason that is rather long, so that one sees what becomes of it where room is scarce."
    )
    actions.release(by=world.hana, ref=gone.ref, reason="It is repaired.")
    everything = stop_of(world)
    found += _problems(page, pages)
    actions.release(by=world.hana, ref=everything.ref, reason="It is repaired.")
    found += _problems(visitor(a_person("Maja Lind", *world.hana.groups.all())), pages)
    assert found == []


def _problems(page: Page, addresses: tuple[str, ...]) -> list[tuple[str, str]]:
    found = []
    for address in addresses:
        page.goto(address)
        found += [(address, problem) for problem in problems_in(page, VIEWS)]
    return found


@pytest.mark.parametrize("javascript", [True, False])
def test_everything_is_stopped_and_released_by_two_people(javascript: bool, visitor: Visitor, world: World) -> None:
    first = visitor(world.hana, javascript=javascript)
    first.goto("/stops/")
    first.get_by_label("Reason").fill("It pays twice.")
    first.get_by_role("button", name="Stop everything").click()
    expect(first.get_by_role("heading", name="Everything is stopped")).to_be_visible()
    first.get_by_label("Reason").fill("It is repaired.")
    first.get_by_role("button", name="Ask to release everything").click()
    expect(first.get_by_text("Hana Sato asks to release it")).to_be_visible()
    expect(first.get_by_role("button", name="Confirm the release")).to_have_count(0)
    second = visitor(a_person("Maja Lind", *world.hana.groups.filter(name=ADMINS)), javascript=javascript)
    second.goto("/stops/")
    second.get_by_role("button", name="Confirm the release").click()
    expect(second.get_by_role("heading", name="Stop everything")).to_be_visible()
    assert not Stop.objects.filter(released_at=None).exists()


def test_who_has_a_page_open_sees_a_stop_and_its_release(visitor: Visitor, world: World) -> None:
    page = visitor(world.ines)
    page.goto("/inbox/")
    expect(page.locator("html[data-live=on]")).to_be_attached()
    agent = an_agent("payer", title="Payer")
    stop = stop_of(world, agent)
    expect(page.get_by_text("Agent Payer is stopped.")).to_be_visible()
    actions.release(by=world.hana, ref=stop.ref, reason="It is repaired.")
    expect(page.get_by_text("Agent Payer is stopped.")).to_have_count(0)
