"""What happens next in a run: a pure function of the definition and of what its steps have done so far.

The planner sees a graph: every step, what it needs, and where it stands. Today each step needs the one before it; a
graph with branches that meet again is planned by the same rules:

* a step starts when everything it needs is settled, that is succeeded or skipped by a person;
* once a step has failed or was stopped, nothing new starts, and the run fails when what is still going on has ended;
* when every step is settled the run finishes with its output;
* otherwise the run waits, and there is always a running or waiting step to name that it waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.runs.states import StepState
from orchestrator.workflows import references
from orchestrator.workflows.references import MissingReference
from orchestrator.workflows.schema import AgentStep, Definition, HumanStep, ToolStep, needs_of

__all__ = (
    "Action",
    "Fail",
    "Finish",
    "MissingReference",
    "Plan",
    "Start",
    "StepView",
    "Wait",
    "plan",
    "resolve_inputs",
    "resolve_task",
    "resolve_title",
)

SETTLED = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
BROKEN = frozenset({StepState.FAILED, StepState.STOPPED})
IN_FLIGHT = frozenset({StepState.RUNNING, StepState.WAITING})
TITLE_LENGTH = 200


@dataclass(frozen=True)
class StepView:
    """As much of a step as planning needs. `output` is JSON and counts only once the step is settled."""

    state: StepState
    output: Any = None
    reason: str = ""


@dataclass(frozen=True)
class Start:
    """Begin this step now."""

    step_id: str


@dataclass(frozen=True)
class Finish:
    """The run is done; this is its output."""

    output: dict[str, Any]


@dataclass(frozen=True)
class Fail:
    """The run cannot go on; this sentence says why."""

    reason: str


@dataclass(frozen=True)
class Wait:
    """Nothing to do until one of these steps moves."""

    step_ids: tuple[str, ...]


Action = Start | Finish | Fail | Wait


@dataclass(frozen=True)
class Plan:
    """One or more Starts, each of another step; or exactly one Finish, Fail or Wait."""

    actions: tuple[Action, ...]

    @property
    def starts(self) -> tuple[str, ...]:
        """The ids of the steps to begin, in the order of the definition."""
        return tuple(action.step_id for action in self.actions if isinstance(action, Start))


def plan(definition: Definition, steps: Mapping[str, StepView], run_input: Mapping[str, Any]) -> Plan:
    """What to do next. A step that `steps` does not mention has not started.

    The graph has no cycle, so when nothing is broken, ready or in flight, every step is settled.
    """
    needs = needs_of(definition)
    states = {step_id: StepState(steps[step_id].state if step_id in steps else "pending") for step_id in needs}
    in_flight = tuple(step_id for step_id, state in states.items() if state in IN_FLIGHT)
    broken = [step_id for step_id, state in states.items() if state in BROKEN]
    if broken:
        return Plan((Wait(in_flight),)) if in_flight else Plan((Fail(_broken(definition, steps, broken[0])),))
    ready = _ready(needs, states)
    if ready:
        return Plan(tuple(Start(step_id) for step_id in ready))
    if in_flight:
        return Plan((Wait(in_flight),))
    return Plan((_finish(definition, needs, steps, run_input),))


def outputs_of(steps: Mapping[str, StepView]) -> dict[str, Any]:
    """What later steps may refer to: the outputs of all settled steps by id."""
    return {step_id: view.output for step_id, view in steps.items() if view.state in SETTLED}


def resolve_inputs(
    step: AgentStep | ToolStep | HumanStep, run_input: Mapping[str, Any], outputs: Mapping[str, Any]
) -> dict[str, Any]:
    """The `with` of a step, references replaced. Raises MissingReference with a sentence that names the value."""
    resolved: dict[str, Any] = references.resolve(step.inputs, run_input, outputs)
    return resolved


def resolve_task(step: AgentStep | HumanStep, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    """What the agent or the person is asked to do, references replaced by text. Raises MissingReference."""
    text = step.task if isinstance(step, AgentStep) else step.instructions
    return references.embed(references.parse(text), run_input, outputs)


def resolve_title(definition: Definition, run_input: Mapping[str, Any]) -> str:
    """The title of a run on one line of at most 200 characters; what the input lacks is left out. Raises nothing."""
    template = references.parse_title(definition.title_template or "")
    title = " ".join(references.embed(template, run_input, {}).split())
    if not title:
        return definition.title
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"


def _ready(needs: Mapping[str, tuple[str, ...]], states: Mapping[str, StepState]) -> tuple[str, ...]:
    return tuple(
        step_id
        for step_id, needed in needs.items()
        if states[step_id] is StepState.PENDING and all(states[other] in SETTLED for other in needed)
    )


def _finish(
    definition: Definition,
    needs: Mapping[str, tuple[str, ...]],
    steps: Mapping[str, StepView],
    run_input: Mapping[str, Any],
) -> Finish | Fail:
    """The end of a run whose steps are all settled. Without `output:` it gives the outputs that no step reads on."""
    outputs = outputs_of(steps)
    if definition.output is None:
        used = {other for needed in needs.values() for other in needed}
        return Finish({step_id: outputs[step_id] for step_id in needs if step_id not in used})
    try:
        return Finish(references.resolve(definition.output, run_input, outputs))
    except MissingReference as error:
        return Fail(f"The output of the run: {error}")


def _broken(definition: Definition, steps: Mapping[str, StepView], step_id: str) -> str:
    view = steps[step_id]
    happened = "was stopped" if view.state is StepState.STOPPED else "failed"
    because = f": {view.reason}" if view.reason else "."
    return f'Step "{definition.step(step_id).title}" {happened}{because}'
