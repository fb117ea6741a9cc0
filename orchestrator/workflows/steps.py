"""The steps of a definition as people read them: what happens, who or what does it, and whom it waits for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from agents.access import visible
from agents.models import Agent, Tool
from agents.people import Person
from orchestrator.workflows.schema import AgentStep, Definition, HumanStep, StepSpec, ToolStep, review_rule

ICONS = {
    "agent": "agent",
    "tool": "tool",
    "human": "hold",
    "workflow": "flow",
    "wait": "clock",
    "plan": "fork",
    "loop": "retry",
}


@dataclass(frozen=True)
class StepLine:
    """One step. `agent` and `tool` are the rows behind the names, for readers who may see them."""

    number: int
    id: str
    title: str
    kind: str
    asked: str  # the task of an agent, the instructions for a person
    agent_name: str
    agent: Agent | None
    tool_name: str
    tool: Tool | None
    reviewers: str
    is_team: bool
    due: timedelta | None
    expires: timedelta | None

    @property
    def icon(self) -> str:
        """The symbol of its kind."""
        return ICONS[self.kind]


def step_lines(definition: Definition, user: Person) -> list[StepLine]:
    """The steps in their order. Two queries, however many there are."""
    agents = {agent.name: agent for agent in visible(user, Agent).filter(name__in=_agents(definition))}
    tools = _tools(definition, user)
    return [_line(definition, number, step, agents, tools) for number, step in enumerate(definition.steps, 1)]


def _line(
    definition: Definition,
    number: int,
    step: StepSpec,
    agents: Mapping[str, Agent],
    tools: Mapping[str, Tool],
) -> StepLine:
    rule = review_rule(definition, step)
    agent = step.agent if isinstance(step, AgentStep | ToolStep) else ""
    tool = step.tool if isinstance(step, ToolStep) else ""
    return StepLine(
        number=number,
        id=step.id,
        title=step.title,
        kind=step.kind,
        asked=step.task if isinstance(step, AgentStep) else step.instructions if isinstance(step, HumanStep) else "",
        agent_name=agent,
        agent=agents.get(agent),
        tool_name=tool,
        tool=tools.get(tool),
        reviewers=rule.team or rule.person or "",
        is_team=rule.team is not None,
        due=rule.due,
        expires=rule.expires,
    )


def _agents(definition: Definition) -> set[str]:
    return {step.agent for step in definition.steps if isinstance(step, AgentStep | ToolStep)}


def _tools(definition: Definition, user: Person) -> dict[str, Tool]:
    names = {step.tool for step in definition.steps if isinstance(step, ToolStep)}
    found = visible(user, Tool).filter(
        connection__environment=definition.environment,
        connection__name__in={name.partition(".")[0] for name in names},
        name__in={name.partition(".")[2] for name in names},
    )
    return {tool.full_name: tool for tool in found.select_related("connection", "current")}
