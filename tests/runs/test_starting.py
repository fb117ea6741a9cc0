"""Starting a run by a form: bad input is kept and explained, and however often it is sent, it starts once."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from audit.models import Entry
from orchestrator.runs.models import Run, StartRequest, Upload
from orchestrator.workflows.models import WorkflowVersion
from tests.runs.starting import FILE, HOSTILE, START, TEXT, As, form, words
from tests.scenes import a_workflow
from tests.world import World, a_world


def test_the_form_shows_the_fields_as_written_and_where_the_run_will_act(tomas: Client) -> None:
    html = tomas.get(START).content.decode()
    places = [html.index(f'name="a/{name}"') for name in ("order_id", "amount", "note")]
    assert places == sorted(places)
    assert "Production" in html
    assert "you may not decide on its actions" in html


def test_sending_the_form_starts_a_run_and_leads_to_its_page(tomas: Client, world: World) -> None:
    answer = tomas.post(START, form(order_id="O-1", amount="12.50", note=""))
    run = Run.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/runs/{run.ref}/")
    assert run.input == {"order_id": "O-1", "amount": 12.5}
    assert (run.started_by, run.trigger, run.title) == (world.tomas, Run.Trigger.FORM, "Refund order O-1")
    assert tomas.get(answer["Location"]).status_code == 200


def test_who_only_sees_a_workflow_may_not_start_it_and_to_others_it_does_not_exist(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    addresses = (START, FILE, "/workflows/refund/start/template/")
    for user, status in ((world.ines, 403), (world.lukas, 403), (world.otto, 404)):
        client = as_(user)
        for address in addresses:
            assert client.get(address).status_code == status
        assert client.post(START, form(order_id="O-1")).status_code == status
        assert client.post(FILE, {"file": SimpleUploadedFile("c.csv", b"order_id\nO-1\n")}).status_code == status
    assert not Run.objects.exists()
    assert not Upload.objects.exists()


def test_bad_input_is_refused_field_by_field_and_kept(tomas: Client) -> None:
    answer = tomas.post(START, form(order_id="x", amount="12,50", note=HOSTILE))
    assert answer.status_code == 422
    html = answer.content.decode()
    assert html.count('class="error"') == 2
    assert "Write 12.50, with a point before the decimals." in html
    assert 'value="12,50"' in html
    assert 'value="x"' in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert not Run.objects.exists()


@pytest.mark.parametrize("value", ["a\x00b", "x" * 100_000, ""])
def test_a_value_that_cannot_be_kept_is_refused(tomas: Client, value: str) -> None:
    assert tomas.post(START, form(order_id=value)).status_code == 422
    assert not Run.objects.exists()


def test_fields_that_the_form_does_not_have_change_nothing(tomas: Client, world: World) -> None:
    more = {"a/state": "succeeded", "environment": "sandbox", "started_by": str(world.hana.pk), "trigger": "api"}
    tomas.post(START, form(order_id="O-1") | more)
    run = Run.objects.get()
    assert (run.environment, run.state, run.started_by, run.trigger) == ("production", "pending", world.tomas, "form")


def test_sending_the_form_twice_starts_one_run(tomas: Client) -> None:
    sent = form(order_id="O-1")
    first, second = tomas.post(START, sent), tomas.post(START, sent)
    assert first["Location"] == second["Location"]
    assert Run.objects.count() == 1
    tomas.post(START, form(order_id="O-1"))
    assert Run.objects.count() == 2, "A fresh form is another wish, even with the same content."


def test_a_form_that_is_changed_after_it_has_started_a_run_asks_before_it_starts_another(tomas: Client) -> None:
    sent = form(order_id="O-1")
    tomas.post(START, sent)
    answer = tomas.post(START, sent | {"a/order_id": "O-2"})
    assert answer.status_code == 409
    assert f"This form has already started a run {Run.objects.get().code}" in words(answer)
    html = answer.content.decode()
    assert 'value="O-2"' in html
    key = re.search(r'name="request_key" value="([^"]+)"', html)
    assert key is not None
    assert key[1] != sent["request_key"]
    assert tomas.post(START, sent | {"a/order_id": "O-2", "request_key": key[1]}).status_code == 302
    assert Run.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x", "\x00", "../", "x" * 5_000])
def test_a_form_with_a_broken_key_starts_a_run_each_time(tomas: Client, key: str) -> None:
    for _ in range(2):
        assert tomas.post(START, form(order_id="O-1") | {"request_key": key}).status_code == 302
    assert Run.objects.count() == 2


def test_a_key_is_free_again_when_nothing_was_started(tomas: Client) -> None:
    sent = form(order_id="x")
    assert tomas.post(START, sent).status_code == 422
    assert not StartRequest.objects.exists()
    assert tomas.post(START, sent | {"a/order_id": "O-1"}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_forms_sent_at_the_same_instant_one_starts_the_run(as_: As) -> None:
    world = a_world()
    a_workflow(TEXT, owner=world.hana)
    clients = [as_(world.hana), as_(world.hana)]
    for number in range(20):
        sent, barrier = form(order_id=f"O-{number}"), Barrier(2)

        def send(client: Client, sent: dict[str, str] = sent, barrier: Barrier = barrier) -> str:
            barrier.wait()
            try:
                return client.post(START, sent)["Location"]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            places = [future.result() for future in [pool.submit(send, client) for client in clients]]
        assert len(set(places)) == 1
        assert Run.objects.count() == number + 1
        assert Entry.objects.filter(verb="run.started").count() == number + 1


def test_what_keeps_runs_from_going_through_today_is_said_before_one_is_started(
    as_: As, world: World, tomas: Client
) -> None:
    assert "cannot go through today" not in tomas.get(START).content.decode()
    world.refund_desk.user_set.clear()
    assert 'The team "Refund desk" has no members' in words(tomas.get(START))
