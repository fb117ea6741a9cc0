"""Every page of the permission side: who sees it, who sees its forms, and what they find there."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Agent, Connection, Tool
from agents.states import GrantEffect, ToolState
from orchestrator.accounts.models import User
from tests.world import (
    World,
    a_connection,
    a_contract,
    a_grant,
    a_reading_tool,
    a_tool,
    an_agent,
    an_agent_version,
    may_use,
)

HOSTILE = "<script>alert(1)</script> \u202egnp.exe"
PAGES = ["agents", "agent", "connections", "connection", "tool", "permissions", "why"]
FORMS = ["agent-new", "agent-edit", "connection-new", "connection-edit"]


class Site:
    """A browser without JavaScript, signed in as one person after the other."""

    def __init__(self, client: Client, pages: dict[str, str]) -> None:
        self.client, self.pages = client, pages

    def get(self, user: User, page: str, **headers: str) -> Any:
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return self.client.get(self.pages.get(page, page), headers=headers)

    def html(self, user: User, page: str) -> str:
        answer = self.get(user, page)
        assert answer.status_code == 200
        content: bytes = answer.content
        return content.decode()


@pytest.fixture
def site(world: World, client: Client) -> Site:
    """One agent, one connection with two tools, and the addresses of all their pages."""
    connection = a_connection("payments")
    agent = an_agent("support", title="Support", owner=world.ines, acts_for=world.refund_desk)
    tool = a_tool(connection=connection)
    a_grant(agent, tool, GrantEffect.REVIEW, reviewer=world.refund_desk)
    a_grant(agent, a_reading_tool(connection=connection))
    may_use(world.tomas, tool)
    pages = {
        "agents": "/agents/",
        "agent": f"/agents/{agent.ref}/",
        "agent-new": "/agents/new/",
        "agent-edit": f"/agents/{agent.ref}/edit/",
        "connections": "/connections/",
        "connection": f"/connections/{connection.ref}/",
        "connection-new": "/connections/new/",
        "connection-edit": f"/connections/{connection.ref}/edit/",
        "tool": f"/tools/{tool.ref}/",
        "permissions": "/permissions/",
        "why": f"/permissions/?cell=support:payments.{tool.name}",
    }
    return Site(client, pages)


@pytest.mark.parametrize("page", PAGES)
def test_a_reviewer_reads_every_page_and_finds_no_form(world: World, site: Site, page: str) -> None:
    html = site.html(world.tomas, page)
    assert html.count('method="post"') == html.count('method="post" action="/sign-out/"')
    assert "/edit/" not in html
    assert "/new/" not in html


@pytest.mark.parametrize("page", ["agent", "connection", "tool", "why"])
def test_an_admin_finds_the_form_there(world: World, site: Site, page: str) -> None:
    html = site.html(world.hana, page)
    assert html.count('method="post"') > html.count('method="post" action="/sign-out/"')


@pytest.mark.parametrize("page", FORMS)
def test_only_an_admin_opens_a_form(world: World, site: Site, page: str) -> None:
    assert site.get(world.hana, page).status_code == 200
    assert site.get(world.ines, page).status_code == 403
    assert site.get(world.otto, page).status_code in (403, 404)


@pytest.mark.parametrize("page", ["agent", "connection", "tool"])
def test_who_may_not_see_it_is_told_that_it_is_not_there(world: World, site: Site, page: str) -> None:
    assert site.get(world.otto, page).status_code == 404


@pytest.mark.parametrize("page", ["agents", "connections", "permissions", "why"])
def test_lists_are_empty_for_who_may_see_nothing(world: World, site: Site, page: str) -> None:
    html = site.html(world.otto, page)
    assert "payments" not in html.replace("cell=support:payments", "")
    assert "Support" not in html


def test_before_there_is_anything_each_page_says_what_comes_next(world: World, client: Client) -> None:
    site = Site(client, {})
    assert "No agents yet" in site.html(world.hana, "/agents/")
    assert "No connections yet" in site.html(world.hana, "/connections/")
    assert "No agents yet" in site.html(world.hana, "/permissions/")
    an_agent()
    assert "No tools here yet" in site.html(world.hana, "/permissions/")


def test_models_that_are_none_are_labelled_and_real_ones_are_not(world: World, client: Client) -> None:
    site = Site(client, {})
    for model, labelled in (("scripted:x", True), ("recorded:x", True), ("anthropic:claude-sonnet-4-5", False)):
        agent = an_agent(model=model)
        for page in ("/agents/", f"/agents/{agent.ref}/"):
            assert ("not a model" in site.html(world.ines, page)) is labelled
        Agent.objects.filter(pk=agent.pk).update(current=None)
        agent.refresh_from_db()
        an_agent_version(agent, model="anthropic:claude-sonnet-4-5")


def test_an_agent_shows_what_each_version_changed(world: World, site: Site) -> None:
    agent = Agent.objects.get(name="support")
    an_agent_version(agent, instructions="Pay back what the customer is owed, no more.\nNever twice.")
    html = site.html(world.ines, "agent")
    assert "<ins>" in html
    assert "Never twice." in html


def test_a_grant_shows_what_stands_in_its_way(world: World, site: Site) -> None:
    a_grant(Agent.objects.get(name="support"), a_tool("blocked"), represented_may=False)
    for page in ("agent", "permissions"):
        assert "Refund desk may not" in site.html(world.ines, page)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ToolState.NEW, "Nobody has said yet what this tool does"),
        (ToolState.CHANGED, "This is not the tool that was classified"),
        (ToolState.MISSING, "does not offer this tool any more"),
    ],
)
def test_a_tool_that_cannot_be_called_says_why(world: World, site: Site, state: ToolState, words: str) -> None:
    Tool.objects.update(state=state)
    assert words in site.html(world.ines, "tool")


def test_a_changed_tool_shows_what_the_server_changed(world: World, site: Site) -> None:
    tool = Tool.objects.get(name="issue_refund")
    a_contract(tool, description="Pays everything.", created_by=None)
    Tool.objects.filter(pk=tool.pk).update(state=ToolState.CHANGED)
    html = site.html(world.ines, "tool")
    assert "What changed since it was classified" in html
    assert "Pays everything." in html


def test_text_of_a_server_is_inert_wherever_it_shows(world: World, site: Site) -> None:
    tool = Tool.objects.get(name="issue_refund")
    schema = {"type": "object", "properties": {HOSTILE: {"type": "string", "description": HOSTILE}}}
    a_contract(tool, title=HOSTILE, description=HOSTILE * 2000, input_schema=schema)
    Connection.objects.update(problem=HOSTILE)
    for page in ("tool", "connection", "permissions", "why"):
        html = re.sub(r' value="[^"]*"', "", site.html(world.hana, page))  # what a form sends back is never shown
        assert "<script>alert(1)" not in html
        assert "\u202e" not in html


def test_the_matrix_shows_one_environment_at_a_time(world: World, site: Site) -> None:
    a_tool("only_here", connection=a_connection("trial", environment="sandbox"))
    assert "only_here" not in site.html(world.ines, "/permissions/")
    html = site.html(world.ines, "/permissions/?env=sandbox")
    assert "only_here" in html
    assert "issue_refund" not in html


def test_the_matrix_finds_tools_and_agents(world: World, site: Site) -> None:
    an_agent("claims", title="Claims")
    found = site.html(world.ines, "/permissions/?q=refund")
    assert "issue_refund" in found
    assert "get_order" not in found
    found = site.html(world.ines, "/permissions/?q=claims")
    assert "get_order" in found
    assert ">Support</a>" not in found
    assert "No tools match" in site.html(world.ines, "/permissions/?q=nothing-like-it")


@pytest.mark.parametrize(
    "query", ["env=moon", "page=99999", "page=x", "only=x", "cell=:", "cell=a:b.c", "q=%00", "cell=%00:%00.x"]
)
def test_an_address_that_makes_no_sense_shows_the_matrix(world: World, site: Site, query: str) -> None:
    assert site.get(world.ines, f"/permissions/?{query}").status_code == 200


def test_a_cell_is_explained_and_htmx_gets_only_the_drawer_and_the_marked_cells(world: World, site: Site) -> None:
    html = site.html(world.ines, "why")
    assert "Why: Support" in html
    assert 'aria-current="true"><svg class="i"' in html
    before = "http://testserver/permissions/?cell=support:payments.get_order"
    answer = site.get(world.ines, "why", HX_Request="true", HX_Target="why", HX_Current_URL=before)
    part = answer.content.decode()
    assert "<html" not in part
    assert part.count('hx-swap-oob="true"') == 2
    assert part.count("aria-current") == 1


COUNTED = ("agents", "agent", "connections", "connection", "tool", "permissions", "why")


def test_no_page_asks_more_often_with_many_rows_than_with_few(
    world: World, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for page in COUNTED:
        site.html(world.hana, page)  # what is asked only once per process
    few = {page: _queries(site, world.hana, page, django_assert_max_num_queries) for page in COUNTED}
    _grow(world)
    many = {page: _queries(site, world.hana, page, django_assert_max_num_queries) for page in COUNTED}
    assert many == few


def _queries(site: Site, user: User, page: str, counting: DjangoAssertNumQueries) -> int:
    with counting(60) as queries:
        site.html(user, page)
    return len(queries)


def _grow(world: World) -> None:
    """A hundred agents, connections, tools and grants, and twenty versions, around the ones that are there."""
    agent, tool = Agent.objects.get(name="support"), Tool.objects.get(name="issue_refund")
    for number in range(100):
        a_grant(an_agent(f"many-{number}", owner=world.hana, acts_for=world.tomas), tool)
        place = tool.connection if number % 2 else a_connection(f"many-{number}")
        a_grant(agent, a_tool(f"many-{number}", connection=place))
    for number in range(20):
        a_contract(tool, description=f"many {number}")
        an_agent_version(agent, instructions=f"many {number}")
