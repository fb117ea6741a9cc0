"""The page of a workflow says in plain words how its steps depend on each other, and what happens when one fails."""

import re
from itertools import pairwise

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.workflows.drawing import BOX_HEIGHT, arrange
from tests.reading import Markup, dangers, queries_of, signed_in
from tests.runs.test_patterns import PLAN
from tests.workshop import Workshop, step

EVERYTHING = (
    step("first", retry="{attempts: 4, first: 1s, most: 1m, on: [timeout, failed]}", timeout="5m")
    + step("left", needs="[first]", on_failure="fallback other", compensate="{tool: shop.unmake, agent: hand}")
    + step("other")
    + step("right", needs="[first]", when='"input.n > 2"', on_failure="terminate")
    + step("each", needs="[right]", for_each='{items: "${input.words}", at_once: 3, must_succeed: 2}')
    + step("meet", needs="[left, each]", join="any", on_failure="escalate Claims desk")
    + step("alone", needs="[]")
    + """
- id: polish
  kind: loop
  title: Polish
  needs: [meet]
  steps:
    - {id: check, kind: tool, title: Check it, agent: hand, tool: shop.say, with: {word: "${input.round}"}}
  until: steps.check.output.word > 2
  max_rounds: 4
- {id: rest, kind: wait, title: Rest, for: 2h}
- {id: hear, kind: wait, title: Hear, event: {name: papers, key: "claim ${input.n}"}}
- {id: call, kind: workflow, title: Call, workflow: inner, with: {}}
"""
)


@pytest.fixture
def said(workshop: Workshop) -> str:
    """The text of the page of a workflow with everything in it."""
    workshop.workflow(step("inner"), name="inner")
    workshop.workflow(EVERYTHING)
    html = signed_in(workshop.world.hana).get(reverse("workflow", args=["work"])).content.decode()
    assert not dangers(html)
    return " ".join(Markup(html).text.split()).replace(" ,", ",")


@pytest.mark.parametrize(
    "words",
    [
        "Tried up to 4 times, 1 s to 1 min apart, on: timeout, failed.",
        "Given up after 5 min.",
        "After First.",
        "If it fails, Other is done instead.",
        "it is made good with shop.unmake on the grants of hand",
        "Only when Left fails, in its place.",
        "Only if input.n > 2",
        "If it fails, so does the run.",
        "Once for each item of ${input.words}, 3 at a time. 2 have to work out.",
        "After any one of Left, Each.",
        "If it fails, Claims desk decides how to go on.",
        "Starts at once.",
        "in rounds until steps.check.output.word > 2, 4 times at most. After that a person is asked.",
        "The steps of a round",
        "Check it",
        "It waits for 2 h.",
        "It waits for the event papers about claim ${input.n}.",
        "Workflow inner runs",
    ],
)
def test_what_a_step_does_and_when_is_said_in_words(said: str, words: str) -> None:
    assert words in said


def test_a_plan_names_the_steps_it_may_use(workshop: Workshop) -> None:
    workshop.workflow(PLAN)
    html = signed_in(workshop.world.hana).get(reverse("workflow", args=["work"])).content.decode()
    text = " ".join(Markup(html).text.split())
    assert "is carried out: at most 3 steps" in text
    assert "The plan goes to Refund desk" in text
    assert "The steps that it may use" in text
    assert "Build" in text
    assert '<svg class="graph"' in html


def test_inner_steps_cost_no_queries(workshop: Workshop) -> None:
    client, address = signed_in(workshop.world.hana), reverse("workflow", args=["work"])
    workshop.workflow(PLAN)
    few = queries_of(client, address)
    workshop.workflow(step("inner"), name="inner")
    workshop.workflow(EVERYTHING)
    assert queries_of(client, address) <= few + 2


# --- Drawing ---

graphs = st.integers(1, 14).flatmap(
    lambda size: st.tuples(
        *(st.sets(st.integers(0, max(0, place - 1)), max_size=3 if place else 0) for place in range(size))
    )
)


@given(graphs)
def test_no_box_covers_another_and_no_arrow_runs_behind_one(needs: tuple[set[int], ...]) -> None:
    keys = [str(place) for place in range(len(needs))]
    layout = arrange(keys, {key: [str(other) for other in needs[int(key)]] for key in keys})
    boxes = list(layout.places.items())
    for place, (_, one) in enumerate(boxes):
        assert one.y >= 0
        assert one.y + BOX_HEIGHT <= layout.height
        assert one.x + one.width <= layout.width
        for _, other in boxes[place + 1 :]:
            assert abs(one.x - other.x) >= one.width or abs(one.y - other.y) >= BOX_HEIGHT
    assert len(layout.arrows) == sum(map(len, needs))
    for arrow in layout.arrows:
        for x1, y1, x2, y2 in lines_of(arrow.path):
            assert 0 <= y1 <= layout.height
            for key, box in boxes:
                if key in (arrow.start, arrow.end):
                    continue
                across = max(x1, x2) > box.x and min(x1, x2) < box.x + box.width
                assert not (across and max(y1, y2) > box.y and min(y1, y2) < box.y + BOX_HEIGHT), (arrow, key, box)


def lines_of(path: str) -> list[tuple[float, float, float, float]]:
    """The straight lines of a path of M, H and V."""
    x = y = 0.0
    found = []
    for letter, numbers in re.findall(r"([MHV])([\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        new_x, new_y = (values[0], values[1]) if letter == "M" else (values[0], y) if letter == "H" else (x, values[0])
        if letter != "M":
            found.append((x, y, new_x, new_y))
        x, y = new_x, new_y
    return found


def test_arrows_that_others_imply_are_left_out_where_there_are_too_many_to_follow() -> None:
    keys = [str(number) for number in range(200)]
    layout = arrange(keys, {key: keys[: int(key)] for key in keys})
    assert [(arrow.start, arrow.end) for arrow in layout.arrows] == list(pairwise(keys))
