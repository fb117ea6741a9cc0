"""The timeline tells agents, tools and people apart, squeezes waits and says so, and draws nothing outside."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.runs.pages import graph, timeline
from orchestrator.runs.pages.graph import Node
from orchestrator.runs.pages.scale import FULL, merged, scale, seconds_in, ticks, without
from orchestrator.runs.pages.timeline import Span, StepTime, Who, shares
from orchestrator.runs.states import StepState

Pairs = list[tuple[float, float]]
START = datetime(2026, 11, 23, 8, 51, 7, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def span(who: Who, start: float, end: float | None, name: str = "") -> Span:
    return Span(who, at(start), None if end is None else at(end), f"{who} {name}".strip(), name)


def a_step(*spans: Span, state: StepState = StepState.SUCCEEDED, kind: str = "agent", number: int = 1) -> StepTime:
    ended = max((each.end for each in spans if each.end), default=None) if state == StepState.SUCCEEDED else None
    begun = min((each.start for each in spans), default=None)
    return StepTime(number, f"s{number}", f"Step {number}", kind, state, begun, ended, spans)


def draw(*steps: StepTime, now: float, ended: bool = False, squeeze: bool = True) -> timeline.Timeline:
    end = at(now) if ended else None
    return timeline.draw(steps, start=START, end=end, now=at(now), zone=UTC, squeeze=squeeze)


def test_agent_tool_and_human_time_are_told_apart() -> None:
    spans = [span(Who.AGENT, 0, 10), span(Who.TOOL, 10, 15), span(Who.PERSON, 15, 75), span(Who.TOOL, 80, 85)]

    found = shares(spans, timedelta(seconds=100), at(100))

    assert [found[who].seconds for who in (Who.AGENT, Who.TOOL, Who.PERSON)] == [10, 10, 60]
    assert [found[who].percent for who in (Who.AGENT, Who.TOOL, Who.PERSON)] == [10, 10, 60]
    bars = draw(a_step(*spans), now=100, ended=True, squeeze=False).rows[0].bars
    assert {bar.css for bar in bars} == {"p-agent", "p-tool", "p-wait"}


def test_time_that_two_agents_share_counts_once() -> None:
    spans = [span(Who.AGENT, 0, 60), span(Who.AGENT, 30, 90), span(Who.AGENT, 40, 50)]

    assert shares(spans, timedelta(seconds=90), at(90))[Who.AGENT].seconds == 90


def test_an_agent_that_works_while_a_person_is_asked_counts_for_both() -> None:
    found = shares([span(Who.AGENT, 0, 60), span(Who.PERSON, 30, 90)], timedelta(seconds=90), at(90))

    assert (found[Who.AGENT].seconds, found[Who.PERSON].seconds) == (60, 60)


def test_what_goes_on_lasts_until_now() -> None:
    step = a_step(span(Who.PERSON, 0, None, "Ines Moreau"), state=StepState.WAITING)

    early, late = (draw(step, now=now, squeeze=False).rows[0] for now in (30, 90))

    assert (early.took, late.took) == ("0:30", "1:30")
    assert early.bars[0].label.endswith("30 s")
    assert "Ines Moreau" in late.bars[0].label


def test_a_long_wait_is_drawn_short_and_marked_and_real_time_shows_it_in_full() -> None:
    steps = [
        a_step(span(Who.AGENT, 0, 60)),
        a_step(span(Who.PERSON, 60, 7260, "Ines"), kind="human", number=2),
        a_step(span(Who.AGENT, 7260, 7320), number=3),
    ]

    squeezed, real = (draw(*steps, now=7320, ended=True, squeeze=squeeze) for squeeze in (True, False))

    assert [round(row.bars[0].width) for row in squeezed.rows] == [41, 14, 41]
    assert [round(row.bars[0].width) for row in real.rows] == [1, 94, 1]
    assert any(tick.label == "// 2 h" for tick in squeezed.ticks)
    assert squeezed.bands
    assert not real.bands


def test_a_wait_in_which_an_agent_worked_elsewhere_is_not_squeezed() -> None:
    waits = a_step(span(Who.PERSON, 0, 3600), kind="human")
    works = a_step(span(Who.AGENT, 0, 3600), number=2)

    assert not draw(waits, works, now=3600, ended=True).bands


def test_a_failed_try_is_shown_and_said() -> None:
    step = a_step(span(Who.FAILED, 0, 60), span(Who.AGENT, 0, 20), span(Who.AGENT, 70, 100))

    row = draw(step, now=200, ended=True).rows[0]

    assert [bar.css for bar in row.bars] == ["p-fail", "p-agent", "p-agent"]
    assert row.note is not None
    assert row.note.text == "1 failed try, then done"


def test_a_step_to_come_has_a_row_and_no_bar() -> None:
    row = draw(a_step(span(Who.AGENT, 0, 9)), a_step(state=StepState.PENDING, number=2), now=9).rows[1]

    assert (row.bars, row.took, row.css, row.label) == ((), "", "is-todo", "Not started")


def test_labels_are_in_the_time_zone_of_the_reader() -> None:
    axis = scale(START, at(3600))

    assert ticks(axis, ZoneInfo("Asia/Tokyo"))[0].label == "17:51"
    assert ticks(axis, UTC, now="now")[-1].label == "now 09:51"


intervals = st.lists(st.tuples(st.floats(0, 10_000), st.floats(0, 5_000)), max_size=12)


def spread(pairs: Pairs) -> list[tuple[datetime, datetime]]:
    return [(at(start), at(start + length)) for start, length in pairs]


@settings(deadline=None)
@given(intervals, intervals)
def test_merging_and_cutting_keep_every_second(one: Pairs, other: Pairs) -> None:
    first, second = spread(one), spread(other)
    rest = without(first, second)

    assert merged(merged(first)) == merged(first)
    assert all(a[1] < b[0] for a, b in pairwise(merged(first)))
    assert seconds_in(rest) + seconds_in(second) == pytest.approx(seconds_in([*first, *second]), abs=1e-3)


@settings(deadline=None)
@given(intervals, st.floats(0.001, 400_000))
def test_the_axis_goes_forward_and_stays_inside(waits: Pairs, length: float) -> None:
    axis = scale(START, at(length), spread(waits))
    places = [axis.x(at(length * share / 50)) for share in range(-5, 56)]

    assert places == sorted(places)
    assert places[0] == pytest.approx(0)
    assert places[-1] == pytest.approx(FULL)
    assert sum(piece.width for piece in axis.pieces) == pytest.approx(FULL)


@settings(deadline=None)
@given(intervals, st.floats(0.001, 4_000_000))
def test_labels_never_touch(waits: Pairs, length: float) -> None:
    labels = [tick for tick in ticks(scale(START, at(length), spread(waits)), UTC, now="now") if tick.css != "t-hold"]

    assert all(b.x - a.x >= 6.9 for a, b in pairwise(labels))
    assert len(labels) <= 15


def nodes(*keys: str, state: StepState = StepState.SUCCEEDED) -> list[Node]:
    return [Node(key, number, key, "agent", state, "0:10") for number, key in enumerate(keys, start=1)]


def test_steps_in_a_row_make_one_row_of_boxes() -> None:
    picture = graph.draw(nodes("a", "b", "c"), {"b": ("a",), "c": ("b",)})

    assert len({box.y for box in picture.boxes}) == 1
    assert [box.x for box in picture.boxes] == sorted({box.x for box in picture.boxes})
    assert len(picture.edges) == 2


def test_branches_stand_above_each_other_and_meet_again() -> None:
    needs = {"b": ("a",), "c": ("a",), "d": ("b", "c")}
    picture = graph.draw(nodes("a", "b", "c", "d"), needs)
    by_key = {box.node.key: box for box in picture.boxes}

    assert graph.levels({"a": (), **needs}) == {"a": 0, "b": 1, "c": 1, "d": 2}
    assert by_key["b"].x == by_key["c"].x
    assert by_key["b"].y != by_key["c"].y
    assert by_key["a"].y == by_key["d"].y
    assert len(picture.edges) == 4
    assert all(box.y >= 0 and box.y + graph.BOX_HEIGHT <= picture.height for box in picture.boxes)


def test_a_circle_of_steps_is_named_instead_of_looped_on() -> None:
    with pytest.raises(ValueError, match="a, b"):
        graph.levels({"a": ("b",), "b": ("a",)})


def test_a_long_title_is_cut_where_its_box_ends() -> None:
    (box,) = graph.draw([Node("a", 1, "A title " * 20, "human", StepState.WAITING, "")], {}).boxes

    assert box.title.endswith("…")
    assert len(box.title) * 5 < box.width
    assert box.gate


def test_the_graph_can_be_heard() -> None:
    steps = [*nodes("a", "b"), Node("c", 3, "c", "human", StepState.WAITING, "")]

    assert graph.draw(steps, {}).words == "3 steps. Step 3: waiting for a person. Steps 1 and 2: done."
