"""The pages of triggers: who may see and change them, and what they tell."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm
from standardwebhooks.webhooks import Webhook

from audit.models import Entry
from orchestrator.accounts.models import User
from orchestrator.workflows.models import Trigger, WorkflowVersion
from orchestrator.workflows.triggers.secrets import secret_of
from tests.triggers.conftest import Sender, a_trigger
from tests.world import World

ADD = "/workflows/refund/triggers/add/"
HOSTILE = "<script>alert(1)</script> \u202egpj"


def signed_in(user: User) -> Client:
    """A client in which somebody is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def words(answer: Any) -> str:
    """What a person reads: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def sent(world: World, **change: str) -> dict[str, str]:
    """What the form sends for a webhook."""
    right = {"name": "Shop", "kind": "webhook", "runs_as": str(world.tomas.ref), "unit": "hours", "zone": "UTC"}
    return right | change


def test_an_admin_adds_a_webhook_and_sees_its_secret_once(world: World, refund: WorkflowVersion) -> None:
    hana = signed_in(world.hana)
    assert hana.get(ADD).status_code == 200
    answer = hana.post(ADD, sent(world))
    trigger = Trigger.objects.get()
    assert answer.status_code == 201
    assert secret_of(trigger) in words(answer)
    assert f"/hooks/{trigger.ref}" in words(answer)
    assert (trigger.name, trigger.runs_as, trigger.created_by) == ("Shop", world.tomas, world.hana)
    page = hana.get(f"/workflows/refund/triggers/{trigger.ref}/")
    assert page.status_code == 200
    assert "whsec_" not in words(page)
    assert Entry.objects.get(verb="workflow.trigger_added").actor_ref == str(world.hana.ref)
    assert "whsec_" not in str(list(Entry.objects.values_list("payload", flat=True)))


def test_a_renewed_secret_is_shown_once_and_recorded(world: World, hook: Trigger) -> None:
    before = secret_of(hook)
    answer = signed_in(world.hana).post(f"/workflows/refund/triggers/{hook.ref}/secret/")
    hook.refresh_from_db()
    assert secret_of(hook) != before
    assert secret_of(hook) in words(answer)
    Webhook(secret_of(hook))
    assert Entry.objects.filter(verb="workflow.trigger_secret_renewed").count() == 1


def test_a_schedule_is_added_in_the_time_zone_of_the_person(world: World, refund: WorkflowVersion) -> None:
    world.hana.time_zone = "Europe/Stockholm"
    world.hana.save()
    hana = signed_in(world.hana)
    assert 'value="Europe/Stockholm" selected' in hana.get(ADD).content.decode()
    change = {"kind": "schedule", "cron": "0 7 * * *", "zone": "Europe/Stockholm", "mapping": '{"order_id": "O-1"}'}
    answer = hana.post(ADD, sent(world, **change), follow=True)
    trigger = Trigger.objects.get()
    assert trigger.schedule == {"cron": "0 7 * * *", "zone": "Europe/Stockholm"}
    assert trigger.due_at is not None
    assert "0 7 * * * (Europe/Stockholm)" in words(answer)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "required"),
        ({"kind": "phone"}, "Select a valid choice"),
        ({"runs_as": str(uuid4())}, "Select a valid choice"),
        ({"mapping": "{"}, "This is not JSON"),
        ({"mapping": "[]"}, "Write a JSON object"),
        ({"mapping": '{"a": ' * 30 + "1" + "}" * 30}, "too large"),
        ({"mapping": '{"ordr": 1, "order_id": "x"}'}, 'Did you mean "order_id"?'),
        ({"mapping": '{"amount": 1}'}, 'The input needs "order_id"'),
        ({"mapping": '{"order_id": "${order.id}"}'}, "is not a reference"),
        ({"kind": "event"}, "Write the name of the event"),
        ({"kind": "event", "event": "Not A Name"}, "Use lower-case letters"),
        ({"kind": "schedule", "mapping": '{"order_id": "O-1"}'}, "Write either a crontab or an interval"),
        ({"kind": "schedule", "cron": "61 * * * *", "mapping": '{"order_id": "O-1"}'}, "This is not a crontab"),
        ({"kind": "schedule", "cron": "0 7 * * *"}, 'The input needs "order_id"'),
        ({"kind": "schedule", "every": "5", "mapping": '{"order_id": 5}'}, "text"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field_and_kept(
    world: World, refund: WorkflowVersion, change: dict[str, str], sentence: str
) -> None:
    answer = signed_in(world.hana).post(ADD, sent(world, **change))
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not Trigger.objects.exists()


def test_runs_are_started_by_somebody_who_may(world: World, refund: WorkflowVersion) -> None:
    answer = signed_in(world.hana).post(ADD, sent(world, runs_as=str(world.ines.ref)))
    assert (answer.status_code, Trigger.objects.exists()) == (422, False)
    assert "who may start runs of this workflow" in words(answer)


def test_two_triggers_of_a_workflow_have_names_of_their_own(world: World, hook: Trigger) -> None:
    answer = signed_in(world.hana).post(ADD, sent(world))
    assert answer.status_code == 422
    assert "has a trigger of this name" in words(answer)


def test_who_may_not_change_the_workflow_sees_its_triggers_but_not_what_came_in(world: World, hook: Trigger) -> None:
    tomas = signed_in(world.tomas)
    page = tomas.get("/workflows/refund/")
    assert "Shop" in words(page)
    assert str(hook.ref) not in page.content.decode()
    for address in (ADD, f"/workflows/refund/triggers/{hook.ref}/"):
        assert tomas.get(address).status_code == 403
    for address in ("switch", "secret"):
        assert tomas.post(f"/workflows/refund/triggers/{hook.ref}/{address}/").status_code == 403
    assert tomas.post(ADD, sent(world)).status_code == 403
    assert signed_in(world.otto).get(ADD).status_code == 404
    assert Client().get(ADD).status_code == 302


def test_a_trigger_is_found_only_below_its_own_workflow(world: World, hook: Trigger) -> None:
    hana = signed_in(world.hana)
    assert hana.get(f"/workflows/other/triggers/{hook.ref}/").status_code == 404
    assert hana.get(f"/workflows/refund/triggers/{uuid4()}/").status_code == 404


def test_a_trigger_is_switched_off_and_on(world: World, hook: Trigger) -> None:
    hana, address = signed_in(world.hana), f"/workflows/refund/triggers/{hook.ref}/switch/"
    assert "is off and starts nothing" in words(hana.post(address, {"on": "0"}, follow=True))
    assert Sender(hook).send({"order_id": "O-1"}).status_code == 404
    assert "is in force" in words(hana.post(address, {"on": "1"}, follow=True))
    verbs = Entry.objects.filter(verb__startswith="workflow.trigger_").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["workflow.trigger_added", "workflow.trigger_disabled", "workflow.trigger_enabled"]


def test_the_page_tells_what_came_in_and_what_became_of_it(world: World, refund: WorkflowVersion) -> None:
    hook = a_trigger(world, name=HOSTILE)
    assign_perm("workflows.view_runs", world.hana, refund.workflow)
    sender = Sender(hook)
    sender.send({"order_id": "O-1"}, message_id="<b>good</b>")
    sender.send({"order_id": "O-1"}, message_id="<b>good</b>")
    sender.send({"order_id": "x"}, message_id="bad")
    answer = signed_in(world.hana).get(f"/workflows/refund/triggers/{hook.ref}/")
    page = answer.content.decode()
    assert "<script>alert" not in page
    assert "<b>good" not in page
    assert "Started R-" in words(answer)
    assert "order_id" in words(answer)


def test_the_workflow_page_asks_as_much_of_the_database_with_one_trigger_as_with_twenty(
    world: World, hook: Trigger
) -> None:
    hana = signed_in(world.hana)
    hana.get("/workflows/refund/")
    with CaptureQueriesContext(connection) as few:
        hana.get("/workflows/refund/")
    for number in range(20):
        a_trigger(world, name=f"Shop {number}")
    with CaptureQueriesContext(connection) as many:
        hana.get("/workflows/refund/")
    assert len(many) == len(few)
