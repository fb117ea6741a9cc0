"""Setting up Norrland Group: people, connection, contracts, agents, grants, workflows, and the first runs.

Everything goes through the same actions that an admin's clicks go through, in the name of the sample admin, so the
record of a demonstration looks like that of a real set-up. Each part makes what is missing and leaves alone what is
there: what people changed stays changed.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

from django.conf import settings
from django.db import transaction
from guardian.shortcuts import assign_perm

from agents import actions
from agents.models import Agent, Connection, Tool
from agents.states import Environment, ToolState
from agents.values import Address, Brief
from approvals.models import Review
from approvals.states import ReviewState
from audit import canonical
from orchestrator.accounts.models import User
from orchestrator.runs.actions import start_run
from orchestrator.runs.models import Run
from orchestrator.samples.agents import AGENTS, SampleAgent
from orchestrator.samples.cases import CLAIM, REFUND, cases
from orchestrator.samples.company.tools import TOOLS
from orchestrator.samples.contracts import CONTRACTS
from orchestrator.samples.memory import recall, remember
from orchestrator.samples.people import CARE, CLAIMS, ensure_people, person, team
from orchestrator.workflows.actions import import_definition
from orchestrator.workflows.models import Workflow

CONNECTION = "company"
DEFINITIONS = Path(__file__).with_name("workflows")
TEAM_OF = {REFUND: CARE, CLAIM: CLAIMS}
FIRST_RUNS = 6
OPEN_REVIEWS = 12
"""With this many open reviews nobody needs another case."""


def load(say: Callable[[str], None]) -> None:
    """Set everything up, telling each stage. May be called as often as one likes."""
    say("People and teams")
    ensure_people()
    admin = person("Admin")
    say("Connection to the company and its tools")
    _load_tools(admin)
    say("Agents and what they may do")
    for sample in AGENTS:
        _load_agent(sample, admin)
    remember("model", settings.HOLDSHORT_MODEL)
    say("Workflows")
    for name in TEAM_OF:
        _load_workflow(name, admin)
    say("First cases")
    while started() < FIRST_RUNS and start_next():
        pass


def started() -> int:
    """How many sample cases were started so far."""
    return Run.objects.filter(trigger=Run.Trigger.SAMPLE).count()


def wanted() -> bool:
    """Whether a reviewer who looks at the inbox would like to see another case."""
    return Review.objects.filter(state=ReviewState.OPEN).count() < OPEN_REVIEWS


@transaction.atomic
def start_next() -> bool:
    """Start the next case in the name of the customer portal; False when there is none left to start.

    The lock keeps two clocks that ring at once from starting the same case.
    """
    workflows = Workflow.objects.select_for_update(of=("self",), no_key=True).select_related("current").order_by("pk")
    known = {workflow.name: workflow.current for workflow in workflows.filter(name__in=TEAM_OF)}
    place = started()
    if place >= len(cases()):
        return False
    case = cases()[place]
    version = known.get(case.workflow)
    if version is None:
        return False
    start_run(version=version, by=person("Customer portal"), values=case.input, trigger=Run.Trigger.SAMPLE)
    return True


def _load_tools(admin: User) -> None:
    """The connection and its tools, classified; also those whose definition an update of Holdshort changed."""
    connection = Connection.objects.filter(name=CONNECTION, environment=Environment.PRODUCTION).first()
    connection = connection or actions.create_connection(
        by=admin,
        name=CONNECTION,
        title="Norrland Group",
        environment=Environment.PRODUCTION,
        address=Address(transport=Connection.Transport.STDIO, server=CONNECTION),
    )
    if _is_imported(connection):
        return
    actions.import_tools(connection=connection, by=admin)
    unjudged = connection.tools.filter(state__in=(ToolState.NEW, ToolState.CHANGED), name__in=CONTRACTS)
    for tool in unjudged.select_related("current"):
        seen = tool.current.digest if tool.current else ""
        actions.classify_tool(tool=tool, by=admin, classification=CONTRACTS[tool.name], seen=seen)
    remember("tools", _offer())


def _is_imported(connection: Connection) -> bool:
    """Whether this connection has the tools that the company offers now; asking the company itself takes a second."""
    return connection.imported_at is not None and recall("tools") == _offer()


def _offer() -> str:
    """A digest of everything the company offers."""
    return canonical.digest([[tool.name, tool.title, tool.description, *tool.schemas()] for tool in TOOLS.values()])


def _load_agent(sample: SampleAgent, admin: User) -> None:
    agent = Agent.objects.select_related("current").filter(name=sample.name).first()
    agent = agent or actions.create_agent(
        by=admin,
        name=sample.name,
        title=sample.title,
        description=sample.description,
        acts_for=team(sample.team),
        owner=admin,
        brief=sample.brief(),
    )
    _switch_model(agent, sample, admin)
    if not agent.grants.exists():
        _grant(agent, sample, admin)


def _grant(agent: Agent, sample: SampleAgent, admin: User) -> None:
    tools = {tool.name: tool for tool in Tool.objects.filter(connection__name=CONNECTION)}
    for name, effect in sample.grants.items():
        actions.allow_use(tool=tools[name], who=team(sample.team), by=admin)
        actions.set_grant(agent=agent, tool=tools[name], effect=effect, by=admin, reviewer=team(sample.team))


def _switch_model(agent: Agent, sample: SampleAgent, admin: User) -> None:
    """HOLDSHORT_MODEL decides when it is set. When it is not, only what it decided earlier is taken back."""
    version = agent.current
    if version is None:
        return
    chosen = settings.HOLDSHORT_MODEL
    model = chosen or (sample.scripted if version.model == recall("model") else version.model)
    if version.model == model:
        return
    brief = Brief(**{field.name: getattr(version, field.name) for field in fields(Brief)})
    actions.change_agent(
        agent=agent,
        by=admin,
        title=agent.title,
        description=agent.description,
        owner=agent.owner,
        acts_for=agent.acts_for_team or agent.acts_for_user or team(sample.team),
        brief=replace(brief, model=model),
        seen=version.digest,
    )


def _load_workflow(name: str, admin: User) -> None:
    if Workflow.objects.filter(name=name, current__isnull=False).exists():
        return
    version = import_definition(text=(DEFINITIONS / f"{name}.yaml").read_bytes(), by=admin)
    for permission in ("start_workflow", "view_runs"):
        assign_perm(f"workflows.{permission}", team(TEAM_OF[name]), version.workflow)
