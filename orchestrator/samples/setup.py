"""Making what a sample needs, through the same actions that an admin's clicks go through.

Each function makes what is missing and leaves alone what is there: what people changed stays changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from guardian.shortcuts import assign_perm

from agents import actions
from agents.models import Agent, AgentVersion, Connection
from agents.states import Environment, GrantEffect, ToolState
from agents.values import Address, Brief, Classification
from orchestrator.accounts.models import User
from orchestrator.runs.models import Run
from orchestrator.runs.starting.actions import start_run
from orchestrator.samples.memory import recall
from orchestrator.workflows.actions import import_definition
from orchestrator.workflows.models import Workflow


@dataclass(frozen=True)
class SampleAgent:
    """One agent: what it is told, the model it has unless people choose another, and its grants by tool."""

    name: str
    title: str
    description: str
    instructions: str
    model: str
    grants: Mapping[str, GrantEffect]
    max_turns: int = 12


@dataclass(frozen=True)
class Case:
    """One case: the workflow it belongs to and the input of its run."""

    workflow: str
    input: dict[str, Any]


def ensure_tools(
    name: str, title: str, contracts: Mapping[str, Classification], by: User, offer: str = ""
) -> Connection:
    """The connection to the program of this name, its tools imported and classified.

    `offer` names what the program offers now; where that was imported before, the program is not asked again. Tools
    whose definition changed with an update of Holdshort are classified anew.
    """
    connection = Connection.objects.filter(name=name, environment=Environment.PRODUCTION).first()
    connection = connection or actions.create_connection(
        by=by,
        name=name,
        title=title,
        environment=Environment.PRODUCTION,
        address=Address(transport=Connection.Transport.STDIO, server=name),
    )
    if connection.imported_at is not None and offer and recall(f"tools-{name}") == offer:
        return connection
    actions.import_tools(connection=connection, by=by)
    unjudged = connection.tools.filter(state__in=(ToolState.NEW, ToolState.CHANGED), name__in=contracts)
    for tool in unjudged.select_related("current"):
        seen = tool.current.digest if tool.current else ""
        actions.classify_tool(tool=tool, by=by, classification=contracts[tool.name], seen=seen)
    return connection


def ensure_agent(sample: SampleAgent, team: Group, connection: Connection, by: User) -> None:
    """The agent, acting for a team that may have its tools used and that reviews what it does."""
    agent = Agent.objects.select_related("current").filter(name=sample.name).first()
    agent = agent or actions.create_agent(
        by=by,
        name=sample.name,
        title=sample.title,
        description=sample.description,
        acts_for=team,
        owner=by,
        brief=Brief(instructions=sample.instructions, model=sample.model, max_turns=sample.max_turns),
    )
    if agent.grants.exists():
        return
    tools = {tool.name: tool for tool in connection.tools.all()}
    for name, effect in sample.grants.items():
        actions.allow_use(tool=tools[name], who=team, by=by)
        actions.set_grant(agent=agent, tool=tools[name], effect=effect, by=by, reviewer=team)


def choose_model(sample: SampleAgent, by: User) -> None:
    """HOLDSHORT_MODEL decides when it is set. When it is not, only what it decided earlier is taken back."""
    agent = Agent.objects.select_related("current", "owner", "acts_for_team", "acts_for_user").get(name=sample.name)
    version = agent.current
    if version is None:
        return
    model = settings.HOLDSHORT_MODEL or (sample.model if version.model == recall("model") else version.model)
    represented = agent.acts_for_team or agent.acts_for_user
    if version.model == model or represented is None:
        return
    actions.change_agent(
        agent=agent,
        by=by,
        title=agent.title,
        description=agent.description,
        owner=agent.owner,
        acts_for=represented,
        brief=replace(_brief_of(version), model=model),
        seen=version.digest,
    )


def ensure_workflow(name: str, text: bytes, team: Group, by: User) -> None:
    """The workflow, published once; the team may start it and see its runs."""
    if Workflow.objects.filter(name=name, current__isnull=False).exists():
        return
    version = import_definition(text=text, by=by)
    for permission in ("start_workflow", "view_runs"):
        assign_perm(f"workflows.{permission}", team, version.workflow)


def started(workflows: list[str]) -> int:
    """How many sample cases of these workflows were started so far."""
    return Run.objects.filter(trigger=Run.Trigger.SAMPLE, workflow_version__workflow__name__in=workflows).count()


@transaction.atomic
def start_next(cases: tuple[Case, ...], by: User) -> bool:
    """Start the first case that was not started yet; False when there is none, or its workflow is not there.

    The lock keeps two clocks that ring at once from starting the same case.
    """
    names = sorted({case.workflow for case in cases})
    rows = Workflow.objects.select_for_update(of=("self",), no_key=True).select_related("current")
    versions = {workflow.name: workflow.current for workflow in rows.filter(name__in=names).order_by("pk")}
    place = started(names)
    if place >= len(cases):
        return False
    version = versions.get(cases[place].workflow)
    if version is None:
        return False
    start_run(version=version, by=by, values=cases[place].input, trigger=Run.Trigger.SAMPLE)
    return True


def _brief_of(version: AgentVersion) -> Brief:
    return Brief(**{field.name: getattr(version, field.name) for field in fields(Brief)})
