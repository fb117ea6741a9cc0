"""What a stop needs, and two at the same instant: the stricter one wins, and two people are two people."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from agents import actions
from agents.exceptions import NoReason
from agents.models import Stop
from agents.states import StopScope
from audit.clock import db_now
from orchestrator.accounts.roles import ADMINS
from tests.agents.test_stops import FINISH, NOW, everything, stopped
from tests.approvals.test_deciding import at_once
from tests.world import World, a_person, a_world, an_agent


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_stop_needs_a_reason(reason: str, world: World) -> None:
    with pytest.raises(NoReason):
        actions.stop(by=world.hana, scope=StopScope.EVERYTHING, ref=None, mode=NOW, reason=reason)


def test_the_first_person_needs_a_reason_and_the_right(world: World) -> None:
    stop = everything(world.hana)
    with pytest.raises(NoReason):
        actions.release(by=world.hana, ref=stop.ref)
    with pytest.raises(PermissionDenied):
        actions.release(by=world.ines, ref=stop.ref, reason="Go on.")


def test_the_database_itself_wants_two_people_and_one_open_stop(world: World) -> None:
    stop = everything(world.hana)
    with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
        Stop.objects.filter(pk=stop.pk).update(released_by=world.hana, released_at=db_now())
    with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
        Stop.objects.filter(pk=stop.pk).update(
            released_by=world.hana, released_at=db_now(), release_asked_by=world.hana
        )
    with pytest.raises(IntegrityError, match="stop_open_once"), transaction.atomic():
        Stop.objects.create(scope="everything", name="All", mode=NOW, reason="Why", set_by=world.hana, at=db_now())


def outcomes(*actions_: Callable[[], Any]) -> list[str]:
    return sorted(type(result).__name__ for result in at_once(*actions_))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_stop_at_the_same_instant_one_did_and_the_stricter_wins() -> None:
    world = a_world()
    for number in range(10):
        agent = an_agent(f"clerk-{number}", owner=world.hana)
        stop = partial(stopped, world.hana, StopScope.AGENT, agent)
        assert outcomes(partial(stop, NOW), partial(stop, NOW)) == ["AlreadyStopped", "Stop"]
        other = an_agent(f"other-{number}", owner=world.hana)
        stop = partial(stopped, world.hana, StopScope.AGENT, other)
        at_once(partial(stop, NOW), partial(stop, FINISH))
        assert Stop.objects.get(thing=other.ref).mode == NOW


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_the_release_at_the_same_instant_are_two_people() -> None:
    world = a_world()
    second = a_person("Maja Lind", world.hana.groups.get(name=ADMINS))
    for _ in range(10):
        stop = everything(world.hana)
        release = partial(actions.release, ref=stop.ref, reason="It is repaired.")
        assert outcomes(partial(release, by=world.hana), partial(release, by=second)) == ["Stop", "Stop"]
        stop.refresh_from_db()
        assert {stop.release_asked_by, stop.released_by} == {world.hana, second}
        third = everything(world.hana)
        release = partial(actions.release, ref=third.ref, reason="It is repaired.", by=world.hana)
        assert outcomes(release, release) == ["SecondPersonNeeded", "Stop"]
        actions.release(by=second, ref=third.ref)
