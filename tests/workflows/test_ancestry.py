"""Which steps come before which: the same as going back by hand, for thousands of steps too."""

import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.workflows.ancestry import always_done, ancestors_of, certain_of, in_order
from orchestrator.workflows.reading import from_canonical, read
from orchestrator.workflows.schema import MAX_STEPS, Definition


def of(steps: list[dict[str, Any]]) -> Definition:
    """A definition of tool steps that differ in what is given."""
    usual = {"title": "Step", "kind": "tool", "agent": "hand", "tool": "shop.say"}
    return from_canonical({"name": "work", "title": "Work", "steps": [{**usual, **step} for step in steps]})


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Small graphs: needs above, joins, conditions, and a fallback here and there, written above or below."""
    steps: list[dict[str, Any]] = []
    for place in range(draw(st.integers(1, 7))):
        step: dict[str, Any] = {"id": f"s{place}"}
        if place and draw(st.booleans()):
            step["needs"] = [f"s{one}" for one in sorted(draw(st.sets(st.integers(0, place - 1), max_size=3)))]
            step["join"] = draw(st.sampled_from(["all", "any"]))
        if draw(st.integers(0, 3)) == 0:
            step["when"] = "1 == 1"
        steps.append(step)
    primary, other = draw(st.integers(0, len(steps) - 1)), draw(st.integers(0, len(steps) - 1))
    needed = {need for step in steps for need in step.get("needs", ())}
    if primary != other and f"s{other}" not in needed:
        steps[primary]["on_failure"] = f"fallback s{other}"
        steps[other].pop("needs", None)
    return of(steps)


def before(definition: Definition, step_id: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """The steps before one, by walking back."""
    for need in definition.needs[step_id]:
        if need not in seen:
            seen = before(definition, need, seen | {need})
    return seen


@settings(max_examples=200, deadline=None)
@given(definitions())
def test_a_step_comes_after_what_leads_to_it_and_after_nothing_else(definition: Definition) -> None:
    found, certain = ancestors_of(definition), certain_of(definition)
    assert set(found) == set(certain) == set(definition.needs)
    for step_id, above in found.items():
        assert frozenset(above) == before(definition, step_id)
        assert len(above) == len(list(above))
        assert frozenset(certain[step_id]) <= frozenset(above)
        assert above | {"extra"} == frozenset(above) | {"extra"}
    assert always_done(definition) <= set(definition.needs)


@settings(max_examples=100, deadline=None)
@given(definitions())
def test_every_step_stands_once_in_the_order_and_behind_what_it_needs(definition: Definition) -> None:
    order = [step_id for step_id, _ in in_order(definition)]
    assert sorted(order) == sorted(definition.needs)
    place = {step_id: at for at, step_id in enumerate(order)}
    assert all(place[need] < place[step_id] for step_id, needed in definition.needs.items() for need in needed)


def test_steps_in_a_circle_or_behind_an_unknown_one_still_have_a_place() -> None:
    circle = of([{"id": "a", "needs": ["b"]}, {"id": "b", "needs": ["a"]}, {"id": "c", "needs": ["gone"]}])
    assert sorted(step_id for step_id, _ in in_order(circle)) == ["a", "b", "c"]
    assert frozenset(ancestors_of(circle)["c"]) == frozenset()


def test_a_definition_of_thousands_of_steps_is_read_and_one_step_too_many_refused() -> None:
    rows = [
        f'- {{id: s{n}, kind: tool, title: Step {n}, agent: hand, tool: shop.say, with: {{word: "${{input.n}}"}}}}'
        for n in range(MAX_STEPS)
    ]
    head = "name: long\ntitle: Long\ninput: {type: object, properties: {n: {}}, additionalProperties: false}\nsteps:\n"
    definition = read(head + "\n".join(rows))
    assert len(definition.steps) == MAX_STEPS
    began = time.process_time()
    seen = ancestors_of(definition)[f"s{MAX_STEPS - 1}"]
    assert len(seen) == MAX_STEPS - 1
    assert time.process_time() - began < 1, "walking back must not grow with the square"
