"""The business map of a workflow: what people who answer for it must have said before it acts on real systems."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from orchestrator.workflows.parts import Part

Answer = Annotated[str, Field(min_length=1, max_length=2_000)]
Answers = Annotated[list[Answer], Field(max_length=50)]
RiskClass = Literal["low", "medium", "high", "critical"]


class BusinessMap(Part):
    """Ten questions about a workflow; None is a question that nobody has answered. Descriptions are the questions."""

    trigger: Answer | None = Field(default=None, description="What starts it?")
    input: Answer | None = Field(default=None, description="What must be known before it begins?")
    decision_points: Answers | None = Field(default=None, description="Where is something decided, and by which rule?")
    systems: Answers | None = Field(default=None, description="Which systems does it read or change?")
    owner: Answer | None = Field(default=None, description="Who answers for it?")
    exceptions: Answers | None = Field(default=None, description="What can be out of the ordinary, and what then?")
    approvals: Answers | None = Field(default=None, description="Who must approve what?")
    success_metric: Answer | None = Field(default=None, description="How do we know that it works?")
    fallback: Answer | None = Field(default=None, description="What happens when it cannot be finished?")
    risk_class: RiskClass | None = Field(default=None, description="How much harm can it do?")


QUESTIONS: dict[str, str] = {name: info.description or name for name, info in BusinessMap.model_fields.items()}


def answers(answered: BusinessMap | None, name: str) -> list[str]:
    """What is said to one question, a line each; blank lines are no answer."""
    given = getattr(answered, name, None)
    lines = given if isinstance(given, list) else [given] if given is not None else []
    return [line for line in lines if line.strip()]


def unanswered(answered: BusinessMap | None) -> list[str]:
    """The names of the questions that nobody has answered, in their order."""
    return [name for name in QUESTIONS if not answers(answered, name)]


@dataclass(frozen=True)
class MapLine:
    """One question and what was answered; no answers where nobody has."""

    name: str
    question: str
    answers: list[str]


def map_lines(answered: BusinessMap | None) -> list[MapLine]:
    """All questions in their order."""
    return [MapLine(name, question, answers(answered, name)) for name, question in QUESTIONS.items()]
