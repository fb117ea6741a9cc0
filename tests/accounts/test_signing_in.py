"""Who signed in and out, and who failed to, stands in the record; what was typed does not."""

import pytest
from django.test import Client

from audit.models import Entry
from tests.world import PASSWORD, World


def signing_in(client: Client, email: str, password: str) -> int:
    """Send the form of the sign-in page; the status of the answer."""
    sent = {"login": email, "password": password}
    return client.post("/sign-in/", sent, headers={"User-Agent": "Tester"}).status_code


def verbs(ref: object) -> list[str]:
    return list(Entry.objects.filter(stream__key=f"user:{ref}").order_by("seq").values_list("verb", flat=True))


def test_signing_in_and_out_is_recorded_with_where_from(client: Client, world: World) -> None:
    assert signing_in(client, "ines@example.com", PASSWORD) == 302
    client.post("/sign-out/")
    assert verbs(world.ines.ref) == ["user.signed_in", "user.signed_out"]
    entry = Entry.objects.get(verb="user.signed_in")
    assert (entry.actor_ref, entry.subject_ref) == (str(world.ines.ref), str(world.ines.ref))
    assert bytes(entry.payload) == b'{"address":"127.0.0.1","program":"Tester"}'


def test_a_failed_sign_in_is_recorded_with_whoever_it_was_tried_for_but_not_what_was_typed(
    client: Client, world: World
) -> None:
    assert signing_in(client, "Ines@Example.com", "not her password") == 200
    assert verbs(world.ines.ref) == ["user.sign_in_failed"]
    entry = Entry.objects.get(verb="user.sign_in_failed")
    assert (entry.actor_kind, entry.subject_name) == ("system", "Ines Moreau")
    assert b"not her" not in bytes(entry.payload)


def test_somebody_who_was_deactivated_fails_and_is_recorded(client: Client, world: World) -> None:
    world.ines.is_active = False
    world.ines.save()
    signing_in(client, "ines@example.com", PASSWORD)
    assert verbs(world.ines.ref) == ["user.sign_in_failed"]


@pytest.mark.parametrize("typed", ["nobody@example.com", PASSWORD, "", "\x00@example.com"])
def test_what_is_nobodys_address_is_not_recorded(client: Client, world: World, typed: str) -> None:
    assert signing_in(client, typed, PASSWORD) == 200
    assert not Entry.objects.exists()
