"""What a definition meets in one environment, as values: lint reads nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.states import Effect, Environment, GrantEffect, ToolState


@dataclass(frozen=True)
class ToolFacts:
    """A tool by its contract. Without a result schema nothing is known of its output."""

    effect: Effect
    state: ToolState
    arguments: dict[str, Any]
    result: dict[str, Any] | None = None


@dataclass(frozen=True)
class GrantFacts:
    """What an agent may do with a tool, and whether the grant itself names who reviews."""

    effect: GrantEffect
    names_reviewer: bool = False


@dataclass(frozen=True)
class AgentFacts:
    """An agent: whether it has a version to run, whether it is stopped, and its grants by the full name of the tool."""

    ready: bool = True
    stopped: bool = False
    grants: Mapping[str, GrantFacts] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """Everything known in one environment: agents and tools by name, the number of active members of each team,
    the e-mail addresses of active people in lower case, and the names of the published workflows."""

    environment: Environment
    agents: Mapping[str, AgentFacts]
    tools: Mapping[str, ToolFacts]
    teams: Mapping[str, int]
    people: frozenset[str]
    workflows: frozenset[str] = frozenset()
