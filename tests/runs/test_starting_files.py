"""Starting runs from a file: it is looked at first, bad rows are named, and a batch tells how far it is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm

from orchestrator.accounts.models import User
from orchestrator.runs import exceptions
from orchestrator.runs.models import Batch, Run, Upload
from orchestrator.runs.starting import actions
from orchestrator.runs.starting.cases import read_cases
from orchestrator.workflows.models import WorkflowVersion
from tests.runs.starting import FILE, HOSTILE, TEXT, As, page_of, upload, words
from tests.scenes import a_workflow
from tests.world import World, a_world


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
