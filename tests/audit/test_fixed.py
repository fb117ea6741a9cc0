"""Queries whose SQL is made once give what the queries themselves give."""

from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError
from django.db.models import QuerySet

from audit.fixed import A_TEXT, AN_ID, Fixed, FixedUpdate
from audit.log import SYSTEM, record
from audit.models import Entry
from orchestrator.accounts.models import User
from tests.world import World

pytestmark = pytest.mark.django_db


def entries_of(stream: str) -> QuerySet[Entry]:
    return Entry.objects.select_related("stream").defer("payload").filter(stream__key=stream).order_by("-seq")


def test_rows_relations_and_deferred_columns_are_those_of_the_query() -> None:
    for number in range(3):
        record("run.started", actor=SYSTEM, subject=SYSTEM, stream="run:1", data={"n": number})
    record("run.started", actor=SYSTEM, subject=SYSTEM, stream="run:2", data={})
    fixed = Fixed(entries_of, A_TEXT)
    for stream in ("run:1", "run:2", "run:3"):
        found, wanted = fixed(stream), list(entries_of(stream))
        assert found == wanted
        assert [each.__dict__.keys() for each in found] == [each.__dict__.keys() for each in wanted]
        assert [each.stream for each in found] == [each.stream for each in wanted]
        assert [bytes(each.payload) for each in found] == [bytes(each.payload) for each in wanted]


def test_nothing_is_remembered_but_the_sql(world: World) -> None:
    fixed = Fixed(lambda pk: User.objects.filter(pk=pk), AN_ID)
    assert fixed.first(world.ines.pk) == world.ines
    User.objects.filter(pk=world.ines.pk).update(name="Somebody else")
    changed = fixed.first(world.ines.pk)
    assert changed is not None and changed.name == "Somebody else"


def test_many_to_many_and_no_rows(world: World) -> None:
    fixed = Fixed(lambda team: User.objects.filter(groups=team).order_by("pk"), AN_ID)
    for team in Group.objects.all():
        assert fixed(team.pk) == list(User.objects.filter(groups=team).order_by("pk"))
    assert fixed(2**31 - 20) == [] and fixed.first(2**31 - 20) is None


def test_values_must_fit_the_query() -> None:
    lost = Fixed(lambda pk: User.objects.filter(name="somebody"), AN_ID)
    with pytest.raises(ValueError, match="does not stand in its SQL"):
        lost(1)
    one = Fixed(lambda ref: User.objects.filter(ref=ref), UUID(int=9))
    with pytest.raises(TypeError, match="takes 1 values"):
        one(UUID(int=3), UUID(int=4))


def test_columns_are_written_as_save_would(world: World) -> None:
    rename = FixedUpdate(User, ["name"])
    world.ines.name, world.ines.email = "Ines M.", "not-this@example.com"
    rename(world.ines)
    world.ines.refresh_from_db()
    assert (world.ines.name, world.ines.email != "not-this@example.com") == ("Ines M.", True)
    with pytest.raises(DatabaseError):
        rename(User(pk=2**31 - 20, name="Nobody"))
