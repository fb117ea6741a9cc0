"""What a workflow definition may say. Values only: reading text is `reading`, checking against the world is `lint`.

A step names its kind; everything the kinds have in common is in `BaseStep`. The order of `steps` is the order of work:
`needs_of` turns it into the dependency graph that the planner works on.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from orchestrator.workflows.durations import Duration

MAX_STEPS = 200
DUE = timedelta(hours=1)
EXPIRES = timedelta(hours=24)
NO_INPUT: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


def _matching(pattern: str, fix: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(f'"{text[:60]}" will not do here. {fix}')
        return text

    return check


Slug = Annotated[
    str,
    AfterValidator(
        _matching(r"[a-z][a-z0-9_-]{0,62}", "Use lower-case letters, digits, - and _; start with a letter.")
    ),
]
StepId = Annotated[
    str,
    AfterValidator(_matching(r"[a-z][a-z0-9_]{0,62}", "Use lower-case letters, digits and _; start with a letter.")),
]
ToolName = Annotated[
    str,
    AfterValidator(
        _matching(r"[a-z][a-z0-9_-]{0,62}\.[^\s.]\S{0,127}", "Write connection.tool, like company.get_order.")
    ),
]
Email = Annotated[
    str, AfterValidator(_matching(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+", "Write an e-mail address, like ada@example.com."))
]
Title = Annotated[str, Field(min_length=1, max_length=160)]
JsonSchema = dict[str, Any]


class Part(BaseModel):
    """A mapping of the definition. Unknown keys and converted types are refused; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Reviewers(Part):
    """Who is asked: a team by its name, or one person by e-mail address."""

    team: str | None = Field(default=None, min_length=1, max_length=150, description="the name of a team")
    person: Email | None = Field(default=None, description="the e-mail address of a person")

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.team is not None and self.person is not None:
            raise ValueError('Name either a "team" or a "person", not both.')
        return self

    @property
    def named(self) -> bool:
        """Whether anybody is named."""
        return self.team is not None or self.person is not None


class ReviewRule(Reviewers):
    """Who reviews the actions of a step, when they are reminded (`due`) and when it is too late (`expires`)."""

    due: Duration | None = Field(default=None, description="how long until the review is due, like 30m")
    expires: Duration | None = Field(default=None, description="how long until the review expires, like 24h")

    @model_validator(mode="after")
    def _due_first(self) -> Self:
        _check_order(self.due, self.expires)
        return self


class Risk(Part):
    """From which risk score (0 to 100) on an action needs a review, and who reviews where a step names nobody."""

    review_from: int = Field(default=60, ge=0, le=100)
    reviewers: Reviewers = Reviewers(team=None, person=None)


class BaseStep(Part):
    """What every kind of step has. `inputs` is written `with:`; its values may hold references."""

    id: StepId = Field(description="a short name that other steps refer to, like look_up")
    title: Title = Field(description="what people read on the run page")
    inputs: dict[str, Any] = Field(default_factory=dict, alias="with")


class AgentStep(BaseStep):
    """An agent works on a task with its tools until it has an answer that fits `output`; without `output`, a text."""

    kind: Literal["agent"]
    agent: Slug = Field(description="the name of the agent")
    task: str = Field(min_length=1, max_length=20_000, description="what the agent is asked to do")
    output: JsonSchema | None = None
    max_turns: int | None = Field(default=None, ge=1, le=100)
    review: ReviewRule | None = None


class ToolStep(BaseStep):
    """One call of one tool with the arguments of `with`, on the grants of `agent`."""

    kind: Literal["tool"]
    tool: ToolName = Field(description="the tool to call, like company.get_order")
    agent: Slug = Field(description="the agent on whose grants the tool is called")
    review: ReviewRule | None = None


class HumanStep(BaseStep):
    """A person answers a form. `with` is what they are shown."""

    kind: Literal["human"]
    instructions: str = Field(min_length=1, max_length=20_000, description="what the person is asked to do")
    form: JsonSchema = Field(description="a JSON Schema of the answer")
    reviewers: Reviewers = Reviewers(team=None, person=None)
    due: Duration | None = None
    expires: Duration | None = None

    @model_validator(mode="after")
    def _due_first(self) -> Self:
        _check_order(self.due, self.expires)
        return self


Step = Annotated[AgentStep | ToolStep | HumanStep, Field(discriminator="kind")]
KINDS: dict[str, type[BaseStep]] = {"agent": AgentStep, "tool": ToolStep, "human": HumanStep}


class Definition(Part):
    """One workflow: what it takes in, its steps in order, and what it gives back."""

    name: Slug = Field(description="a short name, like customer-refund")
    title: Title = Field(description="what people read")
    description: str = Field(default="", max_length=4_000)
    owner: Email | None = None
    environment: Literal["sandbox", "production"] = "production"
    title_template: str | None = Field(default=None, min_length=1, max_length=300)
    input: JsonSchema = Field(default_factory=lambda: dict(NO_INPUT))
    risk: Risk = Risk()
    steps: list[Step] = Field(min_length=1, max_length=MAX_STEPS, description="a list of steps")
    output: dict[str, Any] | None = None

    def step(self, step_id: str) -> AgentStep | ToolStep | HumanStep:
        """The step of this id. Raises KeyError when there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


def needs_of(definition: Definition) -> dict[str, tuple[str, ...]]:
    """For every step, the steps it waits for: here, the one written before it."""
    ids = [step.id for step in definition.steps]
    return {step_id: tuple(ids[max(place - 1, 0) : place]) for place, step_id in enumerate(ids)}


def output_schema(step: AgentStep | ToolStep | HumanStep) -> JsonSchema | None:
    """The JSON Schema that the step's output fits, where the definition says so. A tool's is in its contract."""
    match step:
        case AgentStep():
            return step.output if step.output is not None else {"type": "string"}
        case HumanStep():
            return step.form
        case ToolStep():
            return None


def review_rule(definition: Definition, step: AgentStep | ToolStep | HumanStep) -> ReviewRule:
    """Who is asked about this step and by when, defaults filled in; `team` and `person` may both be None."""
    asked: Reviewers
    if isinstance(step, HumanStep):
        asked, due, expires = step.reviewers, step.due, step.expires
    else:
        rule = step.review or ReviewRule()
        asked, due, expires = rule, rule.due, rule.expires
    chosen = asked if asked.named else definition.risk.reviewers
    expires = expires or max(EXPIRES, due or EXPIRES)
    return ReviewRule(team=chosen.team, person=chosen.person, due=due or min(DUE, expires), expires=expires)


def _check_order(due: timedelta | None, expires: timedelta | None) -> None:
    if due is not None and expires is not None and due > expires:
        raise ValueError('"due" comes after "expires". Make it the shorter of the two.')
