"""Production refuses to start with values that are only safe on a developer's machine, and says what to set."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from redis import Redis

from orchestrator.accounts.models import User
from orchestrator.celery import WORKER_SEEN
from orchestrator.supervisor.places import POSTGRES_SOCKET, SOCKET_PATH_BYTES, Places
from orchestrator.supervisor.secret import read_or_make_secret

PRODUCTION = {
    "HOLDSHORT_ENV": "production",
    "HOLDSHORT_SECRET_KEY": "kD3v9mQe7rT1yWz5xC8bN2hJ6gF4sA0pLuOiZaXsDcVfBgNhMj",
    "HOLDSHORT_ALLOWED_HOSTS": "desk.example.com",
    "DATABASE_URL": "postgres://desk@db.example.com/desk",
    "REDIS_URL": "redis://broker.example.com/0",
}


def started_with(environment: dict[str, str], home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`manage.py` in a fresh process with exactly this environment."""
    return subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
        env={"PATH": os.environ["PATH"], "HOLDSHORT_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"HOLDSHORT_SECRET_KEY": ""}, "Set HOLDSHORT_SECRET_KEY"),
        ({"HOLDSHORT_SECRET_KEY": "short"}, "Set HOLDSHORT_SECRET_KEY"),
        ({"HOLDSHORT_SECRET_KEY": "x" * 60}, "Set HOLDSHORT_SECRET_KEY"),
        ({"HOLDSHORT_SECRET_KEY": "django-insecure-" + PRODUCTION["HOLDSHORT_SECRET_KEY"]}, "Set HOLDSHORT_SECRET_KEY"),
        ({"HOLDSHORT_DEBUG": "1"}, "HOLDSHORT_DEBUG is on; unset it"),
        ({"HOLDSHORT_ALLOWED_HOSTS": ""}, "Set HOLDSHORT_ALLOWED_HOSTS"),
        ({"HOLDSHORT_ALLOWED_HOSTS": "*"}, "Set HOLDSHORT_ALLOWED_HOSTS"),
    ],
)
def test_production_refuses_what_is_only_safe_in_development(
    change: dict[str, str], advice: str, tmp_path: Path
) -> None:
    done = started_with({**PRODUCTION, **change}, tmp_path, "check")
    assert done.returncode != 0
    assert advice in done.stderr
    assert not (tmp_path / "secret-key").exists()


def test_an_unknown_environment_is_refused(tmp_path: Path) -> None:
    done = started_with({"HOLDSHORT_ENV": "prod"}, tmp_path, "check")
    assert done.returncode != 0
    assert "HOLDSHORT_ENV is 'prod'" in done.stderr


def test_production_is_clean_for_djangos_deployment_checks(tmp_path: Path) -> None:
    done = started_with(PRODUCTION, tmp_path, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_production_on_the_embedded_servers_is_warned_about(tmp_path: Path) -> None:
    done = started_with({**PRODUCTION, "DATABASE_URL": "", "REDIS_URL": ""}, tmp_path, "check", "--deploy")
    assert "Set DATABASE_URL" in done.stderr
    assert "Set REDIS_URL" in done.stderr


def test_development_makes_its_own_secret_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret-key"
    first = read_or_make_secret(path)
    assert len(first) > 80
    assert read_or_make_secret(path) == first
    assert path.stat().st_mode & 0o077 == 0
    assert [path] == list(path.parent.iterdir())


def test_no_program_for_stdio_is_offered_in_production_unless_it_is_named(tmp_path: Path) -> None:
    command = [
        "shell",
        "--verbosity",
        "0",
        "-c",
        "from django.conf import settings as s; print(s.HOLDSHORT_STDIO_SERVERS)",
    ]
    assert started_with(PRODUCTION, tmp_path, *command).stdout.strip() == "{}"
    named = {**PRODUCTION, "HOLDSHORT_STDIO_SERVERS": '{"books": ["/usr/bin/books", "--stdio"]}'}
    assert "'/usr/bin/books', '--stdio'" in started_with(named, tmp_path, *command).stdout
    assert "orchestrator.samples.company" in started_with({}, tmp_path, *command).stdout


def test_sockets_of_a_deep_state_folder_stay_within_the_limit_and_at_one_place(tmp_path: Path) -> None:
    deep = tmp_path / ("a-long-name-" * 6) / ("and-another-" * 6)
    places = Places.for_home(deep)
    assert len(os.fsencode(places.database_socket_folder / POSTGRES_SOCKET)) <= SOCKET_PATH_BYTES
    assert places == Places.for_home(deep)
    assert places.run != Places.for_home(deep.parent / "other").run
    assert places.database_files.is_relative_to(deep)


def test_every_answer_carries_the_strict_policy(client: Client, db: None) -> None:
    answer = client.get("/sign-in/")
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "same-origin"


def test_static_files_come_in_one_piece_with_their_type(client: Client) -> None:
    answer = client.get("/static/css/app.css")
    assert (answer.status_code, answer.streaming) == (200, False)
    assert answer["Content-Type"].startswith("text/css")
    assert int(answer["Content-Length"]) == len(answer.content) > 1000
    again = client.get("/static/css/app.css", headers={"If-Modified-Since": answer["Last-Modified"]})
    assert again.status_code == 304


@pytest.mark.django_db
def test_the_health_page_says_which_part_is_down(client: Client, settings: Any) -> None:
    with Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete(WORKER_SEEN)
        assert client.get("/healthz").json() == {
            "status": "unavailable",
            "database": "ok",
            "broker": "ok",
            "worker": "down",
        }
        broker.set(WORKER_SEEN, 1, ex=5)
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        broker.delete(WORKER_SEEN)
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["broker"] == "down"


@pytest.mark.django_db
def test_signing_in_by_guessing_is_slowed_down(client: Client) -> None:
    User.objects.create_user("ada@example.com", "correct horse battery staple", name="Ada")
    for _guess in range(12):
        client.post("/sign-in/", {"login": "ada@example.com", "password": "a guess"})
    answer = client.post("/sign-in/", {"login": "ada@example.com", "password": "correct horse battery staple"})
    assert answer.status_code != 302
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_people_sign_in_with_their_address_in_any_case_and_out_again(client: Client) -> None:
    User.objects.create_user("ada@example.com", "correct horse battery staple", name="Ada")
    answer = client.post("/sign-in/", {"login": "Ada@Example.com", "password": "correct horse battery staple"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "_auth_user_id" in client.session
    client.post("/sign-out/")
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_someone_switched_off_cannot_sign_in(client: Client) -> None:
    User.objects.create_user("ada@example.com", "correct horse battery staple", name="Ada", is_active=False)
    answer = client.post("/sign-in/", {"login": "ada@example.com", "password": "correct horse battery staple"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session
