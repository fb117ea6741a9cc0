"""Programs start runs: within the rights of their owner, with sound input, and once."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from guardian.shortcuts import assign_perm

from audit.models import Entry
from orchestrator.accounts.actions import create_token
from orchestrator.gate.limits import MAX_BODY
from orchestrator.runs.models import Run, StartRequest
from orchestrator.workflows.models import WorkflowVersion
from tests.gate.conftest import GOOD, TEXT, Program, ProgramOf, error_of, problem_of
from tests.scenes import a_workflow
from tests.world import World, a_world


def test_a_program_starts_a_run_in_the_name_of_its_owner(program: Program, world: World) -> None:
    answer = program.post("/runs", GOOD)
    assert answer.status_code == 201
    run = Run.objects.get()
    assert answer["Location"] == f"/api/v1/runs/{run.ref}"
    assert answer.json() | {"created_at": 0} == {
        "ref": str(run.ref),
        "code": run.code,
        "title": "Refund order O-1",
        "workflow": "refund",
        "workflow_version": 1,
        "environment": "production",
        "state": "pending",
        "created_at": 0,
        "finished_at": None,
    }
    assert (run.started_by, run.trigger, run.input) == (world.tomas, Run.Trigger.API, {"order_id": "O-1"})
    assert Entry.objects.get(verb="run.started").actor_ref == str(world.tomas.ref)


def test_who_only_sees_a_workflow_may_not_start_it(
    program_of: ProgramOf, refund: WorkflowVersion, world: World
) -> None:
    assert error_of(program_of(world.ines).post("/runs", GOOD), 403)["code"] == "forbidden"
    assert not Run.objects.exists()


def test_to_who_does_not_see_it_a_workflow_does_not_exist(
    program_of: ProgramOf, refund: WorkflowVersion, world: World
) -> None:
    program = program_of(world.otto)
    missing = error_of(program.post("/runs", GOOD | {"workflow": "x"}), 404)
    assert error_of(program.post("/runs", GOOD), 404) == missing
    assert not Run.objects.exists()


def test_input_that_does_not_fit_is_refused_with_a_sentence_per_field(program: Program) -> None:
    answer = program.post("/runs", {"workflow": "refund", "input": {"order_id": "x", "amount": "12"}})
    error = error_of(answer, 422)
    assert error["code"] == "invalid_input"
    assert [problem["path"] for problem in error["problems"]] == ["/input/amount", "/input/order_id"]
    assert problem_of(program.post("/runs", {"workflow": "refund"}), 422)[0] == "/input/order_id"
    assert not Run.objects.exists()


def test_an_environment_other_than_that_of_the_workflow_is_refused(program: Program) -> None:
    path, sentence = problem_of(program.post("/runs", GOOD | {"environment": "sandbox"}), 422)
    assert path == "/environment"
    assert "production" in sentence
    assert program.post("/runs", GOOD | {"environment": "production"}).status_code == 201


@pytest.mark.parametrize(
    ("extra", "path"),
    [
        ({"state": "succeeded"}, "/state"),
        ({"started_by": 1}, "/started_by"),
        ({"trigger": "form"}, "/trigger"),
        ({"environment": "staging"}, "/environment"),
        ({"workflow": 5}, "/workflow"),
        ({"workflow": "Refund\x01"}, "/workflow"),
        ({"workflow": "../../etc"}, "/workflow"),
        ({"input": []}, "/input"),
        ({"input": None}, "/input"),
        ({"input": "{}"}, "/input"),
    ],
)
def test_fields_that_are_not_described_or_of_another_kind_are_refused(
    program: Program, extra: dict[str, Any], path: str
) -> None:
    assert problem_of(program.post("/runs", GOOD | extra), 422)[0] == path
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "line 1, column 2"),
        (b'{"workflow": "refund",\n "input": {,}}', "line 2, column 12"),
        (b'{"workflow": "refund",\n "input": {"order_id": "\xff"}}', "line 2, column 25"),
        (b'{"workflow": "refund", "workflow": "other"}', "twice"),
        (b'{"workflow": "refund", "input": {"amount": NaN}}', "NaN"),
        (b'{"workflow": "refund", "input": {"amount": 99999999999999999999}}', "2^53"),
        (b'{"workflow": "refund", "input": {"amount": 1e999}}', "too large"),
        (b'{"workflow": "refund", "input": {"order_id": "a\\u0000b"}}', "U+0000"),
        (b'{"workflow": "refund", "input": {"order_id": "\\ud800"}}', "U+D800"),
        (b'{"input": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "deep"),
    ],
)
def test_what_is_not_plain_json_is_refused_and_told_where(program: Program, raw: bytes, words: str) -> None:
    error = error_of(program.post("/runs", raw), 400)
    assert error["code"] == "malformed_json"
    assert words in error["message"]


@pytest.mark.parametrize("raw", [b"[]", b'"x"', b"1", b"null", b""])
def test_a_body_that_is_no_object_is_refused(program: Program, raw: bytes) -> None:
    error_of(program.post("/runs", raw), 422)


def test_only_json_is_read(program: Program) -> None:
    assert error_of(program.post("/runs", GOOD, content_type="text/plain"), 415)["code"] == "unsupported_type"
    assert program.post("/runs", GOOD, content_type="application/json; charset=utf-8").status_code == 201


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(program: Program) -> None:
    for size in (MAX_BODY + 1, 3_000_000):
        assert error_of(program.post("/runs", b" " * size), 413)["code"] == "too_large"
    assert program.post("/runs", json.dumps(GOOD).encode() + b" " * (MAX_BODY - 100)).status_code == 201


def test_a_body_of_unknown_length_is_refused(program: Program) -> None:
    answer = program.client.generic(
        "POST", "/api/v1/runs", b"", "application/json", headers=program.headers | {"Transfer-Encoding": "chunked"}
    )
    assert error_of(answer, 411)["code"] == "length_required"


def test_the_same_request_sent_again_gives_the_same_run(program: Program) -> None:
    first = program.post("/runs", GOOD, Idempotency_Key="k1")
    again = program.post("/runs", {"input": {"order_id": "O-1"}, "workflow": "refund"}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["ref"] == again.json()["ref"]
    assert first["Location"] == again["Location"]
    assert Run.objects.count() == 1
    assert program.post("/runs", GOOD, Idempotency_Key="k2").status_code == 201
    assert program.post("/runs", GOOD).status_code == 201
    assert Run.objects.count() == 3


def test_a_key_used_for_something_else_is_a_conflict(program: Program) -> None:
    run = program.post("/runs", GOOD, Idempotency_Key="k1").json()
    error = error_of(program.post("/runs", GOOD | {"input": {"order_id": "O-2"}}, Idempotency_Key="k1"), 409)
    assert error["code"] == "key_used"
    assert run["code"] in error["message"]
    assert Run.objects.count() == 1


def test_the_key_of_one_person_is_nothing_to_another(
    program: Program, program_of: ProgramOf, refund: WorkflowVersion, world: World
) -> None:
    mine = program.post("/runs", GOOD, Idempotency_Key="k1").json()
    theirs = program_of(world.hana).post("/runs", GOOD, Idempotency_Key="k1")
    assert theirs.status_code == 201
    assert theirs.json()["ref"] != mine["ref"]


def test_a_key_is_free_again_when_nothing_was_started(program: Program) -> None:
    bad = {"workflow": "refund", "input": {"order_id": "x"}}
    error_of(program.post("/runs", bad, Idempotency_Key="k1"), 422)
    assert not StartRequest.objects.exists()
    assert program.post("/runs", GOOD, Idempotency_Key="k1").status_code == 201


def test_the_same_run_is_given_after_the_workflow_has_changed(program: Program, world: World) -> None:
    first = program.post("/runs", GOOD, Idempotency_Key="k1").json()
    a_workflow(TEXT.replace("maxLength: 20", "maxLength: 2"), owner=world.hana)
    again = program.post("/runs", GOOD, Idempotency_Key="k1")
    assert (again.status_code, again.json()["ref"]) == (200, first["ref"])


def test_who_has_lost_the_right_to_start_gets_no_answer_from_the_key_either(
    program_of: ProgramOf, refund: WorkflowVersion, world: World
) -> None:
    assign_perm("workflows.start_workflow", world.ines, refund.workflow)
    program = program_of(world.ines)
    assert program.post("/runs", GOOD, Idempotency_Key="k1").status_code == 201
    world.ines.userobjectpermission_set.all().delete()
    error_of(program.post("/runs", GOOD, Idempotency_Key="k1"), 403)


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 121])
def test_a_key_is_short_and_plain(program: Program, key: str) -> None:
    assert problem_of(program.post("/runs", GOOD, Idempotency_Key=key), 422)[0].lower().endswith("key")
    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_at_the_same_instant_one_starts_the_run() -> None:
    world = a_world()
    a_workflow(TEXT, owner=world.hana)
    secret = create_token(owner=world.hana, name="Program")[1]
    for number in range(20):
        barrier = Barrier(2)

        def send(key: str = f"k{number}", barrier: Barrier = barrier) -> tuple[int, str]:
            program = Program(secret)
            barrier.wait()
            try:
                answer = program.post("/runs", GOOD, Idempotency_Key=key)
                return answer.status_code, answer.json()["ref"]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            answers = [future.result() for future in [pool.submit(send), pool.submit(send)]]
        assert sorted(status for status, _ in answers) == [200, 201]
        assert len({ref for _, ref in answers}) == 1
        assert Run.objects.count() == number + 1
