"""Runs are shown to those who may see them, and the list of runs is quick and complete at any size."""

import pytest
from django.urls import reverse
from guardian.shortcuts import assign_perm

from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from orchestrator.accounts.models import User
from orchestrator.runs.access import may_watch_run
from orchestrator.runs.models import Batch, Run, Step
from orchestrator.runs.pages.queries import PAGE as RUNS
from orchestrator.runs.states import RunState
from orchestrator.workflows.models import WorkflowVersion
from tests.reading import Markup, page, queries_of, signed_in
from tests.runs import stories
from tests.world import World

HTMX = {"HX-Request": "true"}
PARTS = ("run", "run-head", "run-graph", "run-timeline", "run-events", "run-record")


# --- Who may see a run ---


@pytest.mark.parametrize("name", PARTS)
def test_a_stranger_finds_no_part_of_a_run_and_whoever_started_it_finds_all(world: World, run: Run, name: str) -> None:
    address = reverse(name, args=[run.ref])

    assert signed_in(world.tomas).get(address, headers=HTMX).status_code == 404
    assert signed_in(world.otto).get(address, headers=HTMX).status_code == 200


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
