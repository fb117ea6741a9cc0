"""A workflow that programs may start, and clients that hold tokens."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from guardian.shortcuts import assign_perm

from orchestrator.accounts.actions import create_token
from orchestrator.accounts.models import User
from orchestrator.workflows.models import WorkflowVersion
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


NOBODYS = "018f3c1e-0000-7000-8000-000000000000"
GOOD = {"workflow": "refund", "input": {"order_id": "O-1"}}
ProgramOf = Callable[[User], "Program"]


class Program:
    """A program with a token (or without one) that speaks JSON."""

    def __init__(self, secret: str = "", client: Client | None = None) -> None:
        self.client = client or Client()
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, address: str, **more: str) -> Any:
        """GET an address below /api/v1."""
        return self.client.get(f"/api/v1{address}", headers=self.headers | more)

    def post(self, address: str, body: Any, *, content_type: str = "application/json", **more: str) -> Any:
        """POST a value as JSON, or bytes as they are. Headers may be given with _ for -."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = self.headers | {name.replace("_", "-"): value for name, value in more.items()}
        return self.client.post(f"/api/v1{address}", raw, content_type=content_type, headers=headers)


@pytest.fixture
def refund(world: World) -> WorkflowVersion:
    """A workflow that Tomás may start and everyone with a role may see."""
    version = a_workflow(TEXT, owner=world.hana)
    assign_perm("workflows.start_workflow", world.tomas, version.workflow)
    return version


@pytest.fixture
def program_of(db: None) -> Callable[[User], Program]:
    """A program with a fresh token of a person."""
    return lambda user: Program(create_token(owner=user, name="Program")[1])


@pytest.fixture
def program(program_of: Callable[[User], Program], refund: WorkflowVersion, world: World) -> Program:
    """A program of Tomás, who may start refunds."""
    return program_of(world.tomas)


def error_of(answer: Any, status: int) -> dict[str, Any]:
    """The error in an answer, which has exactly the agreed form."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    body = json.loads(answer.content)
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "problems"}
    assert error["message"].endswith(".")
    assert all(set(problem) == {"path", "sentence"} for problem in error["problems"])
    return error


def problem_of(answer: Any, status: int) -> tuple[str, str]:
    """The only problem in an answer."""
    (problem,) = error_of(answer, status)["problems"]
    return problem["path"], problem["sentence"]
