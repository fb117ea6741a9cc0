"""Connections: where they may lead, and what happens to the tools behind one that leads elsewhere."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from agents import actions, digests, exceptions, hooks
from agents.models import Connection, Tool
from agents.states import Environment, ToolState
from agents.values import Address
from tests.agents import trail
from tests.world import World, a_connection, a_tool

PROGRAM = Address(transport="stdio", server="company")


def make(world: World, **changed: Any) -> Connection:
    """A connection made by Hana, with some things otherwise."""
    values: dict[str, Any] = {
        "by": world.hana,
        "name": "erp",
        "title": "ERP",
        "environment": Environment.SANDBOX,
        "address": PROGRAM,
    }
    return actions.create_connection(**values | changed)


def test_an_admin_makes_a_connection_and_the_record_says_so(world: World) -> None:
    connection = make(world)
    assert (connection.server, connection.environment) == ("company", "sandbox")
    assert trail.verbs(f"connection:{connection.ref}") == ["connection.created"]


def test_nobody_else_makes_one(world: World) -> None:
    for person in (world.ines, world.lukas, world.otto):
        with pytest.raises(PermissionDenied):
            make(world, by=person)
    assert not Connection.objects.exists()
    assert trail.count() == 0


def test_a_name_is_taken_within_its_environment_only(world: World) -> None:
    make(world)
    make(world, environment=Environment.PRODUCTION)
    with pytest.raises(exceptions.NameTaken):
        make(world)
    assert Connection.objects.count() == 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://erp.example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://user:secret@erp.example.com/mcp",
        "https://erp.example.com/mcp#x",
        "https://erp.example.com:99999/mcp",
        "https://erp.example.com /mcp",
        "https://[::1",
    ],
)
def test_an_address_that_is_no_plain_web_address_is_refused(world: World, url: str) -> None:
    with pytest.raises(exceptions.BadAddress):
        make(world, address=Address(transport="http", url=url))


@pytest.mark.parametrize("url", ["https://erp.example.com/mcp", "http://127.0.0.1:8931/mcp"])
def test_a_web_address_is_accepted(world: World, url: str) -> None:
    assert make(world, address=Address(transport="http", url=url)).url == url


@pytest.mark.parametrize("server", ["", "bash", "company; rm", "COMPANY"])
def test_only_programs_the_operator_listed_can_be_started(world: World, server: str) -> None:
    with pytest.raises(exceptions.BadProgram):
        make(world, address=Address(transport="stdio", server=server))


@pytest.mark.parametrize("name", ["hunter2", "HOLDSHORT_SECRET_", "HOLDSHORT_SECRET_a", "PATH", "HOLDSHORT_SECRET_Ä"])
def test_a_secret_is_named_never_given(world: World, name: str) -> None:
    with pytest.raises(exceptions.BadSecretName):
        make(world, address=Address(transport="http", url="https://erp.example.com", credential=name))
    assert trail.count() == 0


def test_an_address_keeps_only_what_its_transport_uses(world: World) -> None:
    both = Address(transport="stdio", server="company", url="https://x.example", credential="HOLDSHORT_SECRET_X")
    connection = make(world, address=both)
    assert (connection.url, connection.credential) == ("", "")


def test_another_title_leaves_the_tools_alone(world: World) -> None:
    tool = a_tool()
    actions.change_connection(connection=tool.connection, by=world.hana, title="Shop", address=PROGRAM)
    tool.refresh_from_db()
    assert tool.state == ToolState.READY
    assert tool.versions.count() == 1
    assert trail.verbs(f"connection:{tool.connection.ref}") == ["connection.changed"]


def test_another_address_stops_every_tool_until_an_admin_looks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Tool] = []
    monkeypatch.setattr(hooks, "_contracts_changed", [told.extend])
    tool = a_tool()
    before = tool.current
    elsewhere = Address(transport="http", url="https://elsewhere.example/mcp")
    actions.change_connection(connection=tool.connection, by=world.hana, title="Shop", address=elsewhere)
    tool.refresh_from_db()
    assert before and tool.current and tool.current.digest != before.digest
    assert tool.current.digest == digests.contract_digest(tool.current)
    assert (tool.state, told) == (ToolState.CHANGED, [tool])
    assert trail.verbs(f"tool:{tool.ref}") == ["tool.changed"]


def test_those_who_may_not_change_it_do_not(world: World) -> None:
    connection = a_connection()
    with pytest.raises(PermissionDenied):
        actions.change_connection(connection=connection, by=world.ines, title="Mine", address=PROGRAM)
    with pytest.raises(Http404):
        actions.change_connection(connection=connection, by=world.otto, title="Mine", address=PROGRAM)
    with pytest.raises(PermissionDenied):
        actions.import_tools(connection=connection, by=world.ines)
    with pytest.raises(Http404):
        actions.import_tools(connection=connection, by=world.otto)
    assert trail.count() == 0
