"""The permission page: what each agent may do with each tool of one environment, and why."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils import timezone

from agents.access import visible
from agents.models import Agent, Connection, Grant, Tool, ToolCall
from agents.people import Person, party_value
from agents.queries import Uses, grants_of, tools_for
from agents.states import Effect, Environment, GrantEffect, ToolState

TOOLS_ON_A_PAGE = 50
MOST_AGENTS = 20
USAGE_DAYS = 28

WAITING = (ToolState.NEW, ToolState.CHANGED, ToolState.MISSING)


@dataclass(frozen=True)
class Look:
    """How what an agent may do is shown: a class of the stylesheet, a symbol and a word."""

    css: str
    icon: str
    word: str
    state: str


NONE = Look("c-none", "dash", "Not granted", "is-off")
READ = Look("c-read", "eye", "Read-only", "is-off")
ALLOWED = Look("c-allow", "okc", "Allowed", "is-ok")
REVIEW = Look("c-ask", "hold", "Review", "is-hold")
FORBIDDEN = Look("c-forbid", "no", "Forbidden", "is-crit")


@dataclass(frozen=True)
class Filters:
    """What the reader asked for in the address."""

    env: str = Environment.PRODUCTION
    q: str = ""
    only: str = ""
    page: int = 1
    cell: str = ""

    @classmethod
    def of(cls, query: Any) -> "Filters":
        """The filters of a query string; whatever makes no sense is as if it were not there."""
        env, only, page = query.get("env", ""), query.get("only", ""), query.get("page", "")
        return cls(
            env=env if env in Environment.values else Environment.PRODUCTION,
            q=query.get("q", "").replace("\x00", "").strip()[:100],
            only=only if only in ("write", "waiting") else "",
            page=int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
            cell=query.get("cell", "").replace("\x00", "")[:200],
        )

    def query(self, **changed: str | int) -> str:
        """The query string of the page with some filters changed. A choice of tools always begins on its first page."""
        values = asdict(self) | ({} if "cell" in changed or "page" in changed else {"page": 1, "cell": ""}) | changed
        default = asdict(Filters()) | {"env": ""}
        return "?" + urlencode({name: value for name, value in values.items() if value != default[name]})

    @cached_property
    def base(self) -> str:
        """The query string without a cell; a page has a thousand cells, so it is made once."""
        return self.query(cell="")


@dataclass(frozen=True)
class Cell:
    """What one agent may do with one tool, all told."""

    agent: Agent
    tool: Tool
    grant: Grant | None
    represented_may: bool
    filters: Filters

    @property
    def key(self) -> str:
        """How the address names this cell."""
        return f"{self.agent.name}:{self.tool.full_name}"

    @property
    def html_id(self) -> str:
        """The identifier of its element; the same before and after a change."""
        return f"cell-{self.agent.pk}-{self.tool.pk}"

    @cached_property
    def query(self) -> str:
        """The query string that names this cell."""
        return f"{self.filters.base}&cell={quote(self.key)}"

    @cached_property
    def url(self) -> str:
        """The address of the page with this cell explained."""
        return reverse("permissions") + self.query

    @property
    def is_current(self) -> bool:
        """Whether this is the cell that is explained."""
        return self.filters.cell == self.key

    @cached_property
    def look(self) -> Look:
        """The strictest of the grant and what the represented person or team may do."""
        if self.grant is None:
            return NONE
        if self.grant.effect == GrantEffect.FORBIDDEN or not self.represented_may:
            return FORBIDDEN
        if self.grant.effect == GrantEffect.REVIEW:
            return REVIEW
        return READ if self.reads else ALLOWED

    @property
    def reads(self) -> bool:
        """Whether the tool was classified as one that only reads."""
        return self.tool.current is not None and self.tool.current.effect == Effect.READ

    @property
    def small(self) -> str:
        """The condition below the word: who reviews, or who stands in the way although it is granted."""
        if self.look is REVIEW and self.grant:
            return str(self.grant.review_user or self.grant.review_team or "")
        return f"{self.agent.represents} may not" if self.mirrored else ""

    @property
    def represented_value(self) -> str:
        """The represented person or team as a form names them."""
        return party_value(self.agent.acts_for_user or self.agent.acts_for_team)

    @property
    def mirrored(self) -> bool:
        """Whether only the represented person or team stands in the way."""
        granted = self.grant is not None and self.grant.effect != GrantEffect.FORBIDDEN
        return granted and not self.represented_may


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
    return visible(user, Agent).select_related("acts_for_user", "acts_for_team").order_by("title", "id")


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
