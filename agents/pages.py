"""What the pages of agents, connections and tools show, gathered in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from agents.access import may, visible
from agents.cells import Cell, Filters
from agents.comparison import Difference, compare
from agents.models import Agent, AgentVersion, Connection, Grant, Tool, ToolVersion
from agents.people import Person, party_value
from agents.queries import Uses
from agents.runtime.models import ModelInfo, describe
from agents.schema_table import Row, rows_of
from agents.states import ToolState

MOST_VERSIONS = 20

AGENT_LABELS = {
    "instructions": "Instructions",
    "model": "Model",
    "max_turns": "Exchanges with the model",
    "max_calls": "Tool calls",
    "max_tokens": "Tokens",
}
TOOL_LABELS = {
    "title": "Title",
    "description": "Description",
    "input_schema": "Arguments",
    "output_schema": "Answer",
    "effect": "Effect",
    "reversibility": "Afterwards",
    "undo_note": "How to undo it",
    "idempotency": "When the outcome is unknown",
    "sentence": "Sentence",
    "short_sentence": "Short form",
    "amount_argument": "Argument with the amount",
    "currency": "Currency",
    "sensitive": "Sensitive arguments",
    "timeout_seconds": "Seconds to wait",
}


@dataclass(frozen=True)
class VersionRow:
    """A version beside what it changed; `differences` is empty for the first one."""

    version: AgentVersion | ToolVersion
    differences: list[Difference]

    @property
    def is_first(self) -> bool:
        """Whether there is none before it."""
        return self.version.number == 1


@dataclass(frozen=True)
class AgentPage:
    """One agent: what it is told, which tools it may use, and how that came about."""

    agent: Agent
    model: ModelInfo
    versions: list[VersionRow]
    cells: list[Cell]
    may_change: bool
    may_grant: bool

    @classmethod
    def of(cls, agent: Agent, user: Person) -> "AgentPage":
        """The page of an agent the person may see."""
        return cls(
            agent=agent,
            model=describe(agent.current.model if agent.current else ""),
            versions=_rows(agent.versions.select_related("created_by"), AGENT_LABELS),
            cells=_cells(agent, visible(user, Tool)),
            may_change=may(user, "agents.change_agent", agent),
            may_grant=user.has_perm("agents.change_grant"),
        )


@dataclass(frozen=True)
class ConnectionPage:
    """One connection: where it leads and what it offers."""

    connection: Connection
    tools: list[Tool]
    may_change: bool
    may_classify: bool

    @classmethod
    def of(cls, connection: Connection, user: Person) -> "ConnectionPage":
        """The page of a connection the person may see, with the tools they may see."""
        tools = (
            visible(user, Tool).filter(connection=connection).select_related("current", "connection").order_by("name")
        )
        return cls(
            connection=connection,
            tools=list(tools),
            may_change=may(user, "agents.change_connection", connection),
            may_classify=user.has_perm("agents.change_tool"),
        )

    @property
    def changed(self) -> list[Tool]:
        """The tools that wait for an admin to confirm them."""
        return [tool for tool in self.tools if tool.state == ToolState.CHANGED]


@dataclass(frozen=True)
class Represented:
    """A person or team that may have a tool used on their behalf: name, value in a form, symbol."""

    name: str
    value: str
    icon: str


@dataclass(frozen=True)
class ToolPage:
    """One tool: its contract, its versions, and who may use it."""

    tool: Tool
    version: ToolVersion
    arguments: list[Row]
    versions: list[VersionRow]
    since_judged: list[Difference]
    grants: list[Grant]
    users: list[Represented]
    may_change: bool
    may_grant: bool

    @classmethod
    def of(cls, tool: Tool, user: Person) -> "ToolPage":
        """The page of a tool the person may see, with the agents they may see."""
        version = tool.current
        if version is None:
            raise LookupError(f"{tool} has no contract.")
        uses = Uses([tool])
        grants = Grant.objects.filter(tool=tool, agent__in=visible(user, Agent)).order_by("agent__title")
        return cls(
            tool=tool,
            version=version,
            arguments=rows_of(version.input_schema),
            versions=_rows(tool.versions.select_related("created_by"), TOOL_LABELS),
            since_judged=_since_judged(tool, version),
            grants=list(grants.select_related("agent", "review_team", "review_user")),
            users=[
                *(Represented(team.name, party_value(team), "team") for team in uses.teams(tool)),
                *(Represented(person.name, party_value(person), "user") for person in uses.people(tool)),
            ],
            may_change=may(user, "agents.change_tool", tool),
            may_grant=user.has_perm("agents.change_grant"),
        )


def _cells(agent: Agent, tools: QuerySet[Tool]) -> list[Cell]:
    grants = Grant.objects.filter(agent=agent, tool__in=tools).order_by("tool__connection__name", "tool__name")
    found = list(grants.select_related("tool__connection", "tool__current", "review_team", "review_user", "changed_by"))
    uses = Uses([grant.tool for grant in found])
    return [
        Cell(agent, grant.tool, grant, uses.represented_may(agent, grant.tool), Filters(env=grant.environment))
        for grant in found
    ]


def _rows(versions: QuerySet[Any], labels: dict[str, str]) -> list[VersionRow]:
    newest: Sequence[Any] = list(versions.order_by("-number")[: MOST_VERSIONS + 1])
    older = [*newest[1:], None]
    pairs = list(zip(newest, older, strict=True))[:MOST_VERSIONS]
    return [VersionRow(version, _compared(before, version, labels) if before else []) for version, before in pairs]


def _since_judged(tool: Tool, version: ToolVersion) -> list[Difference]:
    """What is not as it was when an admin last said what the tool does."""
    if tool.state != ToolState.CHANGED:
        return []
    judged = tool.versions.filter(created_by__isnull=False).order_by("-number").first()
    return _compared(judged, version, TOOL_LABELS) if judged else []


def _compared(old: Any, new: Any, labels: dict[str, str]) -> list[Difference]:
    before, after = ({name: getattr(version, name) for name in labels} for version in (old, new))
    return compare(before, after, labels)
