"""Withdrawing a version on its page, and what the pages of workflow, run and review say about it afterwards."""

import pytest
from django.urls import reverse

from approvals.states import ReviewState
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.workflows import actions
from orchestrator.workflows.access import startable
from orchestrator.workflows.exceptions import AlreadyWithdrawn
from orchestrator.workflows.models import Withdrawal, WorkflowVersion
from tests.reading import page as run_page
from tests.reading import signed_in
from tests.runs.starting import form as start_form
from tests.scenes import a_run, open_reviews
from tests.workflows.conftest import TEXT, As
from tests.workflows.showing import HOSTILE, page, words
from tests.workshop import Workshop, pump, step
from tests.world import World

VERSION, WITHDRAW = "/workflows/refund/versions/1/", "/workflows/refund/versions/1/withdraw/"


def test_whoever_may_change_a_workflow_withdraws_a_version_with_a_reason(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    hana = as_(world.hana)
    assert 'id="withdraw"' in page(hana, VERSION)
    answer = hana.post(WITHDRAW, {"reason": "  "})
    assert (answer.status_code, Withdrawal.objects.count()) == (422, 0)
    assert "Say why nobody shall go on by this version." in answer.content.decode()
    assert hana.post(WITHDRAW, {"reason": f"It pays twice. {HOSTILE}"}).status_code == 302
    html = page(hana, VERSION)
    assert "Version 1 was withdrawn It pays twice." in words(html)
    assert "<script>alert" not in html
    assert 'id="withdraw"' not in html
    html = page(hana, "/workflows/refund/")
    assert "Version 1 was withdrawn" in words(html)
    assert 'href="/workflows/refund/start/"' not in html
    html = page(hana, "/workflows/")
    assert "1 Withdrawn" in words(html)
    assert 'href="/workflows/refund/start/"' not in html


def test_who_may_not_change_a_workflow_gets_no_form_and_a_refusal(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    assert 'id="withdraw"' not in page(as_(world.ines), VERSION)
    assert as_(world.ines).post(WITHDRAW, {"reason": "No."}).status_code == 403
    assert as_(world.otto).post(WITHDRAW, {"reason": "No."}).status_code == 404
    assert as_(world.hana).post("/workflows/refund/versions/9/withdraw/", {"reason": "No."}).status_code == 404
    assert not Withdrawal.objects.exists()


def test_a_version_is_withdrawn_once(as_: As, world: World, refund: WorkflowVersion) -> None:
    withdraw(refund, world)
    answer = as_(world.hana).post(WITHDRAW, {"reason": "Again."})
    assert answer.status_code == 422
    assert "This version was withdrawn before." in answer.content.decode()
    with pytest.raises(AlreadyWithdrawn):
        withdraw(refund, world)


def test_no_run_starts_in_any_way_until_the_text_is_published_again(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    withdraw(refund, world)
    start = "/workflows/refund/start/"
    assert "Version 1 was withdrawn" in words(page(as_(world.hana), start))
    answer = as_(world.hana).post(start, start_form(order_id="O-17"))
    assert answer.status_code == 422
    assert "Publish a new version first." in answer.content.decode()
    assert "O-17" in answer.content.decode(), "what was typed is kept"
    assert not startable(world.hana).exists()
    again = actions.import_definition(text=TEXT, by=world.hana)
    assert (again.number, again.digest) == (2, refund.digest)
    assert as_(world.hana).post(start, start_form(order_id="O-17")).status_code == 302
    assert Run.objects.get().workflow_version == again


def test_the_page_of_a_run_says_what_it_waits_for_and_its_review_is_decided_there(workshop: Workshop) -> None:
    hana = workshop.world.hana
    run = a_run(workshop.workflow(step("one", tool="make")), workshop.world.otto)
    withdraw(run.workflow_version, workshop.world)
    (review,) = open_reviews(pump(run))
    said = words(run_page(hana, run))
    assert "Version 1 was withdrawn It pays twice." in said
    assert f"waits for Hana Sato to decide {review.code}" in said
    client = signed_in(hana)
    html = client.get(reverse("review", args=[review.ref])).content.decode()
    assert "Go on all the same" in html
    assert "It pays twice." in html
    known = {"digest": review.digest, "version": str(review.version), "verdict": "go_on"}
    assert client.post(f"/reviews/{review.ref}/decide/", known).status_code == 422, "a reason is needed"
    assert client.post(f"/reviews/{review.ref}/decide/", {**known, "reason": "Not this one."}).status_code == 302
    assert pump(run).state == RunState.SUCCEEDED
    review.refresh_from_db()
    assert review.state == ReviewState.ANSWERED
    assert "This run goes on by it all the same." in words(run_page(hana, run))
    assert "Go on all the same by Hana Sato" in words(client.get(reverse("review", args=[review.ref])).content.decode())


def withdraw(version: WorkflowVersion, world: World) -> None:
    actions.withdraw_version(workflow=version.workflow, number=version.number, by=world.hana, reason="It pays twice.")
