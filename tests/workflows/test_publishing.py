"""Publishing in the browser, every mistake with its line; and who may start runs or see them."""

from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from guardian.shortcuts import assign_perm

from agents.exceptions import NotChanged
from agents.models import Agent
from agents.people import party_value
from audit.models import Entry
from orchestrator.workflows import actions
from orchestrator.workflows.access import may_import, startable
from orchestrator.workflows.models import Workflow, WorkflowVersion
from orchestrator.workflows.rights import Right
from tests.scenes import a_run
from tests.workflows.conftest import TEXT, As
from tests.workflows.showing import ADDRESSES, HOSTILE, page, words
from tests.world import World, a_stop


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
    a_stop(clerk, world.hana)
    assert "is stopped. Runs wait at this step" in words(send(as_(world.hana), "check", TEXT).content.decode())
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
        (b"x" * 1_100_000, "The text is too large. A definition has at most 1024 kB."),
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
