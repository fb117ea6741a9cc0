"""The permission page: what each agent may do with each tool of one environment, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, Q
from django.utils import timezone

from agents.access import visible
from agents.cells import Cell, Filters
from agents.models import Agent, Connection, Tool, ToolCall
from agents.people import Person
from agents.queries import Uses, grants_of, tools_for
from agents.states import Environment, ToolState
from agents.stopping import with_stops

TOOLS_ON_A_PAGE = 50
MOST_AGENTS = 20
USAGE_DAYS = 28

WAITING = (ToolState.NEW, ToolState.CHANGED, ToolState.MISSING)


@dataclass(frozen=True)
class Line:
    """One row of the matrix."""

    tool: Tool
    cells: list[Cell]


@dataclass(frozen=True)
class Choice:
    """A link of a filter."""

    word: str
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True)
class Why:
    """One cell explained: what each check says, how often it was used, and whether the reader may change it."""

    cell: Cell
    may_change: bool
    used: int
    last_used: datetime | None

    @classmethod
    def of(cls, user: Person, filters: Filters) -> "Why | None":
        """The cell that the address names; None when there is none that this person may see."""
        cell = cell_of(user, filters)
        return cls(cell, user.has_perm("agents.change_grant"), *_usage(cell)) if cell else None


@dataclass(frozen=True)
class PermissionsPage:
    """The matrix, page by page."""

    filters: Filters
    agents: list[Agent]
    more_agents: int
    groups: list[tuple[Connection, list[Line]]]
    tools: Page[Tool]
    waiting_count: int

    @property
    def environments(self) -> list["Choice"]:
        """The environments, with the address of each."""
        current = self.filters.env
        return [Choice(word, self.filters.query(env=value), value == current) for value, word in Environment.choices]

    @property
    def chips(self) -> list["Choice"]:
        """What the list of tools can be narrowed to; choosing one again takes it back."""
        words = {"write": "Tools that change data", "waiting": "Not ready"}
        counts = {"waiting": self.waiting_count}
        now = self.filters.only
        return [
            Choice(word, self.filters.query(only="" if now == value else value), now == value, counts.get(value))
            for value, word in words.items()
        ]

    @property
    def pager(self) -> dict[str, str]:
        """The neighbouring pages of tools, and where this one stands."""
        tools = self.tools
        return {
            "note": f"Tools {tools.start_index()} to {tools.end_index()} of {tools.paginator.count}",
            "newer": self.filters.query(page=tools.previous_page_number()) if tools.has_previous() else "",
            "older": self.filters.query(page=tools.next_page_number()) if tools.has_next() else "",
        }

    @classmethod
    def of(cls, user: Person, filters: Filters) -> "PermissionsPage":
        """The page as this person may see it."""
        agents, tools = _agents(user, filters), _tools(user, filters)
        page = Paginator(tools, TOOLS_ON_A_PAGE).get_page(filters.page)
        shown = agents[:MOST_AGENTS]
        grants, uses = grants_of(shown, page.object_list), Uses(page.object_list)
        lines = [_line(tool, shown, grants, uses, filters) for tool in page.object_list]
        return cls(
            filters=filters,
            agents=shown,
            more_agents=len(agents) - len(shown),
            groups=[(place, list(part)) for place, part in groupby(lines, lambda line: line.tool.connection)],
            tools=page,
            waiting_count=tools_for(user, environment=filters.env).filter(state__in=WAITING).count(),
        )


def cell_of(user: Person, filters: Filters, key: str = "") -> Cell | None:
    """The cell that `key` or else the address names, if this person may see its agent and its tool."""
    agent_name, _, tool_name = (key or filters.cell).partition(":")
    connection, _, name = tool_name.partition(".")
    agent = _visible_agents(user).filter(name=agent_name).first()
    tool = tools_for(user, environment=filters.env).filter(connection__name=connection, name=name).first()
    if agent is None or tool is None:
        return None
    return _cell(agent, tool, grants_of([agent], [tool]), Uses([tool]), filters)


def _visible_agents(user: Person) -> Any:
    agents = with_stops(visible(user, Agent)).select_related("acts_for_user", "acts_for_team")
    return agents.order_by("title", "id")


def _agents(user: Person, filters: Filters) -> list[Agent]:
    """Those that match the search; all of them when it names a tool only."""
    agents = list(_visible_agents(user))
    word = filters.q.casefold()
    return [agent for agent in agents if word in agent.title.casefold() or word in agent.name] or agents


def _tools(user: Person, filters: Filters) -> Any:
    """Those that match the search; all of them when it names an agent only."""
    found = tools_for(user, environment=filters.env, writes=filters.only == "write")
    if filters.only == "waiting":
        found = found.filter(state__in=WAITING)
    words = Q(name__icontains=filters.q) | Q(connection__name__icontains=filters.q)
    matching = found.filter(words | Q(current__title__icontains=filters.q)) if filters.q else found
    if filters.q and not matching.exists() and _names_an_agent(user, filters.q):
        return found
    return matching


def _names_an_agent(user: Person, word: str) -> bool:
    agents = visible(user, Agent).filter(Q(title__icontains=word) | Q(name__icontains=word))
    return bool(agents.exists())


def _line(tool: Tool, agents: Iterable[Agent], grants: Any, uses: Uses, filters: Filters) -> Line:
    return Line(tool, [_cell(agent, tool, grants, uses, filters) for agent in agents])


def _cell(agent: Agent, tool: Tool, grants: Any, uses: Uses, filters: Filters) -> Cell:
    return Cell(agent, tool, grants.get((agent.pk, tool.pk)), uses.represented_may(agent, tool), filters)


def _usage(cell: Cell) -> tuple[int, datetime | None]:
    """How often the agent called the tool in the last 28 days, and when last."""
    since = timezone.now() - timedelta(days=USAGE_DAYS)
    calls = ToolCall.objects.filter(agent_version__agent=cell.agent, tool_version__tool=cell.tool)
    found = calls.aggregate(count=Count("pk", filter=Q(proposed_at__gte=since)), last=Max("proposed_at"))
    return found["count"], found["last"]
