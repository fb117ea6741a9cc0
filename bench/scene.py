"""What the benchmarks run on: an agent that may read with one tool, and workflows of nothing but that tool."""

from typing import Any

import yaml
from django.contrib.auth.models import Group

from agents import actions
from agents.models import Connection
from agents.states import Effect, Environment, GrantEffect, Idempotency, Reversibility
from agents.values import Address, Brief, Classification
from bench.protocol import STEPS
from orchestrator.accounts.models import User
from orchestrator.accounts.roles import ADMINS, REVIEWERS, ensure_roles
from orchestrator.workflows.actions import import_definition
from orchestrator.workflows.models import WorkflowVersion

STARTER, DECIDER = "starter@bench.example.com", "decider@bench.example.com"
TEAM = "Bench desk"
READS = Classification(
    effect=Effect.READ, reversibility=Reversibility.REVERSIBLE, idempotency=Idempotency.BY_KEY, timeout_seconds=10
)


def set_scene() -> None:
    """Make people, the agent with its tool, and the workflows, by the product's own actions."""
    ensure_roles()
    team = Group.objects.create(name=TEAM)
    starter, decider = (User.objects.create_user(email, name=email.split("@")[0]) for email in (STARTER, DECIDER))
    starter.groups.add(Group.objects.get(name=ADMINS))
    decider.groups.add(team, Group.objects.get(name=REVIEWERS))
    connection = actions.create_connection(
        by=starter,
        name="bench",
        title="Bench",
        environment=Environment.SANDBOX,
        address=Address(transport=Connection.Transport.PYTHON, server="bench"),
    )
    actions.import_tools(connection=connection, by=starter)
    tool = connection.tools.select_related("current").get()
    assert tool.current is not None
    actions.classify_tool(tool=tool, by=starter, classification=READS, seen=tool.current.digest)
    agent = actions.create_agent(
        by=starter,
        name="reader",
        title="Reader",
        description="",
        acts_for=team,
        owner=starter,
        brief=Brief(instructions="Read.", model="openai:none"),
    )
    actions.allow_use(tool=tool, who=team, by=starter)
    actions.set_grant(agent=agent, tool=tool, effect=GrantEffect.ALLOWED, by=starter, reviewer=None)
    for name, steps in WORKFLOWS.items():
        import_definition(text=yaml.safe_dump(_definition(name, steps), sort_keys=False), by=starter)


def version_of(name: str) -> WorkflowVersion:
    """The published workflow of a case."""
    return WorkflowVersion.objects.select_related("workflow").get(workflow__name=name)


def _step(number: int, **more: Any) -> dict[str, Any]:
    given = {"wf": "${input.wf}", "step": number}
    return {
        "id": f"s{number}",
        "title": f"Step {number}",
        "kind": "tool",
        "agent": "reader",
        "tool": "bench.body",
        "with": given,
        **more,
    }


def _ask() -> dict[str, Any]:
    form = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "additionalProperties": False}
    return {"id": "ask", "title": "Ask", "kind": "human", "instructions": "Go on?", "form": form}


WORKFLOWS: dict[str, list[dict[str, Any]]] = {
    "w1": [_step(number) for number in range(STEPS)],
    "w2": [_step(0), _step(1), _ask(), _step(2), _step(3)],
    "w3": [*(_step(number, needs=[]) for number in range(3)), _step(3, needs=["s0", "s1", "s2"])],
}


def _definition(name: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "title": f"Bench {name}",
        "environment": "sandbox",
        "input": {
            "type": "object",
            "properties": {"wf": {"type": "integer"}},
            "required": ["wf"],
            "additionalProperties": False,
        },
        "risk": {"reviewers": {"team": TEAM}},
        "steps": steps,
    }
