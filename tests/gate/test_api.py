"""The HTTP API: a program may what its owner may, starts nothing twice, and gets every refusal as JSON."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm
from pytest_django import Settings
from redis import Redis

from audit.models import Entry
from orchestrator.accounts.actions import create_token, revoke_token
from orchestrator.accounts.models import ApiToken, User
from orchestrator.gate.limits import MAX_BODY
from orchestrator.runs.models import Run, StartRequest
from orchestrator.workflows.models import WorkflowVersion
from tests.gate.conftest import TEXT, Program
from tests.scenes import a_run, a_workflow, drive, open_reviews
from tests.world import World, a_person, a_world

ProgramOf = Callable[[User], Program]
NOBODYS = "018f3c1e-0000-7000-8000-000000000000"
GOOD = {"workflow": "refund", "input": {"order_id": "O-1"}}


def error_of(answer: Any, status: int) -> dict[str, Any]:
    """The error in an answer, which has exactly the agreed form."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    body = json.loads(answer.content)
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "problems"}
    assert error["message"].endswith(".")
    assert all(set(problem) == {"path", "sentence"} for problem in error["problems"])
    return error


def problem_of(answer: Any, status: int) -> tuple[str, str]:
    """The only problem in an answer."""
    (problem,) = error_of(answer, status)["problems"]
    return problem["path"], problem["sentence"]


# --- starting --------------------------------------------------------------------------------------------------------


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


# --- once ------------------------------------------------------------------------------------------------------------


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


# --- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/runs", "/workflows", "/openapi.json", f"/runs/{NOBODYS}"])
def test_without_a_good_token_nothing_is_answered(world: World, refund: WorkflowVersion, address: str) -> None:
    token, secret = create_token(owner=world.hana, name="Program")
    inactive = create_token(owner=world.ines, name="Program")[1]
    User.objects.filter(pk=world.ines.pk).update(is_active=False)
    revoke_token(owner=world.hana, token=token)
    answers = []
    for said in ("", secret, inactive, "hs_nonsense", "x" * 10_000, "ü", secret[:-1]):
        answer = Program(said).get(address)
        answers.append(error_of(answer, 401))
        assert answer["WWW-Authenticate"] == "Bearer"
    assert all(each == answers[0] for each in answers)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic aGFuYTp4", "Token {}", "{}"])
def test_the_token_comes_as_a_bearer_token(world: World, refund: WorkflowVersion, header: str) -> None:
    secret = create_token(owner=world.hana, name="Program")[1]
    answer = Client().get("/api/v1/runs", headers={"Authorization": header.format(secret)})
    error_of(answer, 401)


def test_a_session_does_not_count_and_no_cookie_is_set(client: Client, world: World, refund: WorkflowVersion) -> None:
    client.force_login(world.hana, backend="django.contrib.auth.backends.ModelBackend")
    error_of(Program(client=client).get("/runs"), 401)
    error_of(Program(client=client).post("/runs", GOOD), 401)
    assert not Run.objects.exists()
    answer = Program(create_token(owner=world.hana, name="Program")[1]).get("/runs")
    assert answer.status_code == 200
    assert not answer.cookies


def test_a_program_needs_no_csrf_token(world: World, refund: WorkflowVersion) -> None:
    secret = create_token(owner=world.hana, name="Program")[1]
    program = Program(secret, Client(enforce_csrf_checks=True))
    assert program.post("/runs", GOOD).status_code == 201
    assert program.post("/runs", GOOD, Origin="https://evil.example").status_code == 201
    error_of(Program(client=Client(enforce_csrf_checks=True)).post("/runs", GOOD), 401)


def test_when_a_token_was_last_used_is_kept_to_the_minute(program: Program) -> None:
    token = ApiToken.objects.get()
    program.get("/workflows")
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    program.get("/workflows")
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    program.get("/workflows")
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at > first


def test_a_token_may_make_so_many_requests_a_minute(
    program: Program, program_of: ProgramOf, world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.gate.rate.time.time", lambda: 1_700_000_000.0)
    settings.HOLDSHORT_API_REQUESTS_PER_MINUTE = 3
    assert [program.get("/workflows").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = program.post("/runs", GOOD)
    assert error_of(answer, 429)["code"] == "too_many_requests"
    assert int(answer["Retry-After"]) <= 60
    assert not Run.objects.exists()
    assert program_of(world.hana).get("/workflows").status_code == 200


def test_while_the_broker_is_down_nobody_is_counted(
    program: Program, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestrator.gate import rate

    monkeypatch.setattr(rate, "_broker", lambda: Redis.from_url("unix:///nowhere/at/all"))
    settings.HOLDSHORT_API_REQUESTS_PER_MINUTE = 0
    assert program.get("/workflows").status_code == 200


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_run_is_told_with_its_steps_and_what_waits_for_people(
    program: Program, refund: WorkflowVersion, world: World
) -> None:
    run = drive(a_run(refund, world.tomas, order_id="O-1"))
    (review,) = open_reviews(run)
    told = program.get(f"/runs/{run.ref}").json()
    assert (told["state"], told["output"], told["reason"], told["input"]) == ("waiting", None, "", {"order_id": "O-1"})
    assert [(step["key"], step["state"]) for step in told["steps"]] == [("look", "waiting")]
    assert [(each["ref"], each["asked"], each["kind"]) for each in told["open_reviews"]] == [
        (str(review.ref), "Refund desk", "form")
    ]


def test_a_run_of_others_does_not_exist(program: Program, refund: WorkflowVersion, world: World) -> None:
    run = a_run(refund, world.hana, order_id="O-1")
    assert error_of(program.get(f"/runs/{run.ref}"), 404) == error_of(program.get(f"/runs/{NOBODYS}"), 404)
    assert program.get("/runs").json() == {"runs": [], "next": None}


def test_runs_are_listed_page_by_page_the_newest_first(program: Program, refund: WorkflowVersion, world: World) -> None:
    made = [str(a_run(refund, world.tomas, order_id=f"O-{number}").ref) for number in range(5)]
    a_run(refund, world.hana, order_id="O-9")
    first = program.get("/runs?limit=3").json()
    assert [run["ref"] for run in first["runs"]] == made[:1:-1]
    second = program.get(f"/runs?limit=3&before={first['next']}").json()
    assert [run["ref"] for run in second["runs"]] == made[1::-1]
    assert second["next"] is None
    assert program.get(f"/runs?limit=2&before={made[2]}").json()["next"] is None


def test_runs_are_found_by_workflow_and_state(program: Program, refund: WorkflowVersion, world: World) -> None:
    waiting = drive(a_run(refund, world.tomas, order_id="O-1"))
    pending = a_run(refund, world.tomas, order_id="O-2")

    def found(query: str) -> list[str]:
        return [run["ref"] for run in program.get(f"/runs?{query}").json()["runs"]]

    assert found("state=waiting") == [str(waiting.ref)]
    assert found("state=pending&workflow=refund") == [str(pending.ref)]
    assert found("workflow=other") == []


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("state=done", "/state"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=many", "/limit"),
        ("before=R-1", "/before"),
        (f"before={NOBODYS}", "/before"),
        ("workflow=%00", "/workflow"),
        ("workflow=%ff%fe", "/workflow"),
        ("colour=red", "/colour"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_refused(program: Program, query: str, path: str) -> None:
    assert problem_of(program.get(f"/runs?{query}"), 422)[0] == path


def test_workflows_are_listed_with_their_input_and_the_right_to_start(
    program: Program, program_of: ProgramOf, world: World, refund: WorkflowVersion
) -> None:
    (told,) = program.get("/workflows").json()["workflows"]
    assert (told["name"], told["version"], told["environment"], told["may_start"]) == ("refund", 1, "production", True)
    assert told["input"]["required"] == ["order_id"]
    assert [each["may_start"] for each in program_of(world.ines).get("/workflows").json()["workflows"]] == [False]
    assert program_of(world.otto).get("/workflows").json() == {"workflows": []}


@pytest.mark.parametrize("address", ["/runs", "/workflows"])
def test_lists_take_as_many_queries_for_many_rows_as_for_few(
    program: Program, refund: WorkflowVersion, world: World, address: str
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert program.get(address).status_code == 200
        return len(queries)

    a_run(refund, world.tomas, order_id="O-0")
    program.get(address)
    few = count()
    for number in range(12):
        a_workflow(TEXT.replace("name: refund", f"name: refund{number}"), owner=world.hana)
        a_run(refund, world.tomas, order_id=f"O-{number}")
    assert count() == few


# --- the rest --------------------------------------------------------------------------------------------------------


def test_the_description_names_every_address_and_asks_for_a_token(program: Program) -> None:
    told = program.get("/openapi.json").json()
    assert set(told["paths"]) == {"/api/v1/runs", "/api/v1/runs/{ref}", "/api/v1/workflows"}
    (header,) = told["paths"]["/api/v1/runs"]["post"]["parameters"]
    assert (header["in"], header["name"], header["required"]) == ("header", "Idempotency-Key", False)
    assert told["components"]["securitySchemes"]["ByToken"] == {"type": "http", "scheme": "bearer"}


@pytest.mark.parametrize(
    "address", ["/", "/nothing", "/runs/", "/runs/R-1", "/runs/x/y", "/docs", "/%00", "/workflows/x"]
)
def test_any_other_address_is_answered_in_json_too(program: Program, address: str) -> None:
    assert error_of(program.get(address), 404)["code"] == "not_found"
    assert error_of(program.post(address, GOOD), 404)["code"] == "not_found"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"])
def test_other_methods_are_refused(program: Program, method: str) -> None:
    answer = program.client.generic(method, "/api/v1/runs", headers=program.headers)
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, POST"
    if method != "HEAD":
        assert error_of(answer, 405)["code"] == "method_not_allowed"


def test_what_nobody_expected_is_logged_and_says_nothing_about_itself(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("secret insides")

    monkeypatch.setattr("orchestrator.gate.api.workflows_for", break_down)
    answer = program.get("/workflows")
    assert error_of(answer, 500)["code"] == "internal"
    assert b"insides" not in answer.content
    assert "secret insides" in caplog.text


def test_the_owner_sees_through_the_api_what_the_pages_show_and_nothing_more(
    program_of: ProgramOf, refund: WorkflowVersion, world: World
) -> None:
    run = a_run(refund, world.tomas, order_id="O-1")
    stranger = a_person("Sten Stranger")
    for user, status in ((world.tomas, 200), (world.hana, 200), (world.lukas, 200), (world.ines, 404), (stranger, 404)):
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(f"/runs/{run.ref}/").status_code == status
        assert program_of(user).get(f"/runs/{run.ref}").status_code == status
