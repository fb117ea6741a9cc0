"""The account page: a person's own time zone and tokens, shown to nobody else and written to the record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Entry
from orchestrator.accounts import actions, exceptions
from orchestrator.accounts.access import access_token
from orchestrator.accounts.models import ApiToken, User
from orchestrator.accounts.zones import zone_choices, zone_names, zone_of
from tests.world import World

HOSTILE = "<script>alert(1)</script>\u202eevil"


@pytest.fixture
def ines(client: Client, world: World) -> Client:
    """Ines, signed in."""
    client.force_login(world.ines, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_says_who_one_is_here(ines: Client) -> None:
    html = ines.get("/account/").content.decode()
    for words in ("Ines Moreau", "ines@example.com", "Refund desk", "Reviewers", "You have no tokens"):
        assert words in html


def test_someone_without_any_group_has_an_account_too(client: Client, world: World) -> None:
    client.force_login(world.otto, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/account/")
    assert answer.status_code == 200
    assert "<dd>None</dd>" in answer.content.decode()


def test_a_time_zone_is_chosen_from_the_list_and_recorded(ines: Client, world: World) -> None:
    answer = ines.post("/account/time-zone/", {"time_zone": "Europe/Stockholm"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    world.ines.refresh_from_db()
    assert world.ines.time_zone == "Europe/Stockholm"
    entry = Entry.objects.get(verb="user.time_zone_set")
    assert entry.stream.key == f"user:{world.ines.ref}"
    assert b"Europe/Stockholm" in entry.payload


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "europe/stockholm", "a\x00b", "x" * 10_000])
def test_anything_else_is_refused_with_a_sentence_and_changes_nothing(ines: Client, world: World, zone: str) -> None:
    answer = ines.post("/account/time-zone/", {"time_zone": zone})
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    world.ines.refresh_from_db()
    assert world.ines.time_zone == "UTC"
    with pytest.raises(exceptions.UnknownTimeZone):
        actions.set_time_zone(user=world.ines, time_zone=zone)


def test_every_zone_of_the_list_can_be_chosen_and_none_is_listed_twice() -> None:
    listed = [name for _, group in zone_choices() for name, _ in group]
    assert sorted(listed) == sorted(zone_names())
    assert all(zone_of(name).key == name for name in listed)
    assert zone_of("Mars/Olympus").key == "UTC"


def test_times_are_shown_in_the_zone_that_was_chosen(ines: Client, world: World) -> None:
    actions.create_token(owner=world.ines, name="Import")
    ApiToken.objects.update(created_at=datetime(2020, 6, 1, 12, 0, tzinfo=UTC))
    assert "1 Jun 2020, 12:00" in ines.get("/account/").content.decode()
    ines.post("/account/time-zone/", {"time_zone": "Asia/Tokyo"})
    assert "1 Jun 2020, 21:00" in ines.get("/account/").content.decode()


def test_a_zone_that_this_machine_does_not_know_breaks_no_page(ines: Client, world: World) -> None:
    User.objects.filter(pk=world.ines.pk).update(time_zone="Mars/Olympus")
    assert ines.get("/account/").status_code == 200


def test_the_secret_of_a_token_is_shown_once_and_only_its_digest_is_kept(ines: Client, world: World) -> None:
    answer = ines.post("/account/tokens/", {"name": "  Order   import "})
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    token = ApiToken.objects.get(owner=world.ines)
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert (token.name, token.digest, token.prefix) == ("Order import", ApiToken.digest_of(secret), secret[:8])
    assert secret not in ines.get("/account/").content.decode()
    entry = Entry.objects.get(verb="token.created")
    assert (entry.stream.key, entry.subject_name) == (f"user:{world.ines.ref}", str(token))
    assert secret.encode() not in entry.payload


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b"])
def test_a_token_needs_a_name(ines: Client, name: str) -> None:
    answer = ines.post("/account/tokens/", {"name": name})
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_sending_the_form_again_makes_no_second_token(ines: Client) -> None:
    ines.post("/account/tokens/", {"name": "Order import"})
    answer = ines.post("/account/tokens/", {"name": "order import"})
    assert answer.status_code == 422
    assert "You already have a token of this name" in answer.content.decode()
    assert ApiToken.objects.count() == 1


def test_a_name_may_be_used_again_once_the_old_token_is_revoked(world: World) -> None:
    token, _ = actions.create_token(owner=world.ines, name="Import")
    actions.revoke_token(owner=world.ines, token=token)
    actions.create_token(owner=world.ines, name="Import")
    assert ApiToken.objects.filter(owner=world.ines, revoked_at=None).count() == 1


def test_one_person_has_a_limited_number_of_tokens(world: World) -> None:
    for number in range(actions.MOST_TOKENS):
        actions.create_token(owner=world.ines, name=f"Program {number}")
    with pytest.raises(exceptions.TooManyTokens):
        actions.create_token(owner=world.ines, name="One more")
    actions.create_token(owner=world.tomas, name="One more")


def test_revoking_is_recorded_once_and_the_row_stays(ines: Client, world: World) -> None:
    token, _ = actions.create_token(owner=world.ines, name="Import")
    for _ in range(2):
        assert ines.post(f"/account/tokens/{token.ref}/revoke/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert Entry.objects.filter(verb="token.revoked").count() == 1
    assert "Revoked" in ines.get("/account/").content.decode()


def test_nobody_sees_or_revokes_the_token_of_another(ines: Client, world: World) -> None:
    token, _ = actions.create_token(owner=world.hana, name="Admins own")
    assert ines.post(f"/account/tokens/{token.ref}/revoke/").status_code == 404
    assert "Admins own" not in ines.get("/account/").content.decode()
    with pytest.raises(Http404):
        access_token(world.ines, token.ref)
    token.refresh_from_db()
    assert token.revoked_at is None
    assert access_token(world.hana, token.ref) == token


def test_a_hostile_name_is_only_text(ines: Client) -> None:
    html = ines.post("/account/tokens/", {"name": HOSTILE}).content.decode()
    html += ines.get("/account/").content.decode()
    assert "<script>alert" not in html
    assert "\u202e" not in html


def test_the_page_takes_as_many_queries_for_many_tokens_as_for_one(ines: Client, world: World) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert ines.get("/account/").status_code == 200
        return len(queries)

    actions.create_token(owner=world.ines, name="First")
    few = count()
    for number in range(15):
        actions.create_token(owner=world.ines, name=f"Program {number}")
    assert count() == few


@pytest.mark.django_db(transaction=True)
def test_two_forms_sent_at_the_same_instant_make_one_token() -> None:
    owner = User.objects.create_user("ines@example.com", name="Ines Moreau")
    for number in range(20):
        results = _at_once(lambda: actions.create_token(owner=owner, name=f"Program {number}"))  # noqa: B023
        assert sorted(results) == ["TokenNameTaken", "tuple"]
        ApiToken.objects.update(revoked_at=timezone.now())


def _at_once(action: Callable[[], Any]) -> list[str]:
    """What two threads that start together get: the name of a type, of the result or of the exception."""
    barrier = Barrier(2)

    def one() -> str:
        barrier.wait()
        try:
            return type(action()).__name__
        except (exceptions.TokenNameTaken, PermissionDenied) as refusal:
            return type(refusal).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in [pool.submit(one), pool.submit(one)]]
