"""Digests: the stored one is found again from the stored rows, and every field that matters changes it."""

from typing import Any

import pytest

from agents import digests
from agents.models import AgentVersion, Connection, ToolVersion
from tests.world import World, a_tool, an_agent

CONTRACT: dict[str, Any] = {
    "title": "Other",
    "description": "Other",
    "input_schema": {"type": "object"},
    "output_schema": {"type": "object"},
    "server_digest": "1" * 64,
    "effect": "read",
    "reversibility": "unknown",
    "undo_note": "Other",
    "idempotency": "neither",
    "sentence": "Other",
    "short_sentence": "Other",
    "amount_argument": "",
    "currency": "USD",
    "sensitive": ["/amount"],
    "timeout_seconds": 31,
}
PLACE = {
    "name": "other",
    "environment": "sandbox",
    "transport": "http",
    "server": "other",
    "url": "https://other.example",
    "credential": "HOLDSHORT_SECRET_OTHER",
}


def stored_contract() -> ToolVersion:
    """A contract as the database gives it back."""
    tool = a_tool()
    return ToolVersion.objects.select_related("tool__connection").get(tool=tool)


def test_a_stored_contract_has_the_digest_it_was_stored_with(world: World) -> None:
    version = stored_contract()
    assert digests.contract_digest(version) == version.digest


@pytest.mark.parametrize("field", CONTRACT)
def test_every_field_of_a_contract_counts(world: World, field: str) -> None:
    version = stored_contract()
    setattr(version, field, CONTRACT[field])
    assert digests.contract_digest(version) != version.digest


@pytest.mark.parametrize("field", PLACE)
def test_where_a_contract_leads_counts(world: World, field: str) -> None:
    version = stored_contract()
    setattr(version.tool.connection, field, PLACE[field])
    assert digests.contract_digest(version) != version.digest


def test_the_name_of_the_tool_counts_and_no_field_was_forgotten(world: World) -> None:
    version = stored_contract()
    version.tool.name = "other"
    assert digests.contract_digest(version) != version.digest
    beside = {"id", "tool", "number", "digest", "created_by", "created_at"}
    assert {field.name for field in ToolVersion._meta.concrete_fields} == beside | set(CONTRACT)
    about = {"id", "ref", "title", "kind", "created_at", "imported_at", "problem"}
    assert {field.name for field in Connection._meta.concrete_fields} == about | set(PLACE)


AGENT: dict[str, Any] = {
    "instructions": "Other",
    "model": "openai:gpt-5",
    "max_turns": 1,
    "max_calls": 1,
    "max_tokens": 1000,
}


def test_a_stored_agent_has_the_digest_it_was_stored_with(world: World) -> None:
    an_agent()
    version = AgentVersion.objects.select_related("agent").get()
    assert digests.agent_digest(version) == version.digest


@pytest.mark.parametrize("field", AGENT)
def test_every_field_of_an_agent_counts(world: World, field: str) -> None:
    an_agent()
    version = AgentVersion.objects.select_related("agent").get()
    setattr(version, field, AGENT[field])
    assert digests.agent_digest(version) != version.digest
    beside = {"id", "agent", "number", "digest", "created_by", "created_at"}
    assert {item.name for item in AgentVersion._meta.concrete_fields} == beside | set(AGENT)
