"""What workflows can be made of: branches that meet, conditions, loops, lists, other workflows, waiting, fallbacks."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals.states import Verdict
from orchestrator.runs.models import Event, Run, Step
from orchestrator.runs.states import RunState
from tests.scenes import a_run, open_reviews, say
from tests.workshop import FAILURES, Workshop, pump, states, step, verbs, words

DONE, WAITS, SKIPPED, FAILED = "succeeded", "waiting", "skipped", "failed"


def test_branches_run_and_meet_once(workshop: Workshop) -> None:
    run = workshop.run(
        step("first")
        + step("left", needs="[first]")
        + step("right", needs="[first]")
        + step("meet", "${steps.left.output.word} and ${steps.right.output.word}", needs="[left, right]")
    )
    assert run.output == {"meet": {"word": "left and right"}}, run.reason
    assert sorted(words()) == ["first", "left", "left and right", "right"]


def test_a_condition_chooses_the_branch_and_what_hangs_on_the_other_is_skipped(workshop: Workshop) -> None:
    steps = (
        step("ask", "${input.n}")
        + step("high", needs="[ask]", when='"steps.ask.output.word > 50"')
        + step("low", needs="[ask]", when='"steps.ask.output.word <= 50"')
        + step("after_low", needs="[low]")
        + step("end", needs="[high, after_low]")
    )
    run = workshop.run(steps, n=70)
    assert run.state == RunState.SUCCEEDED, run.reason
    assert states(run) == {"ask": DONE, "high": DONE, "low": SKIPPED, "after_low": SKIPPED, "end": DONE}
    assert "step.skipped" in verbs(run)


def test_a_condition_that_cannot_be_worked_out_asks_a_person(workshop: Workshop) -> None:
    run = workshop.run(step("ask", "${input.word}") + step("next", when='"steps.ask.output.word > 3"'), word="many")
    assert states(run) == {"ask": DONE, "next": WAITS}
    (review,) = open_reviews(run)
    say(review, workshop.world.ines, Verdict.SKIP, reason="It is not needed.", form={"value": {"word": "none"}})
    assert pump(run).output == {"next": {"word": "none"}}


@pytest.mark.parametrize(("join", "state"), [("any", RunState.SUCCEEDED), ("2", RunState.FAILED)])
def test_of_several_branches_fewer_may_be_enough(workshop: Workshop, join: str, state: RunState) -> None:
    FAILURES["left"] = 9
    FAILURES["middle"] = 9
    branches = "".join(step(key, needs="[]", on_failure="terminate") for key in ("left", "middle", "right"))
    run = workshop.run(branches + step("meet", needs="[left, middle, right]", join=join))
    assert run.state == state, run.reason
    assert ("meet" in words()) == (state == RunState.SUCCEEDED)


def test_a_loop_goes_on_until_it_is_good_enough_and_tells_each_round_what_to_mend(workshop: Workshop) -> None:
    run = workshop.run(
        """
        - id: polish
          kind: loop
          title: Polish
          with: {start: "${input.word}"}
          steps:
            - {id: write, kind: tool, title: Write, agent: hand, tool: shop.say,
               with: {word: "${input.start}, round ${input.round}, after ${input.feedback.last?}"}}
            - {id: check, kind: tool, title: Check, agent: hand, tool: shop.say, with: {word: "${input.round}"}}
          until: steps.check.output.word >= 3
          feedback: {last: "${steps.check.output.word}"}
          max_rounds: 5
          output: {text: "${steps.write.output.word}"}
        """,
        word="Draft",
    )
    assert run.output == {"polish": {"text": "Draft, round 3, after 2", "rounds": 3}}, run.reason
    assert Run.objects.filter(parent__run=run, told=True).count() == 3
    assert verbs(run).count("step.part_ended") == 3


LOOP = """
- id: polish
  kind: loop
  title: Polish
  steps:
    - {id: check, kind: tool, title: Check, agent: hand, tool: shop.say, with: {word: "${input.round}"}}
  until: steps.check.output.word > 9
  max_rounds: 2
"""


def test_a_loop_whose_rounds_are_used_up_asks_a_person(workshop: Workshop) -> None:
    run = workshop.run(LOOP)
    (review,) = open_reviews(run)
    assert "All 2 rounds are used up" in run.steps.get().reason
    say(review, workshop.world.ines, Verdict.RETRY)
    assert states(pump(run)) == {"polish": WAITS}
    assert Run.objects.filter(parent__run=run).count() == 4


@pytest.mark.parametrize(("then", "state"), [("last", RunState.SUCCEEDED), ("terminate", RunState.FAILED)])
def test_a_loop_says_what_happens_when_its_rounds_are_used_up(workshop: Workshop, then: str, state: RunState) -> None:
    run = workshop.run(LOOP + f"  when_used_up: {then}\n")
    assert run.state == state
    assert open_reviews(run) == []


EACH = """
- id: each
  kind: tool
  title: Each
  agent: hand
  tool: shop.say
  for_each: {items: "${input.words}", at_once: 2%s}
  with: {word: "${item.name} ${index}"}
"""


def test_a_step_is_done_for_each_item_and_the_outputs_keep_their_order(workshop: Workshop) -> None:
    run = workshop.run(EACH % "", words=[{"name": name} for name in "abcde"])
    assert run.output == {"each": [{"word": f"{name} {place}"} for place, name in enumerate("abcde")]}, run.reason
    assert Run.objects.filter(parent__run=run).count() == 5


def test_an_empty_list_is_done_at_once(workshop: Workshop) -> None:
    assert workshop.run(EACH % "", words=[]).output == {"each": []}


def test_what_is_no_list_asks_a_person(workshop: Workshop) -> None:
    run = workshop.run(EACH % "", words="abc")
    assert "is not a list" in run.steps.get().reason
    assert len(open_reviews(run)) == 1


def test_some_items_may_fail_where_the_definition_says_so(workshop: Workshop) -> None:
    FAILURES["b 1"] = 9
    run = workshop.run(EACH % ", must_succeed: 2" + "  on_failure: terminate\n", words=[{"name": n} for n in "abc"])
    assert run.state == RunState.SUCCEEDED, run.reason
    assert run.output is not None
    assert [entry.get("word") for entry in run.output["each"]] == ["a 0", None, "c 2"]


def test_items_that_worked_are_not_done_again_when_the_step_is_tried_again(workshop: Workshop) -> None:
    FAILURES["b 1"] = 1
    steps = EACH % "" + "  on_failure: escalate\n"
    run = a_run(workshop.workflow(steps), workshop.world.otto, words=[{"name": n} for n in "abc"])
    pump(run)
    part = Run.objects.get(parent__run=run, index=1)
    (review,) = open_reviews(part)
    say(review, workshop.world.ines, Verdict.TERMINATE, reason="Not this one.")
    pump(run)
    assert run.state == RunState.STOPPED, "a person ended an item that is needed"


def test_another_workflow_is_a_step(workshop: Workshop) -> None:
    workshop.workflow(
        step("inner", "${input.word}"), name="inner", extra="output: {said: '${steps.inner.output.word}'}"
    )
    run = workshop.run("- {id: call, kind: workflow, title: Call, workflow: inner, with: {word: hello}}\n")
    assert run.output == {"call": {"said": "hello"}}, run.reason
    part = Run.objects.get(parent__run=run)
    assert (part.trigger, part.state) == ("part", "succeeded")


def test_a_workflow_that_would_run_itself_for_ever_ends_with_a_person(workshop: Workshop) -> None:
    steps = "- {id: call, kind: workflow, title: Call, workflow: work, with: {}}\n"
    run = workshop.run(steps)
    assert Run.objects.count() == 21
    deepest = Run.objects.order_by("-pk")[0]
    assert "deep" in deepest.steps.get().reason
    assert run.state == RunState.RESTING


def test_a_step_waits_for_a_time(workshop: Workshop) -> None:
    run = workshop.run("- {id: rest, kind: wait, title: Rest, for: 2h}\n" + step("after"))
    assert run.state == RunState.RESTING
    assert run.wake_at is not None
    assert timedelta(minutes=119) < run.wake_at - timezone.now() <= timedelta(hours=2)
    Step.objects.filter(key="rest").update(started_at=timezone.now() - timedelta(hours=2))
    assert pump(run).state == RunState.SUCCEEDED


def test_a_step_waits_for_an_event_about_its_own_case_from_somebody_who_may_send_it(workshop: Workshop) -> None:
    run = workshop.run(
        "- {id: hear, kind: wait, title: Hear, event: {name: papers, key: 'claim ${input.n}'}}\n"
        + step("after", "${steps.hear.output.pages}"),
        n=7,
    )
    world = workshop.world
    for number, (key, by) in enumerate([("claim 8", world.hana), ("claim 7", world.lukas), ("claim 7", world.hana)]):
        assert run.state == RunState.RESTING
        Event.objects.create(name="papers", key=key, sent_id=str(number), data={"pages": number + 1}, by=by)
        pump(run)
    assert run.output == {"after": {"word": 3}}


def test_a_fallback_stands_for_the_step_that_failed(workshop: Workshop) -> None:
    FAILURES["first"] = 9
    run = workshop.run(
        step("first", on_failure="fallback second") + step("second") + step("after", "${steps.first.output.word}")
    )
    assert run.output == {"after": {"word": "second"}}, run.reason
    assert states(run) == {"first": FAILED, "second": DONE, "after": DONE}


def test_a_fallback_that_is_not_needed_is_skipped(workshop: Workshop) -> None:
    run = workshop.run(step("first", on_failure="fallback second") + step("second") + step("after"))
    assert states(run) == {"first": DONE, "second": SKIPPED, "after": DONE}


PLAN = """
- {id: think, kind: tool, title: Think, agent: hand, tool: shop.say, with: {word: "${input.words}"}}
- id: carry_out
  kind: plan
  title: Carry out
  from: ${steps.think.output.word}
  allow:
    - {id: speak, kind: tool, title: Speak, agent: hand, tool: shop.say}
    - {id: build, kind: tool, title: Build, agent: hand, tool: shop.make}
  max_steps: 3
"""
GOOD = [
    {"id": "one", "use": "speak", "with": {"word": "hello"}},
    {"id": "two", "use": "build", "needs": ["one"], "with": {"word": "${steps.one.output.word} world"}},
]


def test_a_plan_is_put_before_a_person_and_then_carried_out(workshop: Workshop, settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0
    run = workshop.run(PLAN, words=GOOD)
    (review,) = open_reviews(run)
    assert [each["id"] for each in review.dossier["plan"]] == ["one", "two"]
    assert words("make") == []
    say(review, workshop.world.ines, Verdict.APPROVE)
    assert pump(run).output == {"carry_out": {"two": {"word": "hello world"}}}, run.reason
    assert words("make") == ["hello world"]


def test_a_plan_that_is_rejected_does_nothing(workshop: Workshop, settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0
    run = workshop.run(PLAN, words=GOOD)
    say(open_reviews(run)[0], workshop.world.ines, Verdict.REJECT, reason_code="other", reason="Too bold.")
    assert pump(run).state == RunState.STOPPED
    assert words("make") == []


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ([], "a plan is a list of steps"),
        ("do it all", "a plan is a list of steps"),
        ([{"id": "a", "use": "delete"}], 'step "a" uses "delete", which is not allowed.'),
        ([{"id": "a", "use": "speak"}] * 4, "at most 3 are allowed"),
        ([{"id": "a", "use": "speak"}] * 2, "the same id"),
        ([{"id": "a", "use": "speak", "agent": "root"}], "agent extra inputs"),
        ([{"id": "a", "use": "speak", "needs": ["b"]}], 'step "a": "b" is no step above this one.'),
        ([{"id": "a", "use": "speak", "with": {"word": "${steps.z.output}"}}], "is not there by then"),
        ([{"id": "a", "use": "speak", "with": {"word": "${boo"}}], "A reference is not closed."),
        ([5], "its step 1 can't be read"),
    ],
)
def test_a_plan_outside_what_is_allowed_is_refused_with_a_sentence(
    workshop: Workshop, plan: object, sentence: str
) -> None:
    run = workshop.run(PLAN, words=plan)
    assert sentence in run.steps.get(key="carry_out").reason
    (review,) = open_reviews(run)
    assert review.kind == "escalation"
