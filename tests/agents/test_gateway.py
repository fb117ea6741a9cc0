"""The gateway stands whatever is stored or answered: it refuses, and says why, instead of failing (F21, F23)."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from agents.connectors import Reply
from agents.gateway import Proposal, execute, propose
from agents.gateway.execute import Ticket, open_intent, send, settle
from agents.models import Agent, Tool, ToolCall, ToolVersion
from agents.states import CallState, Environment
from agents.verdicts import Outcome, Route
from audit.canonical import SAFE_INTEGER
from audit.models import Entry
from orchestrator.runs.engine.work import SendCall
from tests.world import World, a_grant, a_tool, an_agent

REFUND = b'{"order_id": "12", "amount": 5, "currency": "EUR"}'


@pytest.fixture
def agent(world: World) -> Agent:
    return an_agent("payer")


@pytest.fixture
def tool(agent: Agent) -> Tool:
    tool = a_tool()
    a_grant(agent, tool)
    return tool


def proposed(agent: Agent, tool: Tool, arguments: bytes = REFUND) -> ToolCall:
    """A call as the gateway stores it."""
    assert agent.current is not None
    proposal = Proposal(
        agent_version=agent.current,
        tool_name=tool.full_name,
        arguments=arguments,
        environment=Environment.PRODUCTION,
        run_ref=uuid4(),
        step_ref=uuid4(),
        call_key="1",
        review_from=100,
        fallback=Route(),
    )
    with transaction.atomic():
        return propose(proposal)[0]


def opened(call: ToolCall) -> Ticket:
    with transaction.atomic():
        ticket = open_intent(call, fence=1)
    assert isinstance(ticket, Ticket)
    return ticket


def answering(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    """Let every connector answer this."""

    class Answering:
        def call(self, *_: Any, **__: Any) -> Reply:
            return Reply(ok=True, value=value)

    monkeypatch.setattr(execute, "connector_for", lambda kind: Answering())


def test_a_contract_whose_schema_cannot_be_used_refuses_every_call(world: World, agent: Agent) -> None:
    tool = a_tool(input_schema={"type": "array"})
    a_grant(agent, tool)
    call = proposed(agent, tool)
    assert call.state == CallState.INVALID
    assert "cannot be used" in call.reason
    assert {"stage": "contract", "outcome": Outcome.DENY.value} == {k: call.trace[-2][k] for k in ("stage", "outcome")}


def test_a_stored_contract_that_can_no_longer_be_read_refuses_the_call(agent: Agent, tool: Tool) -> None:
    call = proposed(agent, tool)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE agents_toolversion DISABLE TRIGGER ALL")
    unreadable = {"maximum": SAFE_INTEGER + 9}
    ToolVersion.objects.filter(tool=tool).update(output_schema=unreadable)
    with transaction.atomic():
        assert open_intent(call, fence=1) is None
    call.refresh_from_db()
    assert (call.state, Entry.objects.filter(verb="call.refused").count()) == (CallState.DENIED, 1)
    assert "can no longer be read" in call.reason


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [float("nan"), {"sum": float("inf")}, nested(450), nested(5000), {1, 2}, {"text": "\x00\ud800"}, 10**300]
)
def test_whatever_a_tool_answers_its_effect_is_on_record(
    value: Any, agent: Agent, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, value)
    call = proposed(agent, tool)
    effected = send(opened(call))
    with transaction.atomic():
        settled = settle(effected)
    assert settled is not None
    settled.refresh_from_db()
    assert settled.state == CallState.SUCCEEDED


def test_a_lease_covers_connecting_and_sending(agent: Agent, tool: Tool) -> None:
    ticket = opened(proposed(agent, tool))
    assert ticket.target is not None
    assert SendCall(1, 1, ticket).seconds >= ticket.target.timeout + ticket.timeout
