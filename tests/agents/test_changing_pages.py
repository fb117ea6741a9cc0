"""The forms of the permission side: good input changes things, bad input is kept and explained, others are refused."""

from typing import Any

import pytest
from django.test import Client
from guardian.shortcuts import get_perms

from agents import connectors
from agents.models import Agent, Connection, Grant, Tool
from agents.states import GrantEffect, ToolState
from orchestrator.accounts.models import User
from tests.agents import trail
from tests.world import World, a_connection, a_contract, a_grant, a_tool, an_agent, an_agent_version


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    """A browser in which Hana is signed in."""
    return signed_in(client, world.hana)


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def agent_fields(world: World, **changed: str) -> dict[str, str]:
    return {
        "title": "Support",
        "name": "support",
        "description": "",
        "owner": str(world.ines.ref),
        "acts_for": f"team:{world.refund_desk.pk}",
        "instructions": "Answer customers.",
        "model": "anthropic:claude-sonnet-4-5",
        "max_turns": "12",
        "max_calls": "40",
        "max_tokens": "200000",
    } | changed


CONNECTION = {
    "title": "ERP",
    "name": "erp",
    "environment": "sandbox",
    "transport": "http",
    "server": "",
    "url": "https://erp.example.com/mcp",
    "credential": "HOLDSHORT_SECRET_ERP",
}
CLASSIFICATION = {
    "effect": "write",
    "sentence": "Refund {amount} {currency} for {order_id}",
    "short_sentence": "",
    "reversibility": "irreversible",
    "undo_note": "",
    "idempotency": "by_key",
    "amount_argument": "amount",
    "currency": "",
    "sensitive": ["/order_id"],
    "timeout_seconds": "30",
}


def test_an_agent_is_made_and_shown(world: World, admin: Client) -> None:
    answer = admin.post("/agents/new/", agent_fields(world))
    agent = Agent.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/agents/{agent.ref}/")
    assert (agent.acts_for_team, agent.owner) == (world.refund_desk, world.ines)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": "Not good"}, "A name begins with a lower-case letter"),
        ({"model": "nonsense"}, "is not a model"),
        ({"instructions": ""}, "This field is required"),
        ({"acts_for": "team:999999"}, "Select a valid choice"),
        ({"acts_for": "person:not-a-ref"}, "Select a valid choice"),
        ({"acts_for": "team:"}, "Select a valid choice"),
        ({"owner": "nobody"}, "is not a valid UUID"),
        ({"max_turns": "0"}, "greater than or equal to 1"),
        ({"max_turns": "many"}, "whole number"),
        ({"title": "x" * 121}, "at most 120 characters"),
        ({"title": "a\x00b"}, "Null characters are not allowed"),
    ],
)
def test_bad_input_is_kept_and_explained(world: World, admin: Client, changed: dict[str, str], sentence: str) -> None:
    answer = admin.post("/agents/new/", agent_fields(world, description="Kept as typed") | changed)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in html
    assert "Kept as typed" in html
    assert not Agent.objects.exists()


def test_an_agent_is_changed_and_a_stale_form_is_a_conflict_that_shows_what_is_new(world: World, admin: Client) -> None:
    agent = an_agent("support", title="Support", owner=world.ines, acts_for=world.refund_desk)
    assert agent.current is not None
    seen = agent.current.digest
    an_agent_version(agent, instructions="Changed by somebody else.")
    answer = admin.post(f"/agents/{agent.ref}/edit/", agent_fields(world, seen=seen))
    assert answer.status_code == 409
    assert "changed this after you opened the page" in answer.content.decode()
    fresh = Agent.objects.get().current
    assert fresh and fresh.digest in answer.content.decode()
    answer = admin.post(f"/agents/{agent.ref}/edit/", agent_fields(world, seen=fresh.digest, title="Desk"))
    assert answer.status_code == 302
    assert Agent.objects.get().title == "Desk"
    assert Agent.objects.get().versions.count() == 3


def test_more_than_the_form_asks_for_changes_nothing(world: World, admin: Client) -> None:
    agent = an_agent("support")
    assert agent.current is not None
    extra = {"seen": agent.current.digest, "name": "other", "ref": "x", "current": "1"}
    assert admin.post(f"/agents/{agent.ref}/edit/", agent_fields(world, **extra)).status_code == 302
    agent.refresh_from_db()
    assert agent.name == "support"


def test_a_connection_is_made_and_only_the_name_of_its_secret_shows(
    world: World, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDSHORT_SECRET_ERP", "open sesame")
    answer = admin.post("/connections/new/", CONNECTION, follow=True)
    assert Connection.objects.get().credential == "HOLDSHORT_SECRET_ERP"
    assert "HOLDSHORT_SECRET_ERP" in answer.content.decode()
    assert "open sesame" not in answer.content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"url": "ftp://x"}, "beginning with https:// or http://"),
        ({"credential": "hunter2"}, "not the secret itself"),
        ({"transport": "stdio", "server": ""}, "Choose one of the programs"),
        ({"transport": "stdio", "server": "bash"}, "Select a valid choice"),
        ({"environment": "moon"}, "Select a valid choice"),
        ({"name": "ERP"}, "A name begins with"),
    ],
)
def test_a_connection_that_makes_no_sense_is_refused(admin: Client, changed: dict[str, str], sentence: str) -> None:
    answer = admin.post("/connections/new/", CONNECTION | changed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Connection.objects.exists()


def test_tools_are_imported_with_a_button_and_a_failure_is_shown_where_the_tools_would_be(
    world: World, admin: Client, settings: Any
) -> None:
    connection = a_connection(server="company")
    try:
        answer = admin.post(f"/connections/{connection.ref}/import/")
    finally:
        connectors.close_all()
    assert answer.status_code == 200
    assert "refund_order" in answer.content.decode()
    settings.HOLDSHORT_STDIO_SERVERS = {}
    answer = admin.post(f"/connections/{connection.ref}/import/")
    assert answer.status_code == 422
    assert "The tools could not be read" in answer.content.decode()


def test_a_tool_is_classified_and_a_stale_form_is_a_conflict(world: World, admin: Client) -> None:
    tool = a_tool(state=ToolState.NEW, created_by=None)
    assert tool.current is not None
    stale = tool.current.digest
    fresh = a_contract(tool, description="Pays more.", created_by=None).digest
    address = f"/tools/{tool.ref}/classify/"
    answer = admin.post(address, CLASSIFICATION | {"seen": stale})
    assert answer.status_code == 409
    assert f'value="{fresh}"' in answer.content.decode()
    assert admin.post(address, CLASSIFICATION | {"seen": fresh}).status_code == 302
    tool.refresh_from_db()
    assert tool.current and (tool.state, tool.current.sensitive) == (ToolState.READY, ["/order_id"])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sentence": "Refund {amuont}"}, "Did you mean “amount”?"),
        ({"amount_argument": "price"}, "Select a valid choice"),
        ({"sensitive": ["/iban"]}, "Select a valid choice"),
        ({"effect": "destroy"}, "Select a valid choice"),
    ],
)
def test_a_classification_that_does_not_fit_is_kept_and_explained(
    admin: Client, changed: dict[str, Any], sentence: str
) -> None:
    tool = a_tool(state=ToolState.NEW, created_by=None)
    assert tool.current is not None
    fields = CLASSIFICATION | {"seen": tool.current.digest, "undo_note": "Kept as typed"} | changed
    answer = admin.post(f"/tools/{tool.ref}/classify/", fields)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "Kept as typed" in answer.content.decode()


def test_a_sentence_is_previewed_while_it_is_written(admin: Client) -> None:
    tool = a_tool()
    address = f"/tools/{tool.ref}/preview/"
    html = admin.get(address, {"sentence": "Refund {amount|money:EUR} for {order_id}"}).content.decode()
    assert "€1,250.50" in html
    assert "[order_id]" in html
    html = admin.get(address, {"sentence": "Refund {amuont} <script>"}).content.decode()
    assert "Did you mean “amount”?" in html
    assert "<script>" not in html


def test_changed_tools_are_confirmed_together(world: World, admin: Client) -> None:
    tool = a_tool(state=ToolState.CHANGED)
    assert tool.current is not None
    seen = [f"{tool.name}={tool.current.digest}"]
    answer = admin.post(f"/connections/{tool.connection.ref}/confirm/", {"seen": ["x", "issue_refund=", *seen]})
    assert answer.status_code == 302
    tool.refresh_from_db()
    assert tool.state == ToolState.READY


def test_a_grant_is_set_from_the_matrix(world: World, admin: Client) -> None:
    agent, tool = an_agent("support", acts_for=world.refund_desk), a_tool(connection=a_connection("payments"))
    address = "/permissions/set/?cell=support:payments.issue_refund"
    answer = admin.post(address, {"effect": "review", "reviewer": f"team:{world.refund_desk.pk}"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/permissions/?env=production&cell=support%3Apayments.issue_refund#why"
    assert Grant.objects.get(agent=agent, tool=tool).review_team == world.refund_desk
    admin.post(address, {"effect": ""})
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"effect": "review"}, "Choose who reviews"),
        ({"effect": "everything"}, "Select a valid choice"),
        ({"effect": "review", "reviewer": "team:0"}, "Select a valid choice"),
    ],
)
def test_a_grant_that_makes_no_sense_is_explained(admin: Client, fields: dict[str, str], sentence: str) -> None:
    an_agent("support")
    a_tool(connection=a_connection("payments"))
    answer = admin.post("/permissions/set/?cell=support:payments.issue_refund", fields)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Grant.objects.exists()


def test_a_team_is_allowed_to_have_a_tool_used_from_both_pages(world: World, admin: Client) -> None:
    agent = an_agent("support", acts_for=world.refund_desk)
    tool = a_tool(connection=a_connection("payments"))
    a_grant(agent, tool, GrantEffect.ALLOWED, represented_may=False)
    who = {"who": f"team:{world.refund_desk.pk}"}
    answer = admin.post(f"/tools/{tool.ref}/use/?cell=support:payments.issue_refund", who)
    assert answer.headers["Location"].startswith("/permissions/?env=production&cell=")
    assert "use_tool" in get_perms(world.refund_desk, tool)
    answer = admin.post(f"/tools/{tool.ref}/use/", who | {"withdraw": "1"})
    assert answer.headers["Location"] == f"/tools/{tool.ref}/"
    assert "use_tool" not in get_perms(world.refund_desk, tool)
    assert admin.post(f"/tools/{tool.ref}/use/", {"who": ""}).status_code == 422


def test_nobody_but_an_admin_changes_anything(world: World, client: Client) -> None:
    agent, tool = an_agent("support"), a_tool(connection=a_connection("payments"))
    addresses = [
        "/agents/new/",
        f"/agents/{agent.ref}/edit/",
        "/connections/new/",
        f"/connections/{tool.connection.ref}/edit/",
        f"/connections/{tool.connection.ref}/import/",
        f"/connections/{tool.connection.ref}/confirm/",
        f"/tools/{tool.ref}/classify/",
        f"/tools/{tool.ref}/use/",
        "/permissions/set/?cell=support:payments.issue_refund",
    ]
    for person in (world.ines, world.lukas, world.otto):
        signed_in(client, person)
        for address in addresses:
            assert client.post(address, {}).status_code in (403, 404), (person.name, address)
    assert trail.count() == 0
    assert Tool.objects.get().state == ToolState.READY
