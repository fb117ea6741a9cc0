"""The run pages show what happened to those who may see it, at any size, whatever agents and tools have written."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from guardian.shortcuts import assign_perm

from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from audit import text
from audit.log import Party, party
from orchestrator.accounts.models import User
from orchestrator.runs.access import may_watch_run
from orchestrator.runs.events import PAGE as EVENTS
from orchestrator.runs.models import Batch, Run, Step
from orchestrator.runs.queries import PAGE as RUNS
from orchestrator.runs.states import RunState, StepState
from orchestrator.workflows.models import WorkflowVersion
from tests.audit.tampering import overwrite
from tests.reading import HOSTILE, Markup, dangers, queries_of, signed_in
from tests.runs import stories
from tests.world import World, an_agent

HTMX = {"headers": {"HX-Request": "true"}}
PARTS = ("run", "run-head", "run-graph", "run-timeline", "run-events", "run-record")


@pytest.fixture
def version(world: World) -> WorkflowVersion:
    return stories.a_version(world.hana)


@pytest.fixture
def run(world: World, version: WorkflowVersion) -> Run:
    """A run of Otto's that waits for Ines."""
    run = stories.a_told_run(version, world.otto)
    step = stories.a_told_step(run)
    stories.a_told_turn(step)
    stories.a_told_call(step)
    asked = stories.a_told_step(run, 2, state=StepState.WAITING, kind="human", title="Ask the customer")
    stories.a_told_review(run, asked, world.ines)
    stories.tell(run, "run.started", actor=party(world.otto), input={"order_id": "O-1042"})
    return run


def page(user: User, run: Run, name: str = "run", query: str = "", **extra: Any) -> str:
    answer = signed_in(user).get(reverse(name, args=[run.ref]) + query, **extra)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


# --- Who may see a run ---


@pytest.mark.parametrize("name", PARTS)
def test_a_stranger_finds_no_part_of_a_run_and_whoever_started_it_finds_all(world: World, run: Run, name: str) -> None:
    address = reverse(name, args=[run.ref])

    assert signed_in(world.tomas).get(address, **HTMX).status_code == 404
    assert signed_in(world.otto).get(address, **HTMX).status_code == 200


def test_an_auditor_sees_every_run_and_a_person_with_a_right_to_the_workflow_its_runs(world: World, run: Run) -> None:
    page(world.lukas, run)
    assert not may_watch_run(world.tomas, run.ref)

    assign_perm("workflows.view_runs", world.claims_desk, run.workflow_version.workflow)

    assert may_watch_run(User.objects.get(pk=world.tomas.pk), run.ref)
    page(world.tomas, run)


def test_who_is_asked_about_a_run_sees_it_and_still_does_after_deciding(world: World, run: Run) -> None:
    page(world.ines, run)
    review = Review.objects.get()
    Decision.objects.create(
        review=review, by=world.tomas, verdict=Verdict.ANSWER, seen_digest="", held_until=review.due_at
    )

    page(world.tomas, run)


def test_a_team_that_is_asked_sees_the_run_and_a_person_who_has_left_does_not(world: World, run: Run) -> None:
    stories.a_told_review(run, Step.objects.get(position=2), world.claims_desk, state=ReviewState.WITHDRAWN)

    assert may_watch_run(world.tomas, run.ref)
    world.tomas.groups.remove(world.claims_desk)
    assert not may_watch_run(world.tomas, run.ref)


def test_a_deactivated_person_sees_nothing(world: World, run: Run) -> None:
    world.otto.is_active = False
    world.otto.save()

    assert not may_watch_run(world.otto, run.ref)


def test_the_list_holds_what_a_person_may_see_and_no_more(world: World, run: Run, version: WorkflowVersion) -> None:
    stories.a_told_run(version, world.hana, title="A secret of Hana")

    mine = signed_in(world.otto).get("/runs/").content.decode()

    assert "O-1042" in mine
    assert "A secret of Hana" not in mine
    assert "A secret of Hana" in signed_in(world.lukas).get("/runs/").content.decode()


# --- The list ---


def many_runs(version: WorkflowVersion, by: User, count: int) -> None:
    example = stories.a_told_run(version, by)
    values = {
        field.attname: getattr(example, field.attname) for field in Run._meta.fields if field.name not in ("id", "ref")
    }
    runs = Run.objects.bulk_create([Run(**values | {"title": f"Run {number}"}) for number in range(count)])
    steps = [Step(run=each, key="s", position=1, kind="agent", title="Look", state="running") for each in runs]
    Step.objects.bulk_create(steps)


@pytest.mark.parametrize("who", ["lukas", "otto"])
def test_the_list_takes_as_many_queries_for_a_thousand_runs_as_for_ten(
    world: World, version: WorkflowVersion, who: str
) -> None:
    client = signed_in(getattr(world, who))
    many_runs(version, world.otto, 10)
    few = queries_of(client, "/runs/")
    many_runs(version, world.otto, 1000)

    assert queries_of(client, "/runs/") == few <= 12


def test_older_pages_lead_through_every_run_exactly_once(world: World, version: WorkflowVersion) -> None:
    many_runs(version, world.otto, 2 * RUNS + 7)
    client, address, seen = signed_in(world.lukas), "/runs/?state=waiting", []
    while address:
        answer = client.get(address)
        seen += [row.run.pk for row in answer.context["page"].rows]
        address = answer.context["older"]

    assert seen == list(Run.objects.order_by("-pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=succeeded", {"Done"}),
        ("mine=1", set()),
        ("environment=sandbox", {"Tried"}),
        ("workflow=claim", {"Claim"}),
        ("q=clai", {"Claim"}),
        ("q=no such run", set()),
        ("q=%00", set()),
        ("q=100%25", set()),
        ("batch=018f3c1e-0000-7000-8000-000000000000", set()),
    ],
)
def test_filters_leave_what_was_asked_for(world: World, version: WorkflowVersion, query: str, found: set[str]) -> None:
    stories.a_told_run(version, world.otto, title="Done", state=RunState.SUCCEEDED)
    stories.a_told_run(version, world.otto, title="Tried", environment="sandbox")
    stories.a_told_run(stories.a_version(world.hana, "claim"), world.otto, title="Claim")

    answer = signed_in(world.lukas).get(f"/runs/?{query}")

    assert {row.run.title for row in answer.context["page"].rows} == found
    assert found or "No runs match" in answer.content.decode()


def test_a_run_is_found_by_its_code_and_its_ref(world: World, run: Run, version: WorkflowVersion) -> None:
    stories.a_told_run(version, world.otto, title="Another")
    client = signed_in(world.lukas)

    for word in (run.code, run.code.lower(), str(run.ref)):
        assert [row.run for row in client.get("/runs/", {"q": word}).context["page"].rows] == [run]


def test_the_runs_of_a_batch_can_be_seen_alone(world: World, version: WorkflowVersion) -> None:
    batch = Batch.objects.create(
        workflow_version=version, name="refunds.csv", environment="production", rows=[], total=1, started_by=world.otto
    )
    run = stories.a_told_run(version, world.otto, batch=batch)
    stories.a_told_run(version, world.otto)

    answer = signed_in(world.lukas).get(f"/runs/?batch={batch.ref}")

    assert [row.run for row in answer.context["page"].rows] == [run]
    assert "refunds.csv" in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("state=flying", "is not a choice for state"),
        ("environment=moon", "is not a choice for environment"),
        ("batch=7", "is not the reference of a batch"),
    ],
)
def test_a_filter_nobody_knows_is_named_and_left_out(world: World, run: Run, query: str, sentence: str) -> None:
    html = signed_in(world.lukas).get(f"/runs/?{query}").content.decode()

    assert sentence in html
    assert "O-1042" in html


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=" + "9" * 30, "steps=1;2", "after=%C2%B2"])
def test_a_place_that_is_no_number_is_not_found(world: World, run: Run, query: str) -> None:
    client = signed_in(world.lukas)
    addresses = [reverse("runs"), reverse("run", args=[run.ref])]

    assert 404 in [client.get(f"{address}?{query}").status_code for address in addresses]


def test_the_list_says_whom_a_run_waits_for_and_what_it_does(world: World, run: Run) -> None:
    text = Markup(signed_in(world.lukas).get("/runs/").content.decode()).text

    assert "Ines Moreau" in text
    assert "Ask the customer" in text
    assert "Waiting for a person" in text


def test_an_empty_list_says_what_a_run_is_and_an_empty_search_how_to_go_back(world: World, run: Run) -> None:
    assert "No runs yet" in signed_in(world.tomas).get("/runs/").content.decode()
    assert "Clear filters" in signed_in(world.otto).get("/runs/?q=nothing").content.decode()


def test_an_open_list_is_told_when_it_is_out_of_date_and_only_then(world: World, run: Run) -> None:
    client = signed_in(world.lukas)
    seen = client.get("/runs/").context["page"].seen

    assert "HX-Trigger" not in client.get(f"/runs/changes/?seen={seen}").headers
    Run.objects.filter(pk=run.pk).update(version=run.version + 1)
    assert "runs.changed" in client.get(f"/runs/changes/?seen={seen}").headers["HX-Trigger"]


# --- One run ---


def long_run(run: Run, world: World, count: int) -> None:
    have = run.steps.count()
    for number in range(have + 1, have + count + 1):
        step = stories.a_told_step(run, number)
        stories.a_told_turn(step)
        stories.a_told_call(step)
        stories.tell(run, "step.finished", subject=party(step), step_title=step.title)


@pytest.mark.parametrize("name", ["run", "run-head", "run-graph", "run-timeline"])
def test_a_long_run_takes_as_many_queries_as_a_short_one(world: World, run: Run, name: str) -> None:
    client, address = signed_in(world.lukas), reverse(name, args=[run.ref])
    long_run(run, world, 10)
    few = queries_of(client, address, **HTMX)
    long_run(run, world, 140)

    assert queries_of(client, address, **HTMX) == few <= 20


def test_a_long_run_is_drawn_in_windows_around_where_it_is(world: World, version: WorkflowVersion) -> None:
    run = stories.a_told_run(version, world.otto)
    for number in range(1, 201):
        state = StepState.RUNNING if number == 150 else StepState.SUCCEEDED
        stories.a_told_step(run, number, state=state)

    html = page(world.lukas, run)

    assert "Step number 150" in html
    assert "Step number 2<" not in html
    assert "Steps 140 to 199 of" in html
    assert "Step number 2<" in page(world.lukas, run, query="?steps=1")


def test_events_open_with_the_newest_and_lead_back_to_the_first(world: World, run: Run) -> None:
    for number in range(2 * EVENTS):
        stories.tell(run, "step.finished", number=number)
    client, query, seen = signed_in(world.lukas), "", []
    while True:
        events = client.get(reverse("run", args=[run.ref]) + query).context["events"]
        seen = [event.line.seq for event in events.events] + seen
        if events.earlier is None:
            break
        query = f"?before={events.earlier}"

    assert seen == list(range(1, 2 * EVENTS + 2))


def test_an_open_page_gets_only_what_happened_since(world: World, run: Run) -> None:
    stories.tell(run, "step.finished", note="the new one")

    html = page(world.otto, run, "run-events", "?after=1", **HTMX)

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

    assert "hx-trigger" not in page(world.otto, ended)
    assert "The bank refused." in page(world.otto, ended)
    assert f'data-watch="run:{waiting.ref}"' in page(world.otto, waiting)


def test_the_page_says_what_comes_next(world: World, run: Run) -> None:
    text = " ".join(Markup(page(world.otto, run)).text.split())

    assert "Next: Ines Moreau decides, due" in text
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
    )

    text = " ".join(Markup(page(world.otto, run)).text.split())

    for words in ("Input", '"O-7"', "Output", '"total": 40', "/amount", "Something new", "kept", "Nested", '"deep"'):
        assert words in text
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
