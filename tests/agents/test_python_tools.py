"""Tools of a module of this installation: called through the gateway like any other, and without a process."""

import sys
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from django.core.checks import run_checks
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from agents import actions, exceptions
from agents.gateway import Proposal, Ticket, open_intent, propose, send, settle
from agents.gateway.execute import LATEST_BEGIN
from agents.models import Agent, Connection, Tool, ToolCall
from agents.python_tools import CallContext, tool, tools_of
from agents.states import CallState, Effect, Environment, ToolState
from agents.values import Address, Classification
from agents.verdicts import Route
from tests.world import World, a_grant, a_tool, an_agent

MODULE = "tests.agents.python_examples"
EXAMPLES = Address(transport="python", server="examples")


@pytest.fixture(autouse=True)
def _listed(settings: Settings) -> None:
    settings.HOLDSHORT_PYTHON_TOOLS = {"examples": MODULE}


def made(world: World, address: Address = EXAMPLES) -> Connection:
    return actions.create_connection(
        by=world.hana, name="examples", title="Examples", environment=Environment.PRODUCTION, address=address
    )


@pytest.fixture
def tools(world: World) -> dict[str, Tool]:
    """The tools of the module by name, imported and classified: `price_of` reads."""
    connection = made(world)
    actions.import_tools(connection=connection, by=world.hana)
    for found in Tool.objects.filter(connection=connection).select_related("current"):
        assert found.current is not None
        effect = Effect.READ if found.name == "price_of" else Effect.WRITE
        classified = Classification(effect=effect, timeout_seconds=7)
        actions.classify_tool(tool=found, by=world.hana, classification=classified, seen=found.current.digest)
    return {found.name: found for found in Tool.objects.select_related("connection", "current")}


@pytest.fixture
def agent(world: World) -> Agent:
    return an_agent("pricer")


def called(agent: Agent, found: Tool, arguments: Mapping[str, Any]) -> ToolCall:
    """A granted call, from proposal to outcome."""
    a_grant(agent, found)
    assert agent.current is not None
    proposal = Proposal(
        agent_version=agent.current,
        tool_name=found.full_name,
        arguments=arguments,
        environment=Environment.PRODUCTION,
        run_ref=uuid4(),
        step_ref=uuid4(),
        call_key="1",
        review_from=101,
        fallback=Route(),
    )
    with transaction.atomic():
        ticket = open_intent(propose(proposal)[0], fence=1)
    assert isinstance(ticket, Ticket)
    effected = send(ticket)
    with transaction.atomic():
        settled = settle(effected)
    assert settled is not None
    return settled


def test_what_a_module_offers_is_imported_like_any_other_tool(world: World, tools: dict[str, Tool]) -> None:
    assert sorted(tools) == ["echo", "fall", "odd", "price_of"]
    price = tools["price_of"]
    assert price.full_name == "examples.price_of"
    assert price.state == ToolState.READY
    assert price.current is not None
    assert price.current.description == "The list price of a product."
    assert price.current.input_schema["additionalProperties"] is False
    report = actions.import_tools(connection=price.connection, by=world.hana)
    assert not report.is_news


def test_a_call_returns_what_the_function_returns(agent: Agent, tools: dict[str, Tool]) -> None:
    call = called(agent, tools["price_of"], {"sku": "A-1"})
    assert (call.state, call.result) == (CallState.SUCCEEDED, {"price": "12.50"})


def test_a_function_is_told_what_the_call_belongs_to(agent: Agent, tools: dict[str, Tool]) -> None:
    call = called(agent, tools["echo"], {"sku": "x"})
    assert call.result is not None
    assert float(call.result.pop("begin_by")) <= time.monotonic() + LATEST_BEGIN
    assert call.result == {
        "arguments": {"sku": "x"},
        "idempotency_key": str(call.ref),
        "timeout": "7.0",
        "agent": "pricer",
        "environment": "production",
        "run_ref": str(call.run_ref),
        "step_ref": str(call.step_ref),
    }


def test_a_function_that_refuses_did_nothing(agent: Agent, tools: dict[str, Tool]) -> None:
    call = called(agent, tools["price_of"], {"sku": "B"})
    assert (call.state, call.error) == (CallState.FAILED, "There is no product B.")


def test_nobody_knows_what_a_function_did_that_stopped_with_an_error(agent: Agent, tools: dict[str, Tool]) -> None:
    call = called(agent, tools["fall"], {"sku": "x"})
    assert (call.state, call.error) == (CallState.OUTCOME_UNKNOWN, "The tool stopped with KeyError.")


@pytest.mark.parametrize(
    ("sku", "kept"),
    [("tuple", [1, "two", {"three": [3]}]), ("subclass", {"a": True}), ("numbers", {"1": "one"})],
)
def test_what_json_can_say_is_kept(sku: str, kept: Any, agent: Agent, tools: dict[str, Tool]) -> None:
    call = called(agent, tools["odd"], {"sku": sku})
    call.refresh_from_db()
    assert (call.state, call.result) == (CallState.SUCCEEDED, kept)


@pytest.mark.parametrize("sku", ["set", "keys"])
def test_what_json_cannot_say_is_not_kept_but_the_effect_is_on_record(
    sku: str, agent: Agent, tools: dict[str, Tool]
) -> None:
    call = called(agent, tools["odd"], {"sku": sku})
    assert (call.state, call.result) == (CallState.SUCCEEDED, None)
    assert "not JSON" in call.error


def test_a_module_that_is_listed_no_longer_is_not_called(
    agent: Agent, tools: dict[str, Tool], settings: Settings
) -> None:
    settings.HOLDSHORT_PYTHON_TOOLS = {}
    call = called(agent, tools["echo"], {"sku": "x"})
    assert call.state == CallState.FAILED
    assert "is not in HOLDSHORT_PYTHON_TOOLS" in call.error


def test_a_tool_that_is_gone_from_its_module_is_surely_not_called(
    world: World, agent: Agent, tools: dict[str, Tool]
) -> None:
    Tool.objects.filter(pk=tools["echo"].pk).update(name="gone")
    tools["echo"].name = "gone"
    version = tools["echo"].current
    assert version is not None
    tools["echo"].refresh_from_db()
    actions.classify_tool(
        tool=tools["echo"],
        by=world.hana,
        classification=Classification(effect=Effect.WRITE, timeout_seconds=9),
        seen=version.digest,
    )
    call = called(agent, tools["echo"], {"sku": "x"})
    assert (call.state, call.error) == (CallState.FAILED, f"The module {MODULE} no longer offers gone.")


@pytest.mark.parametrize("server", ["", "os", MODULE])
def test_only_listed_modules_can_be_chosen(world: World, server: str) -> None:
    with pytest.raises(exceptions.BadModule):
        made(world, Address(transport="python", server=server))


def test_the_kind_follows_from_how_it_is_reached(world: World) -> None:
    connection = made(world, Address(transport="python", server="examples", url="https://x.example", kind="mcp"))
    assert (connection.kind, connection.transport, connection.url) == ("python", "python", "")


def test_a_module_that_cannot_be_imported_is_a_problem_of_the_connection(world: World, settings: Settings) -> None:
    settings.HOLDSHORT_PYTHON_TOOLS = {"examples": "no.such.module"}
    connection = made(world)
    with pytest.raises(exceptions.CannotImport, match=r"The module no\.such\.module cannot be used: No module named"):
        actions.import_tools(connection=connection, by=world.hana)
    connection.refresh_from_db()
    assert "no.such.module" in connection.problem


def test_two_tools_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("twice")
    for name in ("first", "second"):

        def function(arguments: dict[str, Any], context: CallContext) -> Any:
            return None

        setattr(module, name, tool("same", "", {"type": "object"})(function))
    monkeypatch.setitem(sys.modules, "twice", module)
    with pytest.raises(ValueError, match="two tools named same"):
        tools_of("twice")


def test_schemas_that_are_not_json_are_refused_where_they_stand() -> None:
    with pytest.raises(ValueError, match="of the tool bad must be JSON"):
        tool("bad", "", {"type": {"object"}})


@pytest.mark.parametrize("listed", [{"a": 3}, {"a": "os; exit"}, ["os"]])
def test_the_setting_is_checked(listed: Any, settings: Settings) -> None:
    settings.HOLDSHORT_PYTHON_TOOLS = listed
    assert "holdshort.E003" in [message.id for message in run_checks()]


def test_the_form_says_that_nothing_stops_such_a_tool(world: World, tools: dict[str, Tool], client: Client) -> None:
    client.force_login(world.hana)
    said = "nothing stops it"
    assert said in client.get(reverse("tool", args=[tools["echo"].ref])).content.decode()
    assert said not in client.get(reverse("tool", args=[a_tool().ref])).content.decode()


def test_an_admin_makes_such_a_connection_in_the_browser(world: World, client: Client) -> None:
    client.force_login(world.hana)
    form = {"title": "Prices", "name": "prices", "environment": "production", "transport": "python", "module": ""}
    refused = client.post(reverse("connection-new"), form)
    assert refused.status_code == 422
    assert "Choose one of the modules" in refused.content.decode()
    answer = client.post(reverse("connection-new"), form | {"module": "examples"}, follow=True)
    shown = answer.content.decode()
    assert "Module of this installation" in shown
    connection = Connection.objects.get()
    assert (connection.kind, connection.server) == ("python", "examples")
    assert (
        '<option value="examples" selected>'
        in client.get(reverse("connection-edit", args=[connection.ref])).content.decode()
    )
