"""What a part of the business is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.states import GrantEffect
from agents.values import Classification
from orchestrator.samples.setup import Case, SampleAgent

TEXTS = Path(__file__).parents[1] / "instructions"
ALLOWED, REVIEW = GrantEffect.ALLOWED, GrantEffect.REVIEW

DESK = """You carry out single calls for a workflow, exactly as they are given to you. You are never asked to decide
anything. If you are given a task all the same, answer that you have none."""


@dataclass(frozen=True)
class Area:
    """One workflow of the company with the people, agents and tools it needs, and the cases of an ordinary week."""

    workflow: str
    team: str
    agents: tuple[SampleAgent, ...]
    contracts: Mapping[str, Classification]
    cases: tuple[Case, ...]


def thinker(name: str, title: str, description: str, *tools: str) -> SampleAgent:
    """An agent that works on tasks with these tools, on which it needs no review. Its instructions lie in a file."""
    text, house = ((TEXTS / f"{file}.md").read_text(encoding="utf-8").strip() for file in (name, "house"))
    return SampleAgent(
        name=name,
        title=title,
        description=description,
        instructions=f"{text}\n\n{house}",
        model=f"scripted:{name}",
        grants=dict.fromkeys(tools, ALLOWED),
    )


def desk(name: str, title: str, description: str, grants: Mapping[str, GrantEffect]) -> SampleAgent:
    """An agent on whose grants a workflow makes single calls. It never thinks, so no text can talk it into one."""
    return SampleAgent(
        name=name, title=title, description=description, instructions=DESK, model="scripted:desk", grants=grants
    )
