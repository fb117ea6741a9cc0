"""The page of one run tells what happened, at any length, whatever agents and tools have written."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from audit import text
from audit.log import Party, party
from orchestrator.runs.models import Run, Step
from orchestrator.runs.pages.events import PAGE as EVENTS
from orchestrator.runs.states import RunState, StepState
from orchestrator.workflows.models import WorkflowVersion
from tests.audit.tampering import overwrite
from tests.reading import HOSTILE, Markup, dangers, page, queries_of, signed_in
from tests.runs import stories
from tests.world import World, an_agent

HTMX = {"HX-Request": "true"}


def long_run(run: Run, world: World, count: int) -> None:
    have = run.steps.count()
    for number in range(have + 1, have + count + 1):
        step = stories.a_told_step(run, number)
        stories.a_told_turn(step)
        stories.a_told_call(step)
        stories.tell(run, "step.finished", subject=party(step), step_title=step.title)


@pytest.mark.parametrize("name", ["run", "run-head", "run-graph", "run-timeline", "run-memory"])
def test_a_long_run_takes_as_many_queries_as_a_short_one(world: World, run: Run, name: str) -> None:
    client, address = signed_in(world.lukas), reverse(name, args=[run.ref])
    long_run(run, world, 10)
    few = queries_of(client, address, headers=HTMX)
    long_run(run, world, 140)

    assert queries_of(client, address, headers=HTMX) == few <= (28 if name == "run" else 18)


def test_a_long_run_is_drawn_in_windows_around_where_it_is(world: World, version: WorkflowVersion) -> None:
    run = stories.a_told_run(version, world.otto)
    for number in range(1, 201):
        state = StepState.RUNNING if number == 100 else StepState.SUCCEEDED
        stories.a_told_step(run, number, state=state)

    html = page(world.lukas, run)

    assert "Step number 100" in html
    assert "Step number 2<" not in html
    assert "Steps 97 to 156 of" in html
    assert "Step number 2<" in page(world.lukas, run, query="?steps=1")


def test_events_open_with_the_newest_and_lead_back_to_the_first(world: World, run: Run) -> None:
    for number in range(2 * EVENTS):
        stories.tell(run, "step.finished", number=number)
    client, query = signed_in(world.lukas), ""
    seen: list[int] = []
    while True:
        events = client.get(reverse("run", args=[run.ref]) + query).context["events"]
        seen = [event.line.seq for event in events.events] + seen
        if events.earlier is None:
            break
        query = f"?before={events.earlier}"

    assert seen == list(range(1, 2 * EVENTS + 2))


def test_an_open_page_gets_only_what_happened_since(world: World, run: Run) -> None:
    stories.tell(run, "step.finished", note="the new one")

    html = page(world.otto, run, "run-events", "?after=1", headers=HTMX)

    assert 'id="e2"' in html
    assert 'id="e1"' not in html
    assert 'id="ev-tail"' in html


def test_without_htmx_more_events_are_a_page_of_their_own(world: World, run: Run) -> None:
    answer = signed_in(world.otto).get(reverse("run-events", args=[run.ref]) + "?after=0")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/runs/{run.ref}/?after=0#events"


def test_a_run_that_has_ended_asks_for_no_news(world: World, version: WorkflowVersion) -> None:
    ended = stories.a_told_run(version, world.otto, state=RunState.FAILED, reason="The bank refused.")
    waiting = stories.a_told_run(version, world.otto)

    assert "run.changed" not in page(world.otto, ended)
    assert "run.changed" in page(world.otto, waiting)
    assert "The bank refused." in page(world.otto, ended)
    assert f'data-watch="run:{waiting.ref}"' in page(world.otto, waiting)


def test_the_page_says_what_comes_next(world: World, run: Run) -> None:
    text = " ".join(Markup(page(world.otto, run)).text.split())

    assert "Next: a decision by Ines Moreau, due" in text
    assert "Then" in text.partition("Next:")[2]


def test_agents_tools_and_people_have_their_own_time(world: World, run: Run) -> None:
    text = " ".join(Markup(page(world.otto, run)).text.split())

    assert "Agents 20 s" in text
    assert "Tools 5 s" in text
    assert "Waiting for people 28 min" in text


def test_cost_without_a_price_is_not_shown_as_nothing(world: World, version: WorkflowVersion) -> None:
    run = stories.a_told_run(version, world.otto, cost_known=False, input_tokens=900)

    assert "price unknown" in page(world.otto, run)
    assert "price unknown" in signed_in(world.otto).get("/runs/").content.decode()


def test_models_that_are_none_say_so(world: World, run: Run) -> None:
    agent = an_agent("clerk", title="Clerk", model="scripted:clerk")
    Step.objects.filter(position=1).update(agent_version=agent.current)
    stories.tell(run, "turn.recorded", actor=party(agent), model="scripted:clerk", reasoning="I think so.")

    html = page(world.otto, run)

    assert "Scripted: clerk" in html
    assert "No real model" in html
    assert "Scripted model" in html


def test_an_event_shows_what_went_in_and_came_out_and_whose_words_are_a_claim(world: World, run: Run) -> None:
    stories.tell(
        run,
        "turn.recorded",
        arguments={"order_id": "O-7"},
        result={"total": 40},
        reasoning="The customer is right.",
        changes=[{"path": "/amount", "before": 40, "after": 30}],
        something_new="kept",
        nested={"deep": [1]},
        trace=[{"stage": "grant", "outcome": "review", "text": "The grant asks for a review."}],
        risk={"score": 34, "level": 2, "factors": [["Changes data", 10], ["In production", 24]]},
    )

    text = " ".join(Markup(page(world.otto, run)).text.split())

    for words in ("Input", '"O-7"', "Output", '"total": 40', "/amount", "Something new", "kept", "Nested", '"deep"'):
        assert words in text
    assert "The grant asks for a review." in text
    assert "34 of 100: Changes data 10, In production 24" in text
    assert text.index("a claim that nobody has checked") < text.index("The customer is right.")


@pytest.mark.parametrize(
    "query", ["O-1042", "o-1042", '"order_id": "O-1042"', "Otto Lindqvist", 'a "quoted" word', "für ß"]
)
def test_events_are_found_by_what_is_in_them(world: World, run: Run, query: str) -> None:
    stories.tell(
        run, "run.started", actor=party(world.otto), input={"order_id": "O-1042", "why": 'a "quoted" word für ß'}
    )
    stories.tell(run, "step.finished", subject=Party("step", "x", "Look"), note="nothing of the kind")
    client = signed_in(world.lukas)

    found = client.get(reverse("run", args=[run.ref]), {"q": query}).context["events"].events

    assert {event.line.verb for event in found} == {"run.started"}


@pytest.mark.parametrize("query", ["\x00", "%", "\\", '"', "'; drop", "ü", "𝄞"])
def test_no_search_breaks_the_page(world: World, run: Run, query: str) -> None:
    assert signed_in(world.lukas).get(reverse("run", args=[run.ref]), {"q": query}).status_code == 200


def test_events_can_be_narrowed_down_by_sort(world: World, run: Run) -> None:
    stories.tell(run, "turn.recorded", reasoning="Hm.")
    stories.tell(run, "review.opened")
    stories.tell(run, "step.failed")
    client = signed_in(world.lukas)

    def verbs(group: str) -> list[str]:
        answer = client.get(reverse("run", args=[run.ref]), {"e": group})
        return [event.line.verb for event in answer.context["events"].events]

    assert verbs("reason") == ["turn.recorded"]
    assert verbs("decision") == ["review.opened"]
    assert verbs("trouble") == ["step.failed"]
    assert len(verbs("nonsense")) == 4


def test_a_changed_event_is_named_and_so_is_the_broken_record(world: World, run: Run) -> None:
    entry = stories.tell(run, "step.finished", result={"refunded": 10})
    assert "2 of 2 events verified" in page(world.otto, run)

    overwrite(entry.pk, payload=b'{"result":{"refunded":99}}')

    html = page(world.otto, run)
    assert "Broken at event 2: its data was changed" in html
    assert "This event is not what was written" in html
    assert "Broken at event 2" in page(world.otto, run, "run-record")


def test_an_event_that_is_no_json_any_more_is_shown_as_it_is(world: World, run: Run) -> None:
    overwrite(stories.tell(run, "step.finished").pk, payload=b"\xff\xfe<script>no json")

    html = page(world.otto, run)

    assert "not what Holdshort writes" in html
    assert not dangers(html)
    assert signed_in(world.otto).get(reverse("run-event", args=[run.ref, 2])).status_code == 200


def test_a_large_event_is_cut_in_the_list_and_whole_on_its_own_page(world: World, run: Run) -> None:
    stories.tell(run, "call.executed", result={"rows": ["x" * 90] * 900, "last": "THE END"})

    listed, alone = page(world.otto, run), signed_in(world.otto).get(reverse("run-event", args=[run.ref, 2]))

    assert len(listed) < 100_000
    assert reverse("run-event", args=[run.ref, 2]) in listed
    assert "THE END" in alone.content.decode()
    assert signed_in(world.tomas).get(reverse("run-event", args=[run.ref, 2])).status_code == 404
    assert signed_in(world.otto).get(reverse("run-event", args=[run.ref, 3])).status_code == 404


def test_hostile_text_is_only_text_wherever_an_agent_or_tool_can_write_it(
    world: World, version: WorkflowVersion
) -> None:
    evil = text.escape(HOSTILE)
    run = stories.a_told_run(
        version, world.otto, title=evil, state=RunState.FAILED, reason=evil, input={evil: evil}, output={evil: [evil]}
    )
    step = stories.a_told_step(run, title=evil[:160], reason=evil)
    stories.a_told_call(step, tool_name=evil)
    assert step.started_at is not None
    step.attempts.create(
        number=1, started_at=step.started_at, ended_at=step.started_at + timedelta(seconds=9), reason=evil
    )
    asked = stories.a_told_step(run, 2, state=StepState.WAITING)
    stories.a_told_review(run, asked, world.refund_desk, short=evil[:300])
    who = Party("agent", "x", evil)
    known = (
        "reasoning",
        "arguments",
        "result",
        "reason",
        "tool",
        "model",
        "cost",
        "review",
        "call",
        "due",
        "changes",
        "error",
    )
    stories.tell(run, "turn.recorded", actor=who, subject=who, **dict.fromkeys(known, evil), **{evil: evil})
    stories.tell(
        run, "call.failed", actor=who, subject=who, result={evil: evil}, step_title=evil, kind=evil, asked_for=[evil]
    )
    stories.tell(
        run, "review.edited", actor=who, subject=who, changes=[{"path": evil, "before": evil, "after": {"a": evil}}]
    )
    stories.tell(run, "call.executed", subject=who, result="A" * 100_000 + evil)

    for address in ("/runs/", reverse("run", args=[run.ref]), reverse("run-event", args=[run.ref, 1])):
        html = signed_in(world.otto).get(address).content.decode()
        assert not dangers(html), (address, dangers(html))
        assert "window.stolen" in html
    assert json.dumps(evil) not in html
