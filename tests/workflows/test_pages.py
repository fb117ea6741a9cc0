"""The pages of workflows: who sees them, what they say, publishing in the browser, and who may start runs."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm

from agents.exceptions import NotChanged
from agents.models import Agent
from agents.people import party_value
from agents.states import GrantEffect
from audit.models import Entry
from orchestrator.accounts.models import User
from orchestrator.runs.models import Run
from orchestrator.workflows import actions
from orchestrator.workflows.access import access_workflow, may_import, startable, workflows_for
from orchestrator.workflows.changes import MOST_LINES, changed_lines
from orchestrator.workflows.models import Workflow, WorkflowVersion
from orchestrator.workflows.pages import excerpt_of
from orchestrator.workflows.queries import definition_of
from orchestrator.workflows.rights import Right
from tests.scenes import a_run, drive
from tests.world import World, a_connection, a_grant, a_person, a_tool, an_agent

TEXT = """
name: refund
title: Refund an order
description: A customer wants money back.
input:
  type: object
  additionalProperties: false
  required: [order_id]
  properties:
    order_id: {type: string, description: The number on the confirmation}
    amount: {type: number, minimum: 0}
risk:
  reviewers: {team: Refund desk}
steps:
  - {id: look, kind: agent, title: Look into it, agent: clerk, task: "Look into ${input.order_id}"}
  - {id: pay, kind: tool, title: Pay it back, agent: clerk, tool: company.issue_refund,
     with: {order_id: "${input.order_id}", amount: 5, currency: EUR}}
  - {id: call, kind: human, title: Call the customer, instructions: Say sorry., due: 30m, expires: 2d,
     reviewers: {person: ines@example.com}, form: {type: object, properties: {}, additionalProperties: false}}
"""
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> \u202egpj.exe a\u200bb"
As = Callable[[User], Client]


@pytest.fixture
def as_() -> As:
    """A client in which somebody is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def clerk(world: World) -> Agent:
    """An agent that refunds after a review by the Refund desk."""
    agent = an_agent("clerk", title="The clerk")
    a_grant(agent, a_tool(connection=a_connection("company")), GrantEffect.REVIEW, reviewer=world.refund_desk)
    return agent


@pytest.fixture
def refund(world: World, clerk: Agent) -> WorkflowVersion:
    """A published workflow of Hana's."""
    return actions.import_definition(text=TEXT, by=world.hana)


def page(client: Client, address: str, status: int = 200) -> str:
    """The HTML at an address."""
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def words(html: str) -> str:
    """What a person reads: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


# --- seeing ----------------------------------------------------------------------------------------------------------

ADDRESSES = ("/workflows/refund/", "/workflows/refund/versions/1/", "/workflows/refund/versions/1/source/")


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
    clerk.state = Agent.State.PAUSED
    clerk.save(update_fields=["state"])
    assert "is paused. Runs stop at this step" in words(page(as_(world.ines), "/workflows/refund/"))


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


# --- publishing ------------------------------------------------------------------------------------------------------


def send(client: Client, button: str = "publish", text: str = "", raw: bytes | None = None) -> Any:
    """Send the form of the import page."""
    data: dict[str, Any] = {"text": text, button: "1"}
    if raw is not None:
        data["file"] = SimpleUploadedFile("refund.yaml", raw)
    return client.post("/workflows/import/", data)


def test_only_who_may_publish_finds_the_page(as_: As, world: World, clerk: Agent) -> None:
    page(as_(world.hana), "/workflows/import/")
    for user in (world.ines, world.lukas, world.otto):
        page(as_(user), "/workflows/import/", 403)
        assert send(as_(user), text=TEXT).status_code == 403
    assert not Workflow.objects.exists()


def test_a_text_is_published_and_leads_to_its_workflow(as_: As, world: World, clerk: Agent) -> None:
    answer = send(as_(world.hana), text=TEXT.replace("\n", "\r\n"))
    assert (answer.status_code, answer["Location"]) == (302, "/workflows/refund/")
    assert WorkflowVersion.objects.get().source == TEXT, "A browser's line ends are not the author's."


def test_a_file_wins_over_the_text(as_: As, world: World, clerk: Agent) -> None:
    send(as_(world.hana), text="nothing", raw=TEXT.encode())
    assert WorkflowVersion.objects.get().source == TEXT


def test_checking_changes_nothing_and_shows_what_would_change(as_: As, world: World, refund: WorkflowVersion) -> None:
    clerk_paused = TEXT.replace("minimum: 0", "minimum: 1")
    answer = send(as_(world.hana), "check", clerk_paused)
    assert answer.status_code == 200
    told = words(answer.content.decode())
    assert "This can be published It would follow version 1 of refund" in told
    assert "Added: amount: {type: number, minimum: 1}" in told
    assert "minimum: 1" in answer.content.decode().partition("<textarea")[2]
    assert WorkflowVersion.objects.count() == 1


def test_warnings_are_shown_and_do_not_keep_a_text_from_being_published(as_: As, world: World, clerk: Agent) -> None:
    clerk.state = Agent.State.PAUSED
    clerk.save(update_fields=["state"])
    assert "is paused. Runs stop at this step" in words(send(as_(world.hana), "check", TEXT).content.decode())
    assert send(as_(world.hana), text=TEXT).status_code == 302


@pytest.mark.parametrize("button", ["check", "publish"])
def test_every_mistake_is_listed_with_its_line_and_the_text_is_kept(
    as_: As, world: World, clerk: Agent, button: str
) -> None:
    text = TEXT.replace("agent: clerk, task", "agent: clrk, task").replace("issue_refund", "isue_refund")
    answer = send(as_(world.hana), button, text)
    assert answer.status_code == 422
    html = answer.content.decode()
    told = words(html)
    assert "2 things to put right. Nothing was published." in told
    assert 'Line 15 , column 50 steps[0].agent There is no agent "clrk". Did you mean "clerk"?' in told
    assert "> 15 - {id: look, kind: agent" in told
    assert "agent: clrk, task" in unescape(html.partition("<textarea")[2])
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "The text is empty. Begin with name: and title:."),
        (b"name: \xff", "A character is not UTF-8. Save the file with the encoding UTF-8."),
        (b"x" * 300_000, "The text is too large. A definition has at most 256 kB."),
        (b"name: [", "is missing here"),
        (b"name: \x00", "The character U+0000 is not allowed. Remove it."),
        (TEXT.replace("name: refund", "name: import").encode(), 'The name "import" is taken by a page of Holdshort.'),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_with_a_sentence(
    as_: As, world: World, clerk: Agent, raw: bytes, sentence: str
) -> None:
    answer = send(as_(world.hana), raw=raw)
    assert answer.status_code == 422
    assert sentence in words(answer.content.decode())


def test_text_that_is_meant_to_harm_is_shown_as_text(as_: As, world: World, clerk: Agent) -> None:
    bad = TEXT.replace("title: Look into it", f"title: '{HOSTILE}'").replace("agent: clerk", "agent: nobody", 1)
    good = TEXT.replace("title: Look into it", f"title: '{HOSTILE}'").replace("Say sorry.", f"'{HOSTILE}'")
    html = send(as_(world.hana), text=bad).content.decode().partition("<textarea")[0]
    send(as_(world.hana), text=good)
    for address in ("/workflows/", *ADDRESSES[:2]):
        html += page(as_(world.hana), address)
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert "\u200b" not in html


def test_the_page_begins_with_the_text_of_the_workflow_that_is_to_be_changed(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    assert "A customer wants money back." in page(as_(world.hana), "/workflows/import/?from=refund")
    for name in ("missing", "%00", "../x"):
        page(as_(world.hana), f"/workflows/import/?from={name}", 404)


def test_who_may_change_one_workflow_publishes_that_and_no_other(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    assign_perm("workflows.change_workflow", world.ines, refund.workflow)
    assert may_import(world.ines)
    client = as_(world.ines)
    assert send(client, text=TEXT.replace("minimum: 0", "minimum: 1")).status_code == 302
    answer = send(client, text=TEXT.replace("name: refund", "name: other"))
    assert answer.status_code == 403
    assert "You may not publish a workflow of this name" in answer.content.decode()
    assert "name: other" in answer.content.decode(), "What was typed is kept."
    assert not Workflow.objects.filter(name="other").exists()


# --- rights ----------------------------------------------------------------------------------------------------------


def test_an_admin_gives_and_withdraws_rights_and_both_are_recorded(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    client = as_(world.hana)
    form = {"who": party_value(world.refund_desk), "right": "start_workflow"}
    for _ in range(2):
        assert client.post("/workflows/refund/access/set/", form).status_code == 302
    assert list(startable(world.ines)) == [refund.workflow]
    assert "Refund desk" in page(client, "/workflows/refund/access/")
    entry = Entry.objects.get(verb="workflow.right_given")
    assert entry.stream.key == f"workflow:{refund.workflow.ref}"
    assert b"Refund desk" in entry.payload
    assert b"Start runs" in entry.payload
    for _ in range(2):
        assert client.post("/workflows/refund/access/set/", form | {"withdraw": "1"}).status_code == 302
    assert not startable(world.ines).exists()
    assert Entry.objects.filter(verb="workflow.right_withdrawn").count() == 1


def test_the_right_to_see_runs_shows_the_runs_of_that_workflow(as_: As, world: World, refund: WorkflowVersion) -> None:
    run = a_run(refund, world.hana, order_id="O-1")
    page(as_(world.ines), f"/runs/{run.ref}/", 404)
    form = {"who": party_value(world.ines), "right": "view_runs"}
    as_(world.hana).post("/workflows/refund/access/set/", form)
    page(as_(world.ines), f"/runs/{run.ref}/")


def test_nobody_but_an_admin_gives_rights(as_: As, world: World, refund: WorkflowVersion) -> None:
    form = {"who": party_value(world.ines), "right": "start_workflow"}
    for user, status in ((world.ines, 403), (world.lukas, 403), (world.otto, 404)):
        page(as_(user), "/workflows/refund/access/", status)
        assert as_(user).post("/workflows/refund/access/set/", form).status_code == status
    assert not startable(world.ines).exists()
    assert not Entry.objects.filter(verb="workflow.right_given").exists()


@pytest.mark.parametrize(
    "form",
    [
        {"who": "", "right": "start_workflow"},
        {"who": "person:nobody", "right": "start_workflow"},
        {"who": "team:999999", "right": "start_workflow"},
        {"who": "team:\x00", "right": "view_runs"},
        {"right": "change_workflow"},
        {},
    ],
)
def test_anything_but_a_known_party_and_right_is_refused(
    as_: As, world: World, refund: WorkflowVersion, form: dict[str, str]
) -> None:
    answer = as_(world.hana).post("/workflows/refund/access/set/", form)
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()


def test_someone_who_is_no_longer_active_is_given_nothing(world: World, refund: WorkflowVersion) -> None:
    world.ines.is_active = False
    world.ines.save(update_fields=["is_active"])
    with pytest.raises(NotChanged):
        actions.give_right(workflow=refund.workflow, right=Right.START, who=world.ines, by=world.hana)


# --- parts -----------------------------------------------------------------------------------------------------------


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
