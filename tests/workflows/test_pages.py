"""The pages of workflows: who sees them, and what they say."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm

from agents.models import Agent
from orchestrator.runs.models import Run
from orchestrator.workflows import actions
from orchestrator.workflows.access import access_workflow, startable, workflows_for
from orchestrator.workflows.changes import MOST_LINES, changed_lines
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.pages import excerpt_of
from orchestrator.workflows.queries import definition_of
from orchestrator.workflows.rights import Right
from tests.reading import queries_of
from tests.scenes import MAP, a_run, drive
from tests.workflows.conftest import TEXT, As
from tests.workflows.showing import ADDRESSES, page, words
from tests.world import World, a_person, a_stop


@pytest.mark.parametrize("address", ADDRESSES)
def test_whoever_has_a_role_reads_every_page_and_others_find_nothing(
    as_: As, world: World, refund: WorkflowVersion, address: str
) -> None:
    for user in (world.ines, world.hana, world.lukas):
        page(as_(user), address)
    page(as_(world.otto), address, 404)


@pytest.mark.parametrize("right", list(Right))
def test_a_right_to_one_workflow_makes_that_one_visible_and_no_other(
    as_: As, world: World, refund: WorkflowVersion, right: Right
) -> None:
    actions.import_definition(text=TEXT.replace("name: refund", "name: other"), by=world.hana)
    actions.give_right(workflow=refund.workflow, right=right, who=world.otto, by=world.hana)
    for address in ADDRESSES:
        page(as_(world.otto), address)
    page(as_(world.otto), "/workflows/other/", 404)
    assert list(workflows_for(world.otto)) == [refund.workflow]
    assert list(startable(world.otto)) == ([refund.workflow] if right is Right.START else [])


def test_someone_who_is_no_longer_active_sees_nothing(world: World, refund: WorkflowVersion) -> None:
    assert access_workflow(world.hana, "refund") == refund.workflow
    world.hana.is_active = False
    world.hana.save(update_fields=["is_active"])
    assert not workflows_for(world.hana).exists()


def test_the_list_says_how_busy_each_workflow_is_and_offers_to_start_it_only_to_who_may(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    for _ in range(2):
        a_run(refund, world.hana, order_id="O-1")
    Run.objects.filter(pk=Run.objects.earliest("pk").pk).update(
        state="failed", wake_at=None, finished_at=timezone.now()
    )
    html = page(as_(world.hana), "/workflows/")
    assert "Refund an order" in html
    assert "1 Not started 1 Failed" in words(html)
    assert 'href="/workflows/refund/start/"' in html
    html = page(as_(world.ines), "/workflows/")
    assert 'href="/workflows/refund/start/"' not in html
    assert "Failed" not in html, "She may not see these runs, so she is not told how many there are."
    assign_perm("workflows.start_workflow", world.refund_desk, refund.workflow)
    assert 'href="/workflows/refund/start/"' in page(as_(world.ines), "/workflows/")


def test_runs_older_than_a_week_are_not_counted(as_: As, world: World, refund: WorkflowVersion) -> None:
    run = a_run(refund, world.hana, order_id="O-1")
    assert "1 Not started" in words(page(as_(world.hana), "/workflows/"))
    eight_days = 8 * 24 * 3_600 * 1_000
    old = run.ref.int - (eight_days << 80)
    Run.objects.filter(pk=run.pk).update(ref=type(run.ref)(int=old))
    assert "1 Not started" not in words(page(as_(world.hana), "/workflows/"))


def test_an_empty_list_says_what_to_do(as_: As, world: World) -> None:
    assert "Import a workflow" in page(as_(world.hana), "/workflows/")
    html = page(as_(world.otto), "/workflows/")
    assert "No workflows yet" in html
    assert "Import a workflow" not in html


def test_a_search_finds_names_and_titles_and_says_when_there_is_none(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    for search in ("refund", "ORDER", "%00refund"):
        assert "/workflows/refund/" in page(as_(world.ines), f"/workflows/?q={search}")
    assert "No workflows match" in page(as_(world.ines), "/workflows/?q=zzz")


def test_the_page_tells_who_does_what_and_who_is_asked(as_: As, world: World, refund: WorkflowVersion) -> None:
    told = words(page(as_(world.hana), "/workflows/refund/"))
    assert "Agent The clerk works on it." in told
    assert "What needs a review goes to Refund desk , due in 1 h, too late after 1 d." in told
    assert "Tool company.issue_refund is called on the grants of The clerk ." in told
    assert "A person answers a form. Asked: ines@example.com , due in 30 min, too late after 2 d." in told
    for word in ("Production", "order_id", "The number on the confirmation", "Version 1", "Look into ${input"):
        assert word in told


def test_what_no_longer_fits_the_world_is_said(as_: As, world: World, refund: WorkflowVersion, clerk: Agent) -> None:
    assert "Worth a look" not in page(as_(world.ines), "/workflows/refund/")
    a_stop(clerk, world.hana)
    assert "is stopped. Runs wait at this step" in words(page(as_(world.ines), "/workflows/refund/"))


def long_text(name: str, count: int) -> str:
    """A definition of so many steps, each after the one before it."""
    rows = (
        f"  - {{id: s{n}, kind: tool, title: Step {n}, agent: clerk, tool: company.issue_refund,\n"
        f'     with: {{order_id: "${{input.order_id}}", amount: 5, currency: EUR}}}}\n'
        for n in range(1, count + 1)
    )
    head, _, _ = TEXT.partition("steps:")
    return head.replace("name: refund", f"name: {name}") + "steps:\n" + "".join(rows) + MAP.lstrip()


def test_a_long_workflow_is_shown_some_steps_at_a_time(as_: As, world: World, clerk: Agent) -> None:
    actions.import_definition(text=long_text("long", 130), by=world.hana)
    first, last = (words(page(as_(world.ines), f"/workflows/long/{query}")) for query in ("", "?steps=100"))
    assert "Steps 1 to 60 of 130 Later steps" in first
    assert "Step 60 s60" in first
    assert "Step 61 s61" not in first
    assert "Steps 71 to 130 of 130 Earlier steps" in last
    assert "Later steps" not in last
    for query in ("?steps=x", "?steps=-1", "?steps=" + "9" * 5000):
        page(as_(world.ines), f"/workflows/long/{query}", 404)
    checked = as_(world.hana).post("/workflows/import/", {"text": long_text("other", 130), "check": "1"})
    assert "These are the first 60 of 130 steps." in words(checked.content.decode())


def test_thousands_of_steps_take_as_many_queries_as_twenty(as_: As, world: World, clerk: Agent) -> None:
    for name, count in (("short", 20), ("long", 1_000)):
        actions.import_definition(text=long_text(name, count), by=world.hana)
    few, many = (queries_of(as_(world.hana), f"/workflows/{name}/") for name in ("short", "long"))
    assert many == few
    check = {"text": long_text("long", 1_000).replace("name: long", "name: longer"), "check": "1"}
    began = time.process_time()
    assert as_(world.hana).post("/workflows/import/", check).status_code == 200
    assert time.process_time() - began < 5, "checking must not grow with the square of the steps"


def test_fields_keep_the_order_in_which_they_were_written(world: World, clerk: Agent) -> None:
    text = TEXT.replace("order_id: {type: string, d", "zeta: {type: string}\n    order_id: {type: string, d")
    version = actions.import_definition(text=text, by=world.hana)
    version = WorkflowVersion.objects.get(pk=version.pk)
    assert list(definition_of(version).input["properties"]) == ["zeta", "order_id", "amount"]


def test_a_version_shows_its_text_and_what_it_changed(as_: As, world: World, refund: WorkflowVersion) -> None:
    actions.import_definition(text=TEXT.replace("minimum: 0", "minimum: 1"), by=world.hana)
    html = page(as_(world.ines), "/workflows/refund/versions/2/")
    assert "<del>" in html
    told = words(html)
    assert "Removed: amount: {type: number, minimum: 0}" in told
    assert "Added: amount: {type: number, minimum: 1}" in told
    assert "Changed since" not in page(as_(world.ines), "/workflows/refund/versions/1/")
    for number in ("3", "0", "99999999999999999999"):
        page(as_(world.ines), f"/workflows/refund/versions/{number}/", 404)


def test_the_text_is_handed_out_as_a_file_exactly_as_it_was_written(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    answer = as_(world.ines).get("/workflows/refund/versions/1/source/")
    assert answer.content.decode() == TEXT
    assert answer["Content-Disposition"] == 'attachment; filename="refund-v1.yaml"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_record_leads_to_a_workflow_by_its_reference(as_: As, world: World, refund: WorkflowVersion) -> None:
    address = f"/workflows/{refund.workflow.ref}/"
    assert as_(world.ines).get(address)["Location"] == "/workflows/refund/"
    page(as_(world.otto), address, 404)


def test_lists_and_pages_take_as_many_queries_for_many_rows_as_for_few(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    client = as_(world.ines)
    assign_perm("workflows.start_workflow", world.refund_desk, refund.workflow)

    def counts() -> list[int]:
        found = []
        for address in ("/workflows/", "/workflows/refund/"):
            with CaptureQueriesContext(connection) as queries:
                page(client, address)
            found.append(len(queries))
        return found

    a_run(refund, world.ines, order_id="O-1")
    few = counts()
    for number in range(10):
        other = actions.import_definition(text=TEXT.replace("name: refund", f"name: refund{number}"), by=world.hana)
        a_run(other, world.ines, order_id="O-1")
        actions.import_definition(text=TEXT.replace("minimum: 0", f"minimum: {number + 1}"), by=world.hana)
        actions.give_right(workflow=refund.workflow, right=Right.START, who=a_person(), by=world.hana)
        drive(a_run(refund, world.ines, order_id="O-1"))
    assert counts() == few


def test_an_excerpt_marks_the_line_among_its_neighbours() -> None:
    lines = [f"line {number}" for number in range(1, 12)]
    assert excerpt_of(lines, 10) == "   9  line 9\n> 10  line 10\n  11  line 11"
    assert excerpt_of(lines, 1) == "> 1  line 1\n  2  line 2"
    assert excerpt_of(lines, 12) == excerpt_of([], 1) == ""


def test_changes_are_shown_with_their_surroundings_and_gaps() -> None:
    before = "\n".join(f"line {number}" for number in range(40))
    after = before.replace("line 5\n", "line five\n").replace("line 30\n", "")
    found = changed_lines(before, after) or []
    assert [(line.kind, line.text) for line in found if line.kind != "same"] == [
        ("del", "line 5"),
        ("ins", "line five"),
        ("del", "line 30"),
    ]
    assert [line.text for line in found].count("…") == 2
    assert changed_lines(before, before) == []
    assert changed_lines("x\n" * (MOST_LINES + 1), before) is None
