"""Starting runs in the browser: by a form, once however often it is sent, and from a file that was looked at first."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm

from audit.models import Entry
from orchestrator.accounts.models import User
from orchestrator.runs import actions, exceptions
from orchestrator.runs.cases import read_cases
from orchestrator.runs.models import Batch, Run, StartRequest, Upload
from orchestrator.workflows.models import WorkflowVersion
from tests.scenes import a_workflow
from tests.world import World, a_world

TEXT = """
name: refund
title: Refund
title_template: "Refund order {input.order_id}"
environment: production
input:
  type: object
  additionalProperties: false
  required: [order_id]
  properties:
    order_id: {type: string, minLength: 2, maxLength: 20}
    amount: {type: number, minimum: 0}
    note: {type: string, maxLength: 500}
steps:
  - {id: look, title: Look into it, kind: human, instructions: Look., reviewers: {team: Refund desk},
     form: {type: object, properties: {}, additionalProperties: false}}
"""
START = "/workflows/refund/start/"
FILE = "/workflows/refund/start/csv/"
HOSTILE = "<script>alert(1)</script> \u202egpj.exe a\u200bb"
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
def refund(world: World) -> WorkflowVersion:
    """A workflow that Tomás may start."""
    version = a_workflow(TEXT, owner=world.hana)
    assign_perm("workflows.start_workflow", world.tomas, version.workflow)
    return version


@pytest.fixture
def tomas(as_: As, world: World, refund: WorkflowVersion) -> Client:
    """Tomás, who may start refunds, signed in."""
    return as_(world.tomas)


def form(**values: str) -> dict[str, str]:
    """What the start form sends."""
    return {f"a/{name}": value for name, value in values.items()} | {"request_key": str(uuid4())}


def words(answer: Any) -> str:
    """What a person reads: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def upload(client: Client, raw: bytes | str, name: str = "cases.csv") -> Any:
    """Send a file; the answer is the page it leads to."""
    data = raw.encode() if isinstance(raw, str) else raw
    return client.post(FILE, {"file": SimpleUploadedFile(name, data)}, follow=True)


def page_of(answer: Any) -> str:
    """The address that a form led to."""
    return str(answer.redirect_chain[-1][0])


# --- by the form -----------------------------------------------------------------------------------------------------


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


# --- from a file -----------------------------------------------------------------------------------------------------


def test_a_file_is_looked_at_before_anything_starts(tomas: Client, world: World) -> None:
    answer = upload(tomas, "order_id,amount\nO-1,5\nO-2,\n")
    assert "2 runs of Refund" in words(answer)
    assert not Run.objects.exists()
    assert not Batch.objects.exists()
    answer = tomas.post(page_of(answer), follow=True)
    batch = Batch.objects.get()
    assert page_of(answer) == f"/batches/{batch.ref}/"
    assert (batch.rows, batch.started_by, batch.total) == (
        [{"amount": 5, "order_id": "O-1"}, {"order_id": "O-2"}],
        world.tomas,
        2,
    )
    while actions.start_next_of(batch.ref):
        pass
    runs = Run.objects.order_by("pk")
    assert [(run.title, run.trigger, run.batch) for run in runs] == [
        ("Refund order O-1", "csv", batch),
        ("Refund order O-2", "csv", batch),
    ]


def test_rows_that_do_not_fit_are_named_and_nothing_starts_unless_the_good_ones_are_wanted(tomas: Client) -> None:
    answer = upload(tomas, "order_id;amount\nO-1;5\nx;5,50\nO-3;-1\n")
    told = words(answer)
    assert "2 rows cannot be started" in told
    assert "Row 3 amount: “Amount” is not a number. Write 5.50, with a point before the decimals." in told
    assert "Row 4 “amount” " in told
    refused = tomas.post(page_of(answer))
    assert refused.status_code == 422
    assert "Some rows cannot be started" in words(refused)
    assert not Batch.objects.exists()
    tomas.post(page_of(answer), {"good_rows_only": "1"})
    batch = Batch.objects.get()
    assert batch.rows == [{"amount": 5, "order_id": "O-1"}]
    assert [each["row"] for each in batch.problems] == [3, 4]
    assert "Row 3" in words(tomas.get(f"/batches/{batch.ref}/"))


def test_a_file_without_a_good_row_starts_nothing(tomas: Client) -> None:
    answer = upload(tomas, "order_id\nx\n")
    assert "Start" not in words(answer).partition("First rows")[2].partition("Choose another file")[0]
    refused = tomas.post(page_of(answer), {"good_rows_only": "1"})
    assert (refused.status_code, Batch.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"order\nO-1\n", 'Row 1, column order : There is no input “order”. Did you mean "order_id"?'),
        (b"amount\n5\n", "Row 1, column order_id : This column is missing, and every run needs it. Add it."),
        (b"order_id,order_id\na,b\n", "This column is there twice."),
        (b'order_id\n"O-1\n', "Row 2: A quoted text is not closed"),
        (b"order_id\nO-\xe9\n", "A character on line 2 is not UTF-8."),
        (b"order_id\n", "The file has column names but no rows."),
        (b"", "Choose a file first."),
        (b"\n\n", "The file is empty."),
        (b"order_id\n" + b"O-1\n" * 10_001, "The file has more than 10,000 rows."),
        (b"order_id\n" + b"O-1\n" * 1_300_000, "The file is larger than 5 MB."),
        (b"PK\x03\x04....", "This is a spreadsheet or an archive."),
        ("order_id\nO-1\n".encode("utf-16"), "The file is UTF-16."),
        (b"order_id\nO\x001\n", "Line 2 holds the character U+0000"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(tomas: Client, raw: bytes, sentence: str) -> None:
    answer = upload(tomas, raw) if raw else tomas.post(FILE, {})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not Upload.objects.exists()


def test_starting_a_file_twice_makes_one_batch(tomas: Client) -> None:
    address = page_of(upload(tomas, "order_id\nO-1\n"))
    first, second = tomas.post(address), tomas.post(address)
    assert first["Location"] == second["Location"] == tomas.get(address)["Location"]
    assert Batch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_starts_of_one_file_at_the_same_instant_make_one_batch() -> None:
    world = a_world()
    version = a_workflow(TEXT, owner=world.hana)
    for number in range(1, 21):
        cases = read_cases(b"order_id\nO-1\n", version.definition["input"])
        kept = actions.keep_upload(version=version, by=world.hana, name="cases.csv", cases=cases)
        barrier = Barrier(2)

        def start(kept: Upload = kept, barrier: Barrier = barrier) -> Any:
            barrier.wait()
            try:
                return actions.start_upload(ref=kept.ref, by=world.hana).ref
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            refs = [future.result() for future in [pool.submit(start), pool.submit(start)]]
        assert len(set(refs)) == 1
        assert Batch.objects.count() == number


def test_a_file_of_another_is_not_there(as_: As, world: World, tomas: Client) -> None:
    address = page_of(upload(tomas, "order_id\nO-1\n"))
    for method in ("get", "post"):
        assert getattr(as_(world.hana), method)(address).status_code == 404
    a_workflow(TEXT.replace("name: refund", "name: other"), owner=world.hana)
    assign_perm("workflows.view_workflow", world.tomas)
    assert tomas.get(address.replace("/refund/", "/other/")).status_code in (403, 404)
    assert not Batch.objects.exists()


def test_who_has_lost_the_right_to_start_does_not_start_the_file_either(
    tomas: Client, world: World, refund: WorkflowVersion
) -> None:
    address = page_of(upload(tomas, "order_id\nO-1\n"))
    world.tomas.userobjectpermission_set.all().delete()
    assert tomas.post(address).status_code == 403
    assert not Batch.objects.exists()


def test_a_file_that_was_read_for_an_older_version_is_not_started(tomas: Client, world: World) -> None:
    address = page_of(upload(tomas, "order_id\nO-1\n"))
    a_workflow(TEXT.replace("maxLength: 20", "maxLength: 2"), owner=world.hana)
    answer = tomas.post(address)
    assert answer.status_code == 409
    assert "Choose the file again" in words(answer)
    assert not Batch.objects.exists()


def test_files_that_nobody_started_are_cleared_away_after_a_day(tomas: Client) -> None:
    upload(tomas, "order_id\nO-1\n")
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=25))
    upload(tomas, "order_id\nO-2\n")
    assert [each.rows for each in Upload.objects.all()] == [[{"order_id": "O-2"}]]


def test_text_in_a_file_is_only_text(tomas: Client) -> None:
    answer = upload(tomas, f'order_id,note\nO-1,"{HOSTILE}"\n=1+1,=cmd\n{HOSTILE},\n', name=f"{HOSTILE}.csv")
    html = answer.content.decode()
    tomas.post(page_of(answer), {"good_rows_only": "1"})
    batch = Batch.objects.get()
    html += tomas.get(f"/batches/{batch.ref}/").content.decode()
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert batch.rows[0]["note"] == HOSTILE, "What a customer wrote is kept as it is."
    assert batch.rows[1] == {"order_id": "=1+1", "note": "=cmd"}


def test_the_empty_file_has_the_right_columns_and_is_read_as_such(tomas: Client) -> None:
    answer = tomas.get("/workflows/refund/start/template/")
    assert answer.content == b"\xef\xbb\xbforder_id,amount,note\r\n"
    assert answer["Content-Disposition"] == 'attachment; filename="refund.csv"'
    assert "2 runs of Refund" in words(upload(tomas, answer.content + b"O-1,,\r\nO-2,3,x\r\n"))


def test_a_workflow_without_input_takes_no_file(as_: As, world: World) -> None:
    text = TEXT[: TEXT.index("title_template")] + TEXT[TEXT.index("steps:") :]
    a_workflow(text.replace("name: refund", "name: plain"), owner=world.hana)
    client = as_(world.hana)
    assert "takes no input" in client.get("/workflows/plain/start/csv/").content.decode()
    assert client.post("/workflows/plain/start/", {"request_key": str(uuid4())}).status_code == 302


# --- the batch -------------------------------------------------------------------------------------------------------


def a_batch(version: WorkflowVersion, by: User, rows: int = 3) -> Batch:
    """A batch of which nothing is started yet."""
    return actions.start_batch(
        version=version, by=by, name="cases.csv", rows=[{"order_id": f"O-{number}"} for number in range(rows)]
    )


def test_the_page_of_a_batch_tells_how_far_it_is_until_all_has_ended(
    tomas: Client, world: World, refund: WorkflowVersion
) -> None:
    batch = a_batch(refund, world.tomas)
    actions.start_next_of(batch.ref)
    html = tomas.get(f"/batches/{batch.ref}/").content.decode()
    assert '<progress id="batch-bar" max="3" value="1">33 %</progress>' in html
    assert 'hx-trigger="every 2s"' in html
    assert f'href="/runs/?batch={batch.ref}"' in html
    while actions.start_next_of(batch.ref):
        pass
    html = tomas.get(f"/batches/{batch.ref}/").content.decode()
    assert "All runs are started" in html
    assert 'hx-trigger="every 15s"' in html
    Run.objects.update(state="succeeded", wake_at=None, finished_at=timezone.now())
    assert (
        "hx-trigger"
        not in tomas.get(f"/batches/{batch.ref}/progress/", headers={"HX-Request": "true"}).content.decode()
    )


def test_the_living_part_alone_is_for_htmx(tomas: Client, world: World, refund: WorkflowVersion) -> None:
    address = f"/batches/{a_batch(refund, world.tomas).ref}/progress/"
    assert tomas.get(address)["Location"] == address.removesuffix("progress/")
    assert b"<html" not in tomas.get(address, headers={"HX-Request": "true"}).content


def test_a_batch_is_seen_by_who_started_it_and_who_may_see_all_runs(
    as_: As, world: World, refund: WorkflowVersion
) -> None:
    ref = a_batch(refund, world.tomas).ref
    for user, status in (
        (world.tomas, 200),
        (world.hana, 200),
        (world.lukas, 200),
        (world.ines, 404),
        (world.otto, 404),
    ):
        for address in (f"/batches/{ref}/", f"/batches/{ref}/progress/"):
            assert as_(user).get(address, headers={"HX-Request": "true"}).status_code == status


def test_a_page_of_a_batch_takes_as_many_queries_for_many_rows_as_for_few(
    tomas: Client, world: World, refund: WorkflowVersion
) -> None:
    counts = []
    for rows in (2, 30):
        batch = a_batch(refund, world.tomas, rows)
        while actions.start_next_of(batch.ref):
            pass
        with CaptureQueriesContext(connection) as queries:
            assert tomas.get(f"/batches/{batch.ref}/").status_code == 200
        counts.append(len(queries))
        assert not [query for query in queries if '"runs_batch"."rows"' in query["sql"]], "The file itself is not read."
    assert counts[0] == counts[1]


def test_nothing_more_starts_in_the_name_of_somebody_who_may_no_longer_start_it(
    tomas: Client, world: World, refund: WorkflowVersion
) -> None:
    batch = a_batch(refund, world.tomas)
    assert actions.start_next_of(batch.ref)
    world.tomas.userobjectpermission_set.filter(permission__codename="start_workflow").delete()
    assert not actions.start_next_of(batch.ref)
    assert Run.objects.count() == 1
    told = words(tomas.get(f"/batches/{batch.ref}/"))
    assert "Row 3 This row and those after it were left out: Tomás Abreu may no longer start these runs." in told
    gone = a_batch(refund, world.hana)
    User.objects.filter(pk=world.hana.pk).update(is_active=False)
    assert not actions.start_next_of(gone.ref)
    assert Run.objects.count() == 1


def test_rows_are_started_one_by_one_in_their_order_however_many_workers_there_are(
    world: World, refund: WorkflowVersion
) -> None:
    batch = a_batch(refund, world.tomas, 5)
    started = []
    while actions.start_next_of(batch.ref):
        started.append(Run.objects.latest("pk").input["order_id"])
    assert started == [f"O-{number}" for number in range(5)]


def test_a_row_that_breaks_something_is_told_of_and_the_others_start(
    world: World, refund: WorkflowVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = a_batch(refund, world.tomas, 3)
    real = actions.start_run

    def start_run(**given: Any) -> Run:
        if given["values"]["order_id"] == "O-1":
            raise KeyError
        return real(**given)

    monkeypatch.setattr(actions, "start_run", start_run)
    while actions.start_next_of(batch.ref):
        pass
    batch.refresh_from_db()
    assert (batch.done, Run.objects.count(), [problem["row"] for problem in batch.problems]) == (3, 2, [3])


def test_a_key_tells_which_run_it_has_started(world: World, refund: WorkflowVersion) -> None:
    facts: dict[str, Any] = {"version": refund, "by": world.tomas, "trigger": Run.Trigger.FORM}
    run, is_new = actions.start_once(key="form:1", values={"order_id": "O-1"}, **facts)
    assert is_new
    assert actions.start_once(key="form:1", values={"order_id": "O-1"}, **facts) == (run, False)
    with pytest.raises(exceptions.KeyUsed) as used:
        actions.start_once(key="form:1", values={"order_id": "O-2"}, **facts)
    assert used.value.run == run
