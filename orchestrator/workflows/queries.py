"""What the database knows: definitions as they were written, and the world that they are checked against."""

from functools import lru_cache

from django.contrib.auth.models import Group
from django.db.models import Count, Q

from agents.models import Agent, Grant, Stop, Tool
from agents.states import Effect, Environment, GrantEffect, StopScope, ToolState
from orchestrator.accounts.models import User
from orchestrator.workflows.models import Workflow, WorkflowVersion
from orchestrator.workflows.problems import DefinitionError
from orchestrator.workflows.reading import from_canonical, read
from orchestrator.workflows.schema import Definition
from orchestrator.workflows.world import AgentFacts, GrantFacts, ToolFacts, World


def definition_of(version: WorkflowVersion) -> Definition:
    """The definition of a version with everything in the order in which it was written, which jsonb does not keep.

    Equal to what runs follow, and where the text can no longer be read, exactly that.
    """
    return _as_written(version.source) or from_canonical(version.definition)


@lru_cache(maxsize=64)
def _as_written(source: str) -> Definition | None:
    try:
        return read(source)
    except DefinitionError:
        return None


def world_of(environment: Environment) -> World:
    """Agents, tools, teams and people as they are now in one environment. Seven queries, however many there are."""
    teams = Group.objects.annotate(active=Count("user", filter=Q(user__is_active=True)))
    people = User.objects.filter(is_active=True).values_list("email", flat=True)
    published = Workflow.objects.filter(current__isnull=False)
    return World(
        environment,
        _agents(environment),
        _tools(environment),
        dict(teams.values_list("name", "active")),
        frozenset(email.lower() for email in people),
        frozenset(published.values_list("name", flat=True)),
    )


def _tools(environment: Environment) -> dict[str, ToolFacts]:
    facts = {}
    for tool in Tool.objects.filter(connection__environment=environment).select_related("connection", "current"):
        contract = tool.current
        facts[tool.full_name] = ToolFacts(
            Effect(contract.effect) if contract else Effect.WRITE,
            ToolState(tool.state) if contract else ToolState.NEW,
            contract.input_schema if contract else {},
            contract.output_schema if contract else None,
        )
    return facts


def _agents(environment: Environment) -> dict[str, AgentFacts]:
    grants: dict[int, dict[str, GrantFacts]] = {}
    for grant in Grant.objects.filter(environment=environment).select_related("tool__connection"):
        names_reviewer = grant.review_team_id is not None or grant.review_user_id is not None
        given = grants.setdefault(grant.agent_id, {})
        given[grant.tool.full_name] = GrantFacts(GrantEffect(grant.effect), names_reviewer)
    stops = Stop.objects.filter(scope=StopScope.AGENT, released_at=None)
    stopped = set(stops.values_list("thing", flat=True))
    return {
        agent.name: AgentFacts(
            ready=agent.current_id is not None,
            stopped=agent.ref in stopped,
            grants=grants.get(agent.pk, {}),
        )
        for agent in Agent.objects.all()
    }
