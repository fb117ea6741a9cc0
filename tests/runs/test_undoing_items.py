"""A step that goes over a list is made good item by item, those that were done, in reverse order."""

import pytest

from approvals.models import Review
from approvals.states import ReviewKind, Verdict
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState
from orchestrator.workflows.actions import withdraw_version
from orchestrator.workflows.problems import DefinitionError
from orchestrator.workflows.reading import read
from tests.scenes import a_run, open_reviews, say
from tests.workshop import FAILURES, LEDGER, Workshop, pump, states, step, words

UNDO = '{tool: shop.unmake, agent: hand, with: {word: "not ${item} ${index} ${steps.each.output.word}"}}'
EACH = (
    "- {id: each, kind: tool, title: Each, agent: hand, tool: shop.make, on_failure: terminate,\n"
    + '   with: {word: "${item}"}, for_each: {items: "${input.words}", at_once: 1}, compensate: '
    + UNDO
    + "}\n"
)
LAST = step("last", on_failure="terminate")
UNDONE = ["not c 2 c", "not b 1 b", "not a 0 a"]


def failing(workshop: Workshop, steps: str = EACH + LAST) -> Run:
    """A run whose last step fails, after three items were done."""
    FAILURES["last"] = 9
    return a_run(workshop.workflow(steps), workshop.world.otto, words=list("abc"))


def test_every_item_is_made_good_the_latest_first(workshop: Workshop) -> None:
    run = pump(failing(workshop))
    assert (run.state, words("make"), words("unmake")) == (RunState.FAILED, list("abc"), UNDONE)
    assert states(run) == {"each": "succeeded", "last": "failed", "undo:each": "succeeded"}


def test_the_items_that_were_done_are_made_good_when_another_failed(workshop: Workshop) -> None:
    FAILURES["c"] = 9
    run = workshop.run(EACH, words=list("abc"))
    assert (run.state, words("make"), words("unmake")) == (RunState.FAILED, ["a", "b"], UNDONE[1:])


def test_nothing_is_made_good_of_a_list_of_which_nothing_was_done(workshop: Workshop) -> None:
    FAILURES["last"] = 9
    run = workshop.run(EACH + LAST, words=[])
    assert (run.state, LEDGER) == (RunState.FAILED, [])
    assert states(run)["undo:each"] == "succeeded"


def test_an_item_that_cannot_be_made_good_asks_a_person_and_holds_up_the_run_but_not_for_ever(
    workshop: Workshop,
) -> None:
    FAILURES["not b 1 b"] = 1
    run = pump(failing(workshop))
    (review,) = Review.objects.all()
    assert (review.kind, words("unmake")) == (ReviewKind.ESCALATION, UNDONE[:1])
    say(review, workshop.world.ines, Verdict.RETRY)
    assert (pump(run).state, words("unmake")) == (RunState.FAILED, UNDONE)


def test_the_others_are_made_good_even_when_one_is_given_up(workshop: Workshop) -> None:
    FAILURES["not b 1 b"] = 9
    run = pump(failing(workshop))
    (review,) = Review.objects.all()
    say(review, workshop.world.ines, Verdict.TERMINATE, reason="It is gone.")
    pump(run)
    assert words("unmake") == [UNDONE[0], UNDONE[2]]
    assert (run.state, states(run)["undo:each"]) == (RunState.FAILED, "stopped")
    assert open_reviews(run) == []


def test_items_of_a_plan_are_made_good_too(workshop: Workshop) -> None:
    FAILURES["last"] = 9
    steps = (
        '- {id: do, kind: plan, title: Do, from: "${input.word}", on_failure: terminate, review: false,\n'
        + '   with: {words: "${input.words}"}, allow: [\n'
        + "   {id: each, kind: tool, title: Each, agent: hand, tool: shop.make, on_failure: terminate,\n"
        + '    for_each: {items: "${input.words}", at_once: 1}, with: {word: "${item}"}, compensate: '
        + '{tool: shop.unmake, agent: hand, with: {word: "not ${item}"}}},\n'
        + "   {id: last, kind: tool, title: Last, agent: hand, tool: shop.say, on_failure: terminate,\n"
        + "    with: {word: last}}]}\n"
    )
    plan = [{"id": "one", "use": "each"}, {"id": "two", "use": "last"}]
    run = workshop.run(steps, word=plan, words=["a", "b"])
    assert run.state == RunState.FAILED
    assert words("unmake") == ["not b", "not a"]


def test_making_good_goes_on_although_the_version_is_withdrawn(workshop: Workshop) -> None:
    FAILURES["not b 1 b"] = 1
    run = pump(failing(workshop))
    version = run.workflow_version
    withdraw_version(workflow=version.workflow, number=1, by=workshop.world.hana, reason="It is wrong.")
    (review,) = Review.objects.all()
    say(review, workshop.world.ines, Verdict.RETRY)
    assert (pump(run).state, words("unmake")) == (RunState.FAILED, UNDONE)
    assert Review.objects.count() == 1


def test_the_rows_of_what_makes_good_are_parts_of_its_step(workshop: Workshop) -> None:
    run = pump(failing(workshop))
    undoing = Step.objects.get(run=run, key="undo:each")
    assert (undoing.total, undoing.parts.count()) == (3, 3)
    assert {part.state for part in undoing.parts.all()} == {RunState.SUCCEEDED}


@pytest.mark.parametrize(
    ("text", "problem"),
    [("${steps.each.output.word}", ""), ("${steps.each.output}", ""), ("${steps.none.output}", 'no step "none"')],
)
def test_what_makes_good_sees_the_output_of_its_item(workshop: Workshop, text: str, problem: str) -> None:
    head = "name: x\ntitle: X\nenvironment: sandbox\ninput: {type: object, properties: {words: {}}, "
    head += "additionalProperties: false}\nsteps:\n"
    written = head + EACH.replace(UNDO, UNDO.replace("${steps.each.output.word}", text)).replace(
        "shop.make", "shop.make"
    )
    if not problem:
        read(written)
        return
    with pytest.raises(DefinitionError, match=problem):
        read(written)
