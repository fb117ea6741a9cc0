"""The kinds of steps. What they have in common is in `BaseStep`; a step names its kind."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from orchestrator.workflows.durations import Duration
from orchestrator.workflows.parts import (
    Compensation,
    Condition,
    EventWanted,
    ForEach,
    HowMany,
    JsonSchema,
    Part,
    Reference,
    Retry,
    Reviewers,
    ReviewRule,
    Slug,
    StepId,
    Title,
    ToolName,
    check_order,
    matching,
)

MAX_BODY = 50
FALLBACK, ESCALATE, TERMINATE = "fallback", "escalate", "terminate"
OnFailure = Annotated[
    str,
    AfterValidator(
        matching(
            r"escalate|escalate [^\s].{0,149}|terminate|fallback [a-z][a-z0-9_]{0,62}",
            'Write "escalate", "escalate Claims team", "terminate" or "fallback other_step".',
        )
    ),
]


class BaseStep(Part):
    """What every kind of step has. `inputs` is written `with:`; its values may hold references.

    `needs` are the steps it waits for, by default the one written before it; `join` says how many of them have to
    succeed. A step whose `when` does not hold is skipped, and so is one all of whose needs were skipped.
    """

    id: StepId = Field(description="a short name that other steps refer to, like look_up")
    title: Title = Field(description="what people read on the run page")
    needs: list[StepId] | None = None
    join: HowMany = "all"
    when: Condition | None = None
    inputs: dict[str, Any] = Field(default_factory=dict, alias="with")
    timeout: Duration | None = None
    retry: Retry | None = None
    on_failure: OnFailure = ESCALATE
    compensate: Compensation | None = None

    @property
    def fallback(self) -> str | None:
        """The step that is done instead when this one fails."""
        return self._failure_word(FALLBACK)

    @property
    def escalates_to(self) -> str | None:
        """The team that is asked when this step fails; None where the rule for reviews says who."""
        return self._failure_word(ESCALATE)

    def _failure_word(self, action: str) -> str | None:
        word, _, rest = self.on_failure.partition(" ")
        return rest if word == action and rest else None


class AgentStep(BaseStep):
    """An agent works on a task with its tools until it has an answer that fits `output`; without `output`, a text.

    `hand_off` names the agents to which it may pass the task.
    """

    kind: Literal["agent"]
    agent: Slug = Field(description="the name of the agent")
    task: str = Field(min_length=1, max_length=20_000, description="what the agent is asked to do")
    output: JsonSchema | None = None
    max_turns: int | None = Field(default=None, ge=1, le=100)
    review: ReviewRule | None = None
    hand_off: list[Slug] = Field(default_factory=list, max_length=10)
    for_each: ForEach | None = None


class ToolStep(BaseStep):
    """One call of one tool with the arguments of `with`, on the grants of `agent`."""

    kind: Literal["tool"]
    tool: ToolName = Field(description="the tool to call, like company.get_order")
    agent: Slug = Field(description="the agent on whose grants the tool is called")
    review: ReviewRule | None = None
    for_each: ForEach | None = None


class HumanStep(BaseStep):
    """A person answers a form. `with` is what they are shown."""

    kind: Literal["human"]
    instructions: str = Field(min_length=1, max_length=20_000, description="what the person is asked to do")
    form: JsonSchema = Field(description="a JSON Schema of the answer")
    reviewers: Reviewers = Reviewers(team=None, person=None)
    due: Duration | None = None
    expires: Duration | None = None
    for_each: ForEach | None = None

    @model_validator(mode="after")
    def _due_first(self) -> Self:
        check_order(self.due, self.expires)
        return self


class WorkflowStep(BaseStep):
    """A run of another workflow. `with` is its input, and its output is that of the step."""

    kind: Literal["workflow"]
    workflow: Slug = Field(description="the name of the workflow to run")
    for_each: ForEach | None = None


class WaitStep(BaseStep):
    """Nothing is done until a time has come or an event was heard. The output is the event's data, or null."""

    kind: Literal["wait"]
    duration: Duration | None = Field(default=None, alias="for")
    until: Reference | None = None
    event: EventWanted | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.duration, self.until, self.event)) != 1:
            raise ValueError('Say what is waited for: either "for", "until" or "event".')
        return self


class PlanStep(BaseStep):
    """A plan that an agent made is checked, put before a person unless `review` is false, and carried out.

    A plan is a list of `{id, use, needs, with}`; `use` names one of the steps that `allow` lists.
    """

    kind: Literal["plan"]
    source: Reference = Field(alias="from", description="the plan, like ${steps.think.output.plan}")
    allow: "list[Step]" = Field(min_length=1, max_length=MAX_BODY, description="the steps that a plan may use")
    review: ReviewRule | Literal[False] = ReviewRule()
    max_steps: int = Field(default=20, ge=1, le=MAX_BODY)


class LoopStep(BaseStep):
    """A small workflow that is run until a condition on its steps holds. Its steps see `with` as their input.

    From the second round on they also see `input.feedback`, which the round before left, and in all rounds
    `input.round`, counted from 1.
    """

    kind: Literal["loop"]
    steps: "list[Step]" = Field(min_length=1, max_length=MAX_BODY, description="what is done in each round")
    until: Condition = Field(description="when it is good enough, like steps.check.output.passed")
    feedback: dict[str, Any] = Field(default_factory=dict)
    max_rounds: int = Field(default=3, ge=1, le=100)
    when_used_up: Literal["escalate", "terminate", "last"] = "escalate"
    output: dict[str, Any] | None = None


Step = Annotated[
    AgentStep | ToolStep | HumanStep | WorkflowStep | WaitStep | PlanStep | LoopStep, Field(discriminator="kind")
]
StepSpec = AgentStep | ToolStep | HumanStep | WorkflowStep | WaitStep | PlanStep | LoopStep
PlanStep.model_rebuild()
LoopStep.model_rebuild()
KINDS: dict[str, type[BaseStep]] = {
    "agent": AgentStep,
    "tool": ToolStep,
    "human": HumanStep,
    "workflow": WorkflowStep,
    "wait": WaitStep,
    "plan": PlanStep,
    "loop": LoopStep,
}
