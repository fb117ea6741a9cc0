"""Steps that carry out what an agent has planned: checked, put before a person where the rule says so, then run.

A plan is a list of `{id, use, needs, with}`. `use` names one of the steps that the workflow allows; everything about
that step stays as the workflow wrote it, and the plan only adds inputs and the order. It runs as a run of its own.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from approvals.actions import open_review
from approvals.states import ReviewState, Verdict
from orchestrator.runs.engine import asking, parts
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.kinds.each import LOOK_AGAIN
from orchestrator.runs.engine.kinds.workflow import ended
from orchestrator.runs.engine.results import Broke, Park, Result, Stop
from orchestrator.workflows import references
from orchestrator.workflows.graph import graph_problems
from orchestrator.workflows.parts import StepId
from orchestrator.workflows.schema import Definition, PlanStep, StepSpec
from orchestrator.workflows.scopes import Scope, texts_of
from orchestrator.workflows.wording import suggestion


class BadPlan(ValueError):
    """This plan cannot be carried out."""


class PlannedStep(BaseModel):
    """One step of a plan, as an agent writes it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: StepId
    use: str = Field(max_length=63)
    needs: list[StepId] | None = None
    inputs: dict[str, Any] = Field(default_factory=dict, alias="with")


def proceed(place: Place) -> Result:
    """Check the plan, ask about it, begin it, wait for it."""
    part = parts.latest(place.step)
    if part is not None:
        return ended(part) if parts.is_over(part) else Park(place.board.now + LOOK_AGAIN, person=False)
    spec = place.spec
    assert isinstance(spec, PlanStep)
    try:
        definition = planned(place.board.definition, spec, (place.step.input or {}).get("plan"))
    except BadPlan as error:
        return Broke(f"The plan cannot be carried out: {error}", "garbage")
    if spec.review is not False:
        waiting = _reviewed(place, definition)
        if waiting is not None:
            return waiting
    parts.make_planned(place, 0, definition)
    return Park(place.board.now + LOOK_AGAIN, person=False)


def planned(definition: Definition, spec: PlanStep, plan: Any) -> Definition:
    """What a plan comes to as a definition. Raises BadPlan with a sentence that names the step and the fix."""
    if not isinstance(plan, list) or not plan:
        raise BadPlan("a plan is a list of steps, each with an id and what it uses.")
    if len(plan) > spec.max_steps:
        raise BadPlan(f"it has {len(plan)} steps, and at most {spec.max_steps} are allowed.")
    allowed = {step.id: step for step in spec.allow}
    steps = [_step(place, item, allowed) for place, item in enumerate(plan, 1)]
    ids = [step.id for step in steps]
    if len(set(ids)) < len(ids):
        raise BadPlan("two of its steps have the same id.")
    for path, sentence in graph_problems(steps):
        raise BadPlan(f'step "{ids[int(path[0])]}": {sentence}')
    made = definition.planned(spec.id, steps)
    _check_references(made)
    return made


def _step(place: int, item: Any, allowed: Mapping[str, StepSpec]) -> StepSpec:
    try:
        wanted = PlannedStep.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadPlan(f"its step {place} can't be read: {where} {first['msg'].lower()}.") from error
    if wanted.use not in allowed:
        raise BadPlan(
            f'step "{wanted.id}" uses "{wanted.use[:60]}", which is not allowed.{suggestion(wanted.use, allowed)}'
        )
    template = allowed[wanted.use]
    fixed = set(template.inputs) & set(wanted.inputs)
    if fixed:
        raise BadPlan(f'step "{wanted.id}" sets "{min(fixed)}", which the workflow itself has fixed.')
    inputs = {**wanted.inputs, **template.inputs}
    return template.model_copy(update={"id": wanted.id, "needs": wanted.needs, "inputs": inputs})


def _check_references(definition: Definition) -> None:
    """Every reference of a plan must lead to a step that has ended by then."""
    for text in texts_of(Scope(definition, ("steps",))):
        try:
            template = references.parse(text.text)
        except references.BadReference as error:
            raise BadPlan(str(error)) from error
        seen = {None, *text.sees, *((references.ITEM, references.INDEX) if text.item else ())}
        for part in template:
            if isinstance(part, references.Reference) and part.step not in seen:
                raise BadPlan(f"{part.token} is not there by then. Known: {', '.join(sorted(definition.needs))}.")


def _reviewed(place: Place, definition: Definition) -> Result | None:
    """What the person who looks at the plan has said; None when they agreed."""
    review = place.step.review
    if review is None:
        review = place.step.review = open_review(asking.about_plan(place, definition))
    if review.state == ReviewState.OPEN or review.delivered_at is None:
        return Park(review.expires_at)
    decision = review.closed_by()
    if decision is None:
        return Stop("Nobody decided in time about the plan.")
    return None if decision.verdict == Verdict.APPROVE else Stop(f"{decision.by} rejected the plan: {decision.reason}")
