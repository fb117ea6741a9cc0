"""A workflow of Hana's that triggers start, and senders that sign."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from guardian.shortcuts import assign_perm
from standardwebhooks.webhooks import Webhook

from orchestrator.accounts.models import User
from orchestrator.workflows.models import Trigger, WorkflowVersion
from orchestrator.workflows.triggers.actions import Wish, add_trigger
from orchestrator.workflows.triggers.schedules import Schedule
from orchestrator.workflows.triggers.secrets import secret_of
from tests.scenes import a_workflow
from tests.world import World

TEXT = """
name: refund
title: Refund
title_template: "Refund order {input.order_id}"
input:
  type: object
  additionalProperties: false
  required: [order_id]
  properties:
    order_id: {type: string, minLength: 2, maxLength: 20}
    amount: {type: number, minimum: 0}
steps:
  - {id: look, title: Look into it, kind: human, instructions: Look., reviewers: {team: Refund desk},
     form: {type: object, properties: {}, additionalProperties: false}}
"""
MAPPING = {"order_id": "${payload.data.order}", "amount": "${payload.data.amount?}"}
As = Callable[[User], Client]


@pytest.fixture
def refund(world: World) -> WorkflowVersion:
    """A workflow that Tomás may start and everyone with a role may see."""
    version = a_workflow(TEXT, owner=world.hana)
    assign_perm("workflows.start_workflow", world.tomas, version.workflow)
    return version


def a_trigger(world: World, kind: Trigger.Kind = Trigger.Kind.WEBHOOK, name: str = "Shop", **more: Any) -> Trigger:
    """A trigger that starts refunds in the name of Tomás."""
    facts: dict[str, Any] = {"runs_as": world.tomas, "mapping": {}} | more
    return add_trigger(workflow="refund", wish=Wish(name=name, kind=kind, **facts), by=world.hana)


@pytest.fixture
def hook(world: World, refund: WorkflowVersion) -> Trigger:
    """A webhook whose messages are the input of a refund."""
    return a_trigger(world)


@pytest.fixture
def daily(world: World, refund: WorkflowVersion) -> Trigger:
    """A schedule: every day at seven in Stockholm."""
    schedule = Schedule(cron="0 7 * * *", zone="Europe/Stockholm")
    return a_trigger(world, Trigger.Kind.SCHEDULE, "Daily", schedule=schedule, mapping={"order_id": "O-1"})


class Sender:
    """Somebody who knows a webhook's secret, and signs with it."""

    def __init__(self, trigger: Trigger, client: Client | None = None) -> None:
        self.trigger, self.client, self.webhook = trigger, client or Client(), Webhook(secret_of(trigger))

    def send(
        self,
        body: Any,
        *,
        message_id: str = "",
        at: datetime | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> Any:
        """Send a value as JSON, or bytes as they are; headers given replace the right ones, empty ones are left out."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        message_id, at = message_id or f"msg_{uuid4()}", at or datetime.now(UTC)
        right = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self.webhook.sign(message_id, at, raw.decode("utf-8", "replace")),
        }
        given = right | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in given.items() if value}
        return self.client.post(f"/hooks/{self.trigger.ref}", raw, content_type=content_type, headers=sent)


@pytest.fixture
def sender(hook: Trigger) -> Sender:
    """A sender of the webhook."""
    return Sender(hook)


def error_of(answer: Any, status: int) -> dict[str, Any]:
    """The error in an answer, which has exactly the agreed form."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"code", "message", "problems"}
    return error
