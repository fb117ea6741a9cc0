"""What a workflow definition says. Values only: reading text is `reading`, checking against the world is `lint`.

The steps form a graph without cycles, because a step may only wait for steps that are written above it. What is more
than one row of a run (each round of a loop, each item of a list) is a definition of its own: see `scope`.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field

from orchestrator.workflows.business_map import BusinessMap
from orchestrator.workflows.durations import Duration
from orchestrator.workflows.kinds import (
    KINDS,
    AgentStep,
    HumanStep,
    LoopStep,
    PlanStep,
    Step,
    StepSpec,
    ToolStep,
    WaitStep,
    WorkflowStep,
)
from orchestrator.workflows.parts import Email, ForEach, JsonSchema, Part, Reviewers, ReviewRule, Risk, Slug, Title

__all__ = (
    "KINDS",
    "AgentStep",
    "Definition",
    "HumanStep",
    "LoopStep",
    "Part",
    "PlanStep",
    "ReviewRule",
    "Reviewers",
    "Risk",
    "StepSpec",
    "ToolStep",
    "WaitStep",
    "WorkflowStep",
    "needs_of",
    "output_schema",
    "review_rule",
)

MAX_STEPS = 3_000
DUE = timedelta(hours=1)
EXPIRES = timedelta(hours=24)
UNDO = "undo:"
"""Before the id of a step: the step that makes good what it did."""
NO_INPUT: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


class Definition(Part):
    """One workflow: what it takes in, its steps, and what it gives back."""

    name: Slug = Field(description="a short name, like customer-refund")
    title: Title = Field(description="what people read")
    description: str = Field(default="", max_length=4_000)
    owner: Email | None = None
    environment: Literal["sandbox", "production"] = "production"
    title_template: str | None = Field(default=None, min_length=1, max_length=300)
    input: JsonSchema = Field(default_factory=lambda: dict(NO_INPUT))
    risk: Risk = Risk()
    map: BusinessMap | None = None
    timeout: Duration | None = None
    steps: list[Step] = Field(min_length=1, max_length=MAX_STEPS, description="a list of steps")
    output: dict[str, Any] | None = None

    @cached_property
    def by_id(self) -> Mapping[str, StepSpec]:
        """The steps by id, and under `undo:` the steps that make good what others did."""
        steps: dict[str, StepSpec] = {step.id: step for step in self.steps}
        return steps | {UNDO + step.id: _undoing(step) for step in self.steps if step.compensate}

    @cached_property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """For every step, the steps it waits for."""
        return needs_of(self)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each step in the order in which they are written, from 0."""
        return {step_id: place for place, step_id in enumerate(self.needs)}

    @cached_property
    def needed_by(self) -> Mapping[str, tuple[str, ...]]:
        """For every step that others wait for, those others."""
        found: dict[str, list[str]] = {}
        for step_id, needed in self.needs.items():
            for need in dict.fromkeys(needed):
                found.setdefault(need, []).append(step_id)
        return {need: tuple(those) for need, those in found.items()}

    @cached_property
    def undoing(self) -> tuple[str, ...]:
        """The ids of the steps that make good what others did."""
        return tuple(UNDO + step.id for step in self.steps if step.compensate)

    @cached_property
    def fallback_for(self) -> Mapping[str, str]:
        """The steps that are done only when another has failed, with that other one."""
        return {step.fallback: step.id for step in self.steps if step.fallback}

    def step(self, step_id: str) -> StepSpec:
        """The step of this id. Raises KeyError when there is none."""
        return self.by_id[step_id]

    def scope(self, step_id: str) -> Self:
        """What is done for one item of a step with `for_each`, or in one round of a loop, as a definition.

        What makes one item good has the id of the step that it is made good for.
        """
        step = self.step(step_id)
        if isinstance(step, LoopStep):
            return self._part(step, list(step.steps), step.output, loop_input(step))
        single = {"for_each": None, "needs": None, "when": None, "compensate": None, "join": "all"}
        alone = step.model_copy(update={**single, "id": step_id.removeprefix(UNDO)})
        return self._part(step, [alone], None, {"type": "object"})

    def planned(self, step_id: str, steps: list[StepSpec]) -> Self:
        """What a plan has come to, as a definition."""
        return self._part(self.step(step_id), steps, None, {"type": "object"})

    def _part(self, step: StepSpec, steps: list[StepSpec], output: dict[str, Any] | None, given: JsonSchema) -> Self:
        changed = {"title": step.title, "title_template": None, "steps": steps, "output": output, "input": given}
        return self.model_copy(update={**changed, "timeout": None, "description": ""})

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy that remembers nothing it worked out for the original."""
        copy = super().model_copy(update=update, deep=deep)
        for name in ("by_id", "needs", "places", "needed_by", "undoing", "fallback_for"):
            copy.__dict__.pop(name, None)
        return copy


def needs_of(definition: Definition) -> dict[str, tuple[str, ...]]:
    """For every step, the steps it waits for: those it names, else the one written before it.

    A fallback waits for the step that it stands in for, and is nobody's predecessor by default.
    """
    stands_in = {step.fallback: step.id for step in definition.steps if step.fallback}
    needs: dict[str, tuple[str, ...]] = {}
    before: str | None = None
    for step in definition.steps:
        if step.id in stands_in:
            needs[step.id] = (stands_in[step.id],)
            continue
        needs[step.id] = tuple(step.needs) if step.needs is not None else (before,) if before else ()
        before = step.id
    return needs


def output_schema(step: StepSpec) -> JsonSchema | None:
    """The JSON Schema that the step's output fits, where the definition says so. A tool's is in its contract."""
    match step:
        case AgentStep() if step.for_each is None:
            return step.output if step.output is not None else {"type": "string"}
        case HumanStep() if step.for_each is None:
            return step.form
        case AgentStep() | HumanStep() | ToolStep() | WorkflowStep() if step.for_each is not None:
            return {"type": "array"}
        case LoopStep():
            return loop_output(step)
    return None


def loop_input(step: LoopStep) -> JsonSchema:
    """What the steps of a loop may refer to as `input`."""
    known: JsonSchema = {name: {} for name in step.inputs}
    feedback = {"type": "object", "properties": {name: {} for name in step.feedback}, "additionalProperties": False}
    known |= {"round": {"type": "integer"}, "feedback": feedback}
    required = [*step.inputs, "round"]
    return {"type": "object", "properties": known, "required": required, "additionalProperties": False}


def loop_output(step: LoopStep) -> JsonSchema | None:
    """What is known of a loop's output: the names of its parts, where the loop says them."""
    if step.output is None:
        return None
    parts: JsonSchema = {name: {} for name in step.output} | {"rounds": {"type": "integer"}}
    return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


def review_rule(definition: Definition, step: StepSpec) -> ReviewRule:
    """Who is asked about this step and by when, defaults filled in; `team` and `person` may both be None."""
    asked: Reviewers
    if isinstance(step, HumanStep):
        asked, due, expires = step.reviewers, step.due, step.expires
    else:
        rule = getattr(step, "review", None) or ReviewRule()
        asked, due, expires = rule, rule.due, rule.expires
    chosen = asked if asked.named else definition.risk.reviewers
    expires = expires or max(EXPIRES, due or EXPIRES)
    return ReviewRule(team=chosen.team, person=chosen.person, due=due or min(DUE, expires), expires=expires)


def escalation_rule(definition: Definition, step: StepSpec) -> ReviewRule:
    """Who is asked when this step cannot go on by itself."""
    rule = review_rule(definition, step)
    return rule.model_copy(update={"team": step.escalates_to, "person": None}) if step.escalates_to else rule


def goes_over_items(step: StepSpec) -> bool:
    """Whether a step is done once for each item of a list."""
    return getattr(step, "for_each", None) is not None


def for_one_item(step: StepSpec) -> StepSpec:
    """The same step as it is done for one item."""
    return step.model_copy(update={"for_each": None})


def _undoing(step: StepSpec) -> ToolStep:
    """What makes a step good. One that goes over a list is made good item by item: those that were done."""
    made = step.compensate
    assert made is not None
    given: dict[str, Any] = {"id": UNDO + step.id, "title": f"Undo: {step.title}"[:160], "kind": "tool"}
    if goes_over_items(step):
        given["for_each"] = ForEach.model_construct(items="", at_once=1, must_succeed="all")
    return ToolStep.model_construct(**given, tool=made.tool, agent=made.agent, inputs=made.inputs, needs=[])
