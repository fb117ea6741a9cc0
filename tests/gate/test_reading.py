"""Programs read runs and workflows as their owner sees them; every other address answers in JSON too."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orchestrator.workflows.models import WorkflowVersion
from tests.gate.conftest import GOOD, NOBODYS, TEXT, Program, ProgramOf, error_of, problem_of
from tests.scenes import a_run, a_workflow, drive, open_reviews
from tests.world import World, a_person


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


def test_the_description_names_every_address_and_asks_for_a_token(program: Program) -> None:
    told = program.get("/openapi.json").json()
    assert set(told["paths"]) == {
        "/api/v1/events",
        "/api/v1/runs",
        "/api/v1/runs/{ref}",
        "/api/v1/workflows",
    }
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
