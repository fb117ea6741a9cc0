"""What the pages read, each in a number of queries that does not grow with the rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from guardian.models import GroupObjectPermission, UserObjectPermission

from agents.access import visible
from agents.models import Agent, Connection, Grant, Tool, ToolCall
from agents.people import Person
from agents.runtime.models import ModelInfo, describe
from agents.states import Effect, GrantEffect, ToolState
from agents.stopping import with_stops


@dataclass(frozen=True)
class AgentRow:
    """One line of the list of agents."""

    agent: Agent
    model: ModelInfo


def agents_for(user: Person, *, search: str = "") -> QuerySet[Agent]:
    """The agents a person may see, with `grant_count` (what is not forbidden) and `last_call_at`."""
    last_call = ToolCall.objects.filter(agent_version__agent=OuterRef("pk")).order_by("-id").values("proposed_at")[:1]
    granted = (
        Grant.objects.filter(agent=OuterRef("pk"))
        .exclude(effect=GrantEffect.FORBIDDEN)
        .order_by()
        .values("agent")
        .annotate(total=Count("pk"))
        .values("total")
    )
    agents = with_stops(visible(user, Agent)).select_related("current", "owner", "acts_for_user", "acts_for_team")
    if search:
        agents = agents.filter(Q(title__icontains=search) | Q(name__icontains=search))
    return agents.annotate(grant_count=Subquery(granted), last_call_at=Subquery(last_call)).order_by("title", "id")


def agent_rows(agents: Iterable[Agent]) -> list[AgentRow]:
    """The agents with what is said about their models."""
    return [AgentRow(agent, describe(agent.current.model if agent.current else "")) for agent in agents]


def connections_for(user: Person) -> QuerySet[Connection]:
    """The connections a person may see, with the number of tools and of those that wait for an admin."""
    waiting = Q(tools__state__in=(ToolState.NEW, ToolState.CHANGED))
    return (
        visible(user, Connection)
        .annotate(tool_count=Count("tools"), waiting_count=Count("tools", filter=waiting))
        .order_by("name", "environment")
    )


def imported_connections() -> QuerySet[Connection]:
    """Those whose tools an admin read since their address last changed. Not for pages: nobody's rights are asked."""
    return Connection.objects.filter(imported_at__isnull=False)


def tools_for(user: Person, *, environment: str = "", writes: bool = False) -> QuerySet[Tool]:
    """The tools a person may see with their contracts, in the order of the permission page."""
    tools = visible(user, Tool).select_related("connection", "current")
    if environment:
        tools = tools.filter(connection__environment=environment)
    if writes:
        tools = tools.filter(current__effect=Effect.WRITE)
    return tools.order_by("connection__name", "name", "id")


def grants_of(agents: Iterable[Agent], tools: Iterable[Tool]) -> dict[tuple[int, int], Grant]:
    """The grants between some agents and some tools, by their keys."""
    grants = Grant.objects.filter(agent__in=list(agents), tool__in=list(tools))
    found = grants.select_related("review_team", "review_user", "changed_by")
    return {(grant.agent_id, grant.tool_id): grant for grant in found}


class Uses:
    """Who may have which tools used on their behalf, read at once for many tools."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        keys = [str(tool.pk) for tool in tools]
        where = Q(permission__codename="use_tool", permission__content_type__app_label="agents", object_pk__in=keys)
        by_team = GroupObjectPermission.objects.filter(where).values_list("group_id", "object_pk")
        self._teams = {(team, int(tool)) for team, tool in by_team}
        by_person = UserObjectPermission.objects.filter(where).values_list("user_id", "object_pk")
        self._people = {(person, int(tool)) for person, tool in by_person}
        members = Group.user_set.through.objects.filter(group__in={team for team, _ in self._teams})
        self._teams_of: dict[int, list[int]] = {}
        for person, team in members.values_list("user_id", "group_id"):
            self._teams_of.setdefault(person, []).append(team)

    def represented_may(self, agent: Agent, tool: Tool) -> bool:
        """What the gateway will find when it asks guardian for whoever the agent acts for."""
        person = agent.acts_for_user
        if person is None:
            return (agent.acts_for_team_id, tool.pk) in self._teams
        if not person.is_active:
            return False
        return (
            person.is_superuser
            or (person.pk, tool.pk) in self._people
            or any((team, tool.pk) in self._teams for team in self._teams_of.get(person.pk, []))
        )

    def people(self, tool: Tool) -> QuerySet[Person]:
        """The people who were allowed by name."""
        found: QuerySet[Person] = get_user_model().objects.filter(pk__in=[p for p, t in self._people if t == tool.pk])
        return found.order_by("name")

    def teams(self, tool: Tool) -> QuerySet[Group]:
        """The teams that were allowed."""
        return Group.objects.filter(pk__in=[team for team, key in self._teams if key == tool.pk]).order_by("name")


def people_and_teams() -> tuple[QuerySet[Person], QuerySet[Group]]:
    """Everybody who can own, be represented or review: active people, and all teams."""
    people: QuerySet[Person] = get_user_model().objects.filter(is_active=True)
    return people.order_by("name", "id"), Group.objects.order_by("name")
