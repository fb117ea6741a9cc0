"""A workflow of Hana's that pages show."""

from collections.abc import Callable

import pytest
from django.test import Client

from agents.models import Agent
from agents.states import GrantEffect
from orchestrator.accounts.models import User
from orchestrator.workflows import actions
from orchestrator.workflows.models import WorkflowVersion
from tests.scenes import MAP
from tests.world import World, a_connection, a_grant, a_tool, an_agent

TEXT = """
name: refund
title: Refund an order
description: A customer wants money back.
input:
  type: object
  additionalProperties: false
  required: [order_id]
  properties:
    order_id: {type: string, description: The number on the confirmation}
    amount: {type: number, minimum: 0}
risk:
  reviewers: {team: Refund desk}
steps:
  - {id: look, kind: agent, title: Look into it, agent: clerk, task: "Look into ${input.order_id}"}
  - {id: pay, kind: tool, title: Pay it back, agent: clerk, tool: company.issue_refund,
     with: {order_id: "${input.order_id}", amount: 5, currency: EUR}}
  - {id: call, kind: human, title: Call the customer, instructions: Say sorry., due: 30m, expires: 2d,
     reviewers: {person: ines@example.com}, form: {type: object, properties: {}, additionalProperties: false}}
""" + MAP.lstrip()
As = Callable[[User], Client]


@pytest.fixture
def as_() -> As:
    """A client in which somebody is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def clerk(world: World) -> Agent:
    """An agent that refunds after a review by the Refund desk."""
    agent = an_agent("clerk", title="The clerk")
    a_grant(agent, a_tool(connection=a_connection("company")), GrantEffect.REVIEW, reviewer=world.refund_desk)
    return agent


@pytest.fixture
def refund(world: World, clerk: Agent) -> WorkflowVersion:
    """A published workflow of Hana's."""
    return actions.import_definition(text=TEXT, by=world.hana)
