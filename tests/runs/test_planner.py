"""A run always knows what is next: it starts what is ready, waits for something it can name, or ends."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.runs.engine import planner
from orchestrator.runs.engine.planner import (
    BROKEN,
    IN_FLIGHT,
    SETTLED,
    Fail,
    Finish,
    MissingReference,
    Plan,
    Start,
    StepView,
    Wait,
    plan,
    resolve_inputs,
    resolve_task,
    resolve_title,
)
from orchestrator.runs.states import StepState, can_move
from orchestrator.workflows.reading import read
from orchestrator.workflows.schema import AgentStep, Definition, HumanStep, needs_of

HEAD = """
name: three
title: Three steps
title_template: "Refund {input.order_id} for {input.buyer}"
input:
  type: object
  additionalProperties: false
  required: [order_id]
  properties: {order_id: {type: string}, buyer: {type: string}}
steps:
  - {id: look_up, kind: tool, title: Look up, agent: clerk, tool: company.get_order, with: {id: "${input.order_id}"}}
  - id: decide
    kind: agent
    title: Decide
    agent: clerk
    task: Decide on ${input.order_id}, ${steps.look_up.output.total} euros.
    with: {order: "${steps.look_up.output}", all: ["${steps.look_up.output.total}"]}
  - id: confirm
    kind: human
    title: Confirm
    instructions: Is "${steps.decide.output}" right?
    form: {type: object, additionalProperties: false, properties: {ok: {type: boolean}}}
    reviewers: {team: Desk}
"""
THREE = read(HEAD + "output: {ok: '${steps.confirm.output.ok}', total: '${steps.look_up.output.total}'}")
RUN_INPUT = {"order_id": "O-7"}
OUTPUTS = {"look_up": {"total": 40}, "decide": "Refund it", "confirm": {"ok": True}}


def views(**states: StepState) -> dict[str, StepView]:
    """Steps in these states, with the output each would have."""
    return {step_id: StepView(state, OUTPUTS[step_id], "The shop is closed.") for step_id, state in states.items()}


def next_for(definition: Definition = THREE, **states: StepState) -> Plan:
    return plan(definition, views(**states), RUN_INPUT)


def test_a_new_run_starts_its_first_step() -> None:
    assert next_for() == Plan((Start("look_up"),))
    assert next_for(look_up=StepState.PENDING).starts == ("look_up",)


def test_a_step_starts_once_the_one_before_it_is_settled() -> None:
    assert next_for(look_up=StepState.SUCCEEDED) == Plan((Start("decide"),))
    assert next_for(look_up=StepState.SKIPPED) == Plan((Start("decide"),))


@pytest.mark.parametrize("state", sorted(IN_FLIGHT))
def test_a_run_waits_for_a_step_it_names(state: StepState) -> None:
    assert next_for(look_up=StepState.SUCCEEDED, decide=state) == Plan((Wait(("decide",)),))


def test_a_run_finishes_with_the_output_its_definition_maps() -> None:
    done = StepState.SUCCEEDED
    assert next_for(look_up=done, decide=done, confirm=done) == Plan((Finish({"ok": True, "total": 40}),))


def test_without_an_output_mapping_a_run_gives_what_no_step_reads_on() -> None:
    done = StepState.SUCCEEDED
    assert next_for(read(HEAD), look_up=done, decide=done, confirm=done) == Plan((Finish({"confirm": {"ok": True}}),))


def test_an_output_that_is_not_there_fails_the_run_with_a_sentence() -> None:
    steps = views(look_up=StepState.SUCCEEDED, decide=StepState.SUCCEEDED) | {
        "confirm": StepView(StepState.SUCCEEDED, {})
    }
    (action,) = plan(THREE, steps, RUN_INPUT).actions
    said = '${steps.confirm.output.ok} cannot be filled in: the output of step "confirm" has no "ok".'
    assert action == Fail(f"The output of the run: {said}")


def test_a_failed_step_fails_the_run_and_says_why() -> None:
    steps = {"look_up": StepView(StepState.FAILED, reason="The shop is closed.")}
    assert plan(THREE, steps, RUN_INPUT) == Plan((Fail('Step "Look up" failed: The shop is closed.'),))
    stopped = plan(THREE, {"look_up": StepView(StepState.STOPPED)}, RUN_INPUT)
    assert stopped == Plan((Fail('Step "Look up" was stopped.'),))


def test_states_may_come_as_the_database_gives_them() -> None:
    assert plan(THREE, {"look_up": StepView("succeeded", {})}, RUN_INPUT).starts == ("decide",)  # type: ignore[arg-type]


def test_inputs_are_what_the_definition_maps_and_nothing_else() -> None:
    assert resolve_inputs(THREE.step("look_up"), RUN_INPUT, {}) == {"id": "O-7"}
    assert resolve_inputs(THREE.step("decide"), RUN_INPUT, OUTPUTS) == {"order": {"total": 40}, "all": [40]}
    assert resolve_inputs(THREE.step("confirm"), RUN_INPUT, OUTPUTS) == {}


def test_a_missing_input_is_named() -> None:
    with pytest.raises(MissingReference, match='step "look_up" has no output'):
        resolve_inputs(THREE.step("decide"), RUN_INPUT, {})


def test_the_task_of_an_agent_and_the_question_to_a_person_are_texts() -> None:
    decide, confirm = THREE.step("decide"), THREE.step("confirm")
    assert isinstance(decide, AgentStep)
    assert isinstance(confirm, HumanStep)
    assert resolve_task(decide, RUN_INPUT, OUTPUTS) == "Decide on O-7, 40 euros."
    assert resolve_task(confirm, RUN_INPUT, OUTPUTS) == 'Is "Refund it" right?'


@pytest.mark.parametrize(
    ("run_input", "title"),
    [
        ({"order_id": "O-7", "buyer": "Ada"}, "Refund O-7 for Ada"),
        ({"order_id": "O-7"}, "Refund O-7 for"),
        ({"order_id": " a\n\tb ", "buyer": 5}, "Refund a b for 5"),
        ({"order_id": "x" * 500}, "Refund " + "x" * 192 + "…"),
    ],
)
def test_a_run_has_a_title_of_one_line(run_input: dict[str, Any], title: str) -> None:
    assert resolve_title(THREE, run_input) == title


def test_a_title_with_nothing_to_say_is_that_of_the_workflow() -> None:
    assert resolve_title(read(HEAD.replace("Refund {input.order_id} for ", "")), {}) == "Three steps"
    assert (
        resolve_title(read("\n".join(line for line in HEAD.splitlines() if "template" not in line)), {})
        == "Three steps"
    )


def a_definition(count: int) -> Definition:
    """Steps that hand a value on from one to the next."""
    steps = [
        f"  - {{id: s{n}, kind: agent, title: Step {n}, agent: a, task: t, "
        f'with: {{given: "{f"${{steps.s{n - 1}.output}}" if n else "${input.start}"}"}}}}'
        for n in range(count)
    ]
    closed = (
        "input: {type: object, additionalProperties: false, required: [start], properties: {start: {type: string}}}"
    )
    return read("\n".join(["name: chain", "title: Chain", closed, "steps:", *steps]))


STATES = st.sampled_from(list(StepState))


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Any graph without a cycle: every step needs some of those before it."""
    count = draw(st.integers(1, 7))
    return {f"s{n}": tuple(f"s{other}" for other in range(n) if draw(st.booleans())) if n else () for n in range(count)}


@settings(deadline=None)
@given(st.integers(1, 8), st.data())
def test_any_mix_of_states_gives_a_plan_that_is_safe_and_says_what_is_next(count: int, data: st.DataObject) -> None:
    definition = a_definition(count)
    steps = {step.id: StepView(data.draw(STATES), 1) for step in definition.steps}
    check_plan(plan(definition, steps, {"start": "x"}), needs_of(definition), steps)
    assert plan(definition, dict(reversed(steps.items())), {"start": "x"}) == plan(definition, steps, {"start": "x"})


@settings(deadline=None)
@given(graphs(), st.data())
def test_the_same_holds_for_any_graph(graph: dict[str, tuple[str, ...]], data: st.DataObject) -> None:
    steps = {step_id: StepView(data.draw(STATES), 1) for step_id in graph}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner, "needs_of", lambda definition: graph)
        check_plan(plan(a_definition(len(graph)), steps, {"start": "x"}), graph, steps)


def check_plan(made: Plan, needs: dict[str, tuple[str, ...]], steps: dict[str, StepView]) -> None:
    """The promises of `plan`, whatever the states."""
    kinds = {type(action) for action in made.actions}
    assert len(kinds) == 1
    assert kinds == {Start} or len(made.actions) == 1
    assert len(set(made.starts)) == len(made.starts), "one action per step"
    states = {step_id: view.state for step_id, view in steps.items()}
    for step_id in made.starts:
        assert states[step_id] is StepState.PENDING
        assert can_move(states[step_id], StepState.RUNNING)
        assert all(states[needed] in SETTLED for needed in needs[step_id])
    match made.actions[0]:
        case Wait(step_ids):
            assert step_ids
            assert all(states[step_id] in IN_FLIGHT for step_id in step_ids)
        case Fail(reason):
            assert reason.endswith(".")
            assert any(state in BROKEN for state in states.values())
            assert not any(state in IN_FLIGHT for state in states.values())
        case Finish():
            assert all(state in SETTLED for state in states.values())
        case Start():
            assert not any(state in BROKEN for state in states.values())


def play(definition: Definition, choose: Callable[[str], StepState]) -> tuple[Plan, dict[str, StepView], list[str]]:
    """Carry out plans until one does not start anything: the last plan, the steps, and the order of starts."""
    steps: dict[str, StepView] = {}
    started: list[str] = []
    while True:
        made = plan(definition, steps, {"start": "x"})
        moving = list(made.starts) or [key for key, view in steps.items() if view.state in IN_FLIGHT]
        if not moving:
            return made, steps, started
        for step_id in moving:
            started += [step_id] if step_id in made.starts else []
            view = steps.get(step_id, StepView(StepState.PENDING))
            state = choose(step_id)
            assert can_move(view.state, state)
            outputs = {key: other.output for key, other in steps.items() if other.state in SETTLED}
            given = resolve_inputs(definition.step(step_id), {"start": "x"}, outputs)
            steps[step_id] = StepView(state, given["given"])


@settings(deadline=None)
@given(st.integers(1, 8), st.data())
def test_every_run_ends_and_no_step_starts_twice(count: int, data: st.DataObject) -> None:
    definition = a_definition(count)
    seen: dict[str, list[StepState]] = {}

    def choose(step_id: str) -> StepState:
        before = seen.setdefault(step_id, [])
        ended = [StepState.SUCCEEDED, StepState.SUCCEEDED, StepState.FAILED, StepState.STOPPED]
        waiting = {0: [StepState.RUNNING, StepState.WAITING, StepState.SKIPPED], 1: []}[min(len(before), 1)]
        before.append(data.draw(st.sampled_from(ended + waiting)))
        return before[-1]

    made, steps, started = play(definition, choose)
    assert started == [step.id for step in definition.steps][: len(started)]
    (action,) = made.actions
    if any(view.state in BROKEN for view in steps.values()):
        assert isinstance(action, Fail)
    else:
        assert action == Finish({f"s{count - 1}": "x"})
