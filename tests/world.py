"""The people, teams and things tests speak of. Everything is written by hand, nothing random.

    Ines   reviewer, Refund desk          Hana    admin
    Tomas  reviewer, both desks           Lukas   auditor
    Otto   signed in, but in no group: he may see and do nothing

Builders are called `a_…`; each makes what it needs and gives everything a sensible value, so that a test names only
what it is about. What a builder makes is ready to be used: classified, granted, allowed to whoever the agent acts for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Group
from guardian.shortcuts import assign_perm

from agents import digests
from agents.models import Agent, AgentVersion, Connection, Grant, Stop, Tool, ToolVersion
from agents.states import Effect, Environment, GrantEffect, Idempotency, Reversibility, StopMode, StopScope, ToolState
from audit.clock import db_now
from orchestrator.accounts.models import User
from orchestrator.accounts.roles import ADMINS, AUDITORS, REVIEWERS, ensure_roles

PASSWORD = "correct horse battery staple"

REFUND_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string", "maxLength": 20, "description": "The number on the order confirmation"},
        "amount": {"type": "number", "minimum": 0, "maximum": 100_000},
        "currency": {"type": "string", "enum": ["EUR", "USD"]},
        "note": {"type": ["string", "null"], "maxLength": 500},
    },
    "required": ["order_id", "amount", "currency"],
    "additionalProperties": False,
}

_numbers: Iterator[int] = count(1)


@dataclass(frozen=True)
class World:
    """The named cast and their teams."""

    ines: User
    tomas: User
    hana: User
    lukas: User
    otto: User
    refund_desk: Group
    claims_desk: Group


@pytest.fixture
def world(db: None) -> World:
    """A fresh world for one test."""
    return a_world()


def a_world() -> World:
    """The cast with roles and teams."""
    ensure_roles()
    refund_desk, claims_desk = a_team("Refund desk"), a_team("Claims desk")
    reviewers = Group.objects.get(name=REVIEWERS)
    return World(
        ines=a_person("Ines Moreau", reviewers, refund_desk),
        tomas=a_person("Tomás Abreu", reviewers, refund_desk, claims_desk),
        hana=a_person("Hana Sato", Group.objects.get(name=ADMINS)),
        lukas=a_person("Lukas Brandt", Group.objects.get(name=AUDITORS)),
        otto=a_person("Otto Lindqvist"),
        refund_desk=refund_desk,
        claims_desk=claims_desk,
    )


def a_person(name: str = "", *groups: Group) -> User:
    """A person who can sign in with PASSWORD; the address is their first name."""
    name = name or f"Person {next(_numbers)}"
    email = f"{name.split()[0].lower().replace('á', 'a')}{'' if ' ' in name else next(_numbers)}@example.com"
    if User.objects.filter(email=email).exists():
        email = f"{next(_numbers)}.{email}"
    user = User.objects.create_user(email, PASSWORD, name=name)
    user.groups.add(*groups)
    return user


def a_team(name: str = "", *members: User) -> Group:
    """A team with members."""
    team = Group.objects.create(name=name or f"Team {next(_numbers)}")
    team.user_set.add(*members)
    return team


def a_connection(name: str = "", **fields: Any) -> Connection:
    """A connection to a program on this machine, in production."""
    name = name or f"system_{next(_numbers)}"
    values: dict[str, Any] = {"title": name.replace("_", " ").capitalize(), "server": "company"}
    return Connection.objects.create(name=name, **values | fields)


def a_tool(
    name: str = "issue_refund",
    *,
    connection: Connection | None = None,
    state: ToolState = ToolState.READY,
    **contract: Any,
) -> Tool:
    """A classified tool. Without `contract`, one that pays an amount back for an order."""
    connection = connection or a_connection()
    tool = Tool.objects.create(connection=connection, name=name, state=state)
    a_contract(tool, **contract)
    return tool


def a_reading_tool(name: str = "get_order", **contract: Any) -> Tool:
    """A classified tool that only reads."""
    schema = {
        "type": "object",
        "properties": {"order_id": {"type": "string", "maxLength": 20}},
        "required": ["order_id"],
        "additionalProperties": False,
    }
    values: dict[str, Any] = {
        "title": "Read an order",
        "description": "Everything known about one order.",
        "input_schema": schema,
        "effect": Effect.READ,
        "reversibility": Reversibility.REVERSIBLE,
        "idempotency": Idempotency.BY_KEY,
        "sentence": "Read order {order_id}",
        "short_sentence": "Read {order_id}",
        "amount_argument": "",
        "currency": "",
    }
    return a_tool(name, **values | contract)


def a_contract(tool: Tool, **fields: Any) -> ToolVersion:
    """The next version of a tool's contract, made current."""
    by = User.objects.order_by("id").first() or a_person("Ada Admin")
    version = contract_for(tool, **{"number": tool.versions.count() + 1, "created_by": by} | fields)
    version.save()
    tool.current = version
    tool.save(update_fields=["current"])
    return version


def contract_for(tool: Tool, **fields: Any) -> ToolVersion:
    """A contract with its digest, not saved. Without `fields`, one that pays an amount back for an order."""
    values: dict[str, Any] = {
        "title": "Refund an order",
        "description": "Pays an amount back to the customer of an order.",
        "input_schema": REFUND_SCHEMA,
        "output_schema": None,
        "server_digest": "0" * 64,
        "effect": Effect.WRITE,
        "reversibility": Reversibility.COMPENSABLE,
        "undo_note": "Ask the customer to pay the amount again.",
        "idempotency": Idempotency.BY_KEY,
        "sentence": "Refund {amount} {currency} for order {order_id}",
        "short_sentence": "Refund {amount} {currency}",
        "amount_argument": "amount",
        "currency": "EUR",
    }
    version = ToolVersion(tool=tool, **values | fields)
    version.digest = digests.contract_digest(version)
    return version


def an_agent(
    name: str = "",
    *,
    owner: User | None = None,
    acts_for: User | Group | None = None,
    title: str = "",
    **version: Any,
) -> Agent:
    """An active agent with one version. It acts for a team of its own unless told for whom."""
    name = name or f"agent_{next(_numbers)}"
    acts_for = acts_for or a_team(f"Team of {name}")
    represented = {"acts_for_user": acts_for} if isinstance(acts_for, User) else {"acts_for_team": acts_for}
    agent = Agent.objects.create(
        name=name,
        title=title or name.replace("_", " ").capitalize(),
        owner=owner or a_person(f"Owner of {name}"),
        **represented,
    )
    an_agent_version(agent, **version)
    return agent


def an_agent_version(agent: Agent, **fields: Any) -> AgentVersion:
    """The next version of an agent, made current."""
    values: dict[str, Any] = {
        "number": agent.versions.count() + 1,
        "instructions": "Pay back what the customer is owed, no more.",
        "model": "scripted:test",
        "created_by": agent.owner,
    }
    version = AgentVersion(agent=agent, **values | fields)
    version.digest = digests.agent_digest(version)
    version.save()
    agent.current = version
    agent.save(update_fields=["current"])
    return version


def a_grant(
    agent: Agent,
    tool: Tool,
    effect: GrantEffect = GrantEffect.ALLOWED,
    *,
    reviewer: User | Group | None = None,
    represented_may: bool = True,
) -> Grant:
    """What an agent may do with a tool. Whoever it acts for may use the tool too, unless told otherwise."""
    if represented_may:
        may_use(agent.acts_for_user or agent.acts_for_team, tool)
    return Grant.objects.create(
        agent=agent,
        tool=tool,
        environment=Environment(tool.connection.environment),
        effect=effect,
        review_user=reviewer if isinstance(reviewer, User) else None,
        review_team=reviewer if isinstance(reviewer, Group) else None,
        changed_by=agent.owner,
    )


def a_stop(thing: Agent | Tool | Connection, by: User) -> Stop:
    """An open stop of one thing."""
    scope = StopScope(str(thing._meta.model_name))
    return Stop.objects.create(
        scope=scope,
        thing=thing.ref,
        name=str(thing),
        mode=StopMode.NOW,
        reason="It pays twice.",
        set_by=by,
        at=db_now(),
    )


def may_use(who: User | Group | None, tool: Tool) -> None:
    """Let a person or team have a tool used on their behalf."""
    assign_perm("agents.use_tool", who, tool)
