"""A run always knows what is next: it starts what is ready, waits for something it can name, or ends."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.runs.engine.planner import (
    BROKEN,
    IN_FLIGHT,
    SETTLED,
    Break,
    Fail,
    Finish,
    Graph,
    Plan,
    Skip,
    Start,
    StepView,
    Wait,
    outputs_of,
    plan,
)
from orchestrator.runs.engine.resolving import input_of, title_of
from orchestrator.runs.states import StepState, can_move
from orchestrator.workflows.reading import read
from orchestrator.workflows.references import MissingReference
from orchestrator.workflows.schema import Definition, needs_of

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


def starts(made: Plan) -> tuple[str, ...]:
    """The steps that a plan begins."""
    return tuple(action.step_id for action in made.actions if isinstance(action, Start))


def test_a_new_run_starts_its_first_step() -> None:
    assert next_for() == Plan((Start("look_up"),))
    assert starts(next_for(look_up=StepState.PENDING)) == ("look_up",)


def test_a_step_starts_once_the_one_before_it_is_settled() -> None:
    assert next_for(look_up=StepState.SUCCEEDED) == Plan((Start("decide"),))
    assert next_for(look_up=StepState.SKIPPED) == Plan((Skip("decide", "Nothing that it waits for was done."),))


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
    assert stopped == Plan((Fail('Step "Look up" was stopped.', stopped=True),))


def test_states_may_come_as_the_database_gives_them() -> None:
    assert starts(plan(THREE, {"look_up": StepView("succeeded", {})}, RUN_INPUT)) == ("decide",)  # type: ignore[arg-type]


def test_inputs_are_what_the_definition_maps_and_nothing_else() -> None:
    given = {"task": "Decide on O-7, 40 euros.", "order": {"total": 40}, "all": [40]}
    assert input_of(THREE.step("look_up"), RUN_INPUT, {}) == {"id": "O-7"}
    assert input_of(THREE.step("decide"), RUN_INPUT, OUTPUTS) == given
    assert input_of(THREE.step("confirm"), RUN_INPUT, OUTPUTS) == {"instructions": 'Is "Refund it" right?'}


def test_a_missing_input_is_named() -> None:
    with pytest.raises(MissingReference, match='step "look_up" has no output'):
        input_of(THREE.step("decide"), RUN_INPUT, {})


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
    assert title_of(THREE, run_input) == title


def test_a_title_with_nothing_to_say_is_that_of_the_workflow() -> None:
    assert title_of(read(HEAD.replace("Refund {input.order_id} for ", "")), {}) == "Three steps"
    assert title_of(read("\n".join(line for line in HEAD.splitlines() if "template" not in line)), {}) == "Three steps"


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


def made_of(draw: st.DrawFn, count: int) -> Definition:
    """Any graph: steps that need some of those above them, with joins, conditions and fallbacks."""
    steps, fallbacks = [], set[str]()
    for n in range(count):
        above = [f"s{other}" for other in range(n) if f"s{other}" not in fallbacks]
        needs = [name for name in above if draw(st.booleans())]
        joins = ["all", "any", *(str(k) for k in range(1, len(needs) + 1))]
        parts = {"id": f"s{n}", "kind": "agent", "title": f"Step {n}", "agent": "a", "task": "t"}
        if f"s{n}" not in fallbacks:
            parts |= {"needs": f"[{', '.join(needs)}]", "join": draw(st.sampled_from(joins))}
            when = draw(st.sampled_from(["", "input.start == 'x'", "input.start == 'y'", "input.start > 3"]))
            parts |= {"when": f'"{when}"'} if when else {}
        if n + 1 < count and draw(st.integers(0, 3)) == 0:
            parts["on_failure"] = f"fallback s{n + 1}"
            fallbacks.add(f"s{n + 1}")
        steps.append("  - {" + ", ".join(f"{key}: {value}" for key, value in parts.items()) + "}")
    closed = "input: {type: object, additionalProperties: false, properties: {start: {}}}"
    return read("\n".join(["name: any", "title: Any", closed, "steps:", *steps]))


@st.composite
def graphs(draw: st.DrawFn) -> Definition:
    """Any definition that can be published, as far as the order of its steps goes."""
    return made_of(draw, draw(st.integers(1, 7)))


@settings(deadline=None)
@given(st.integers(1, 8), st.data())
def test_any_mix_of_states_gives_a_plan_that_is_safe_and_says_what_is_next(count: int, data: st.DataObject) -> None:
    definition = a_definition(count)
    steps = {step.id: StepView(data.draw(STATES), 1) for step in definition.steps}
    check_plan(plan(definition, steps, {"start": "x"}), needs_of(definition), steps)
    assert plan(definition, dict(reversed(steps.items())), {"start": "x"}) == plan(definition, steps, {"start": "x"})


@settings(deadline=None)
@given(graphs(), st.data())
def test_the_same_holds_for_any_graph(definition: Definition, data: st.DataObject) -> None:
    steps = {step.id: StepView(data.draw(STATES), 1) for step in definition.steps}
    check_plan(plan(definition, steps, {"start": "x"}), needs_of(definition), steps)


def check_plan(made: Plan, needs: dict[str, tuple[str, ...]], steps: dict[str, StepView]) -> None:
    """The promises of `plan`, whatever the states."""
    beginning = [action for action in made.actions if isinstance(action, Start | Skip | Break)]
    assert len(beginning) == len(made.actions) or len(made.actions) == 1
    assert len({action.step_id for action in beginning}) == len(beginning), "one action per step"
    states = {step_id: view.state for step_id, view in steps.items()}
    for action in beginning:
        assert states[action.step_id] is StepState.PENDING
        assert can_move(states[action.step_id], StepState.SKIPPED)
        if isinstance(action, Start):
            assert can_move(states[action.step_id], StepState.RUNNING)
    match made.actions[0]:
        case Wait(step_ids):
            assert step_ids
            assert all(states[step_id] in IN_FLIGHT for step_id in step_ids)
        case Fail(reason):
            assert reason.endswith(".")
            assert any(state in BROKEN for state in states.values())
            assert not any(state in IN_FLIGHT for state in states.values())
        case Finish():
            assert all(state in SETTLED | BROKEN for state in states.values())


@settings(deadline=None, max_examples=200)
@given(graphs(), st.data())
def test_a_graph_that_hears_of_each_success_plans_as_one_that_is_made_anew(
    definition: Definition, data: st.DataObject
) -> None:
    usual = st.sampled_from([StepState.PENDING, *StepState])
    steps = {step.id: StepView(data.draw(usual), 1) for step in definition.steps}
    graph = Graph(definition, steps)
    for _ in definition.steps:
        made = graph.plan({"start": "x"})
        assert made == plan(definition, steps, {"start": "x"})
        assert graph.outputs() == outputs_of(definition, steps)
        ready = starts(made)
        if not ready or ready[0].startswith("undo:"):
            return
        chosen = data.draw(st.sampled_from(ready))
        steps[chosen] = StepView(StepState.SUCCEEDED, 1)
        graph.succeed(chosen, 1)


@settings(deadline=None, max_examples=200)
@given(graphs(), st.data())
def test_every_run_of_any_graph_ends(definition: Definition, data: st.DataObject) -> None:
    """Each step moves at most a few times, and something always moves: so a run ends, or waits for what it can name."""
    steps: dict[str, StepView] = {}
    ends = st.sampled_from([StepState.SUCCEEDED, StepState.FAILED, StepState.STOPPED])
    for _ in range(3 * len(definition.steps) + 2):
        made = plan(definition, steps, {"start": "x"})
        match made.actions[0]:
            case Finish() | Fail():
                return
            case Wait(step_ids):
                steps |= {step_id: StepView(data.draw(ends), 1) for step_id in step_ids}
        for action in made.actions:
            if isinstance(action, Start):
                steps[action.step_id] = StepView(StepState.RUNNING)
            if isinstance(action, Skip):
                steps[action.step_id] = StepView(StepState.SKIPPED)
            if isinstance(action, Break):
                steps[action.step_id] = StepView(StepState.FAILED, reason="No.")
    raise AssertionError("It goes on for ever.")


def play(definition: Definition, choose: Callable[[str], StepState]) -> tuple[Plan, dict[str, StepView], list[str]]:
    """Carry out plans until one does not start anything: the last plan, the steps, and the order of starts."""
    steps: dict[str, StepView] = {}
    started: list[str] = []
    while True:
        made = plan(definition, steps, {"start": "x"})
        moving = list(starts(made)) or [key for key, view in steps.items() if view.state in IN_FLIGHT]
        if not moving:
            return made, steps, started
        for step_id in moving:
            started += [step_id] if step_id in starts(made) else []
            view = steps.get(step_id, StepView(StepState.PENDING))
            state = choose(step_id)
            assert can_move(view.state, state)
            outputs = {key: other.output for key, other in steps.items() if other.state in SETTLED}
            given = input_of(definition.step(step_id), {"start": "x"}, outputs)
            steps[step_id] = StepView(state, given["given"])


@settings(deadline=None)
@given(st.integers(1, 8), st.data())
def test_every_run_ends_and_no_step_starts_twice(count: int, data: st.DataObject) -> None:
    definition = a_definition(count)
    seen: dict[str, list[StepState]] = {}

    def choose(step_id: str) -> StepState:
        before = seen.setdefault(step_id, [])
        ended = [StepState.SUCCEEDED, StepState.SUCCEEDED, StepState.FAILED, StepState.STOPPED]
        waiting = {0: [StepState.RUNNING, StepState.WAITING, StepState.RESTING], 1: []}[min(len(before), 1)]
        before.append(data.draw(st.sampled_from(ended + waiting)))
        return before[-1]

    made, steps, started = play(definition, choose)
    assert started == [step.id for step in definition.steps][: len(started)]
    (action,) = made.actions
    if any(view.state in BROKEN for view in steps.values()):
        assert isinstance(action, Fail)
    else:
        assert action == Finish({f"s{count - 1}": "x"})
