"""Who a program is: the owner of a token in force, and nothing else counts."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

from orchestrator.accounts.actions import create_token, revoke_token
from orchestrator.accounts.models import ApiToken, User
from orchestrator.runs.models import Run
from orchestrator.workflows.models import WorkflowVersion
from tests.gate.conftest import GOOD, NOBODYS, Program, ProgramOf, error_of
from tests.world import World


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
