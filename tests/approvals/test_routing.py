"""Every question has somebody who may answer it, or says that nobody can (T16)."""

import pytest

from agents.verdicts import Route
from approvals.routing import settle_route
from approvals.states import ReviewKind
from tests.world import World


def test_the_named_team_is_asked_when_one_of_them_may_decide(world: World) -> None:
    route = Route(team_id=world.refund_desk.pk)
    assert settle_route(route, kind=ReviewKind.ACTION, started_by=world.ines).team == world.refund_desk


@pytest.mark.parametrize("kind", [ReviewKind.ACTION, ReviewKind.UNKNOWN])
def test_a_team_of_nobody_but_the_starter_is_not_asked_about_their_own_actions(world: World, kind: ReviewKind) -> None:
    world.tomas.groups.remove(world.refund_desk)
    reviewer = settle_route(Route(team_id=world.refund_desk.pk), kind=kind, started_by=world.ines)
    assert reviewer.team is not None
    assert (reviewer.team.name, reviewer.why) == (
        "Admins",
        "Refund desk cannot decide this one, so the admins were asked.",
    )


def test_the_starter_may_be_asked_what_is_no_consent(world: World) -> None:
    route = Route(user_id=world.ines.pk)
    assert settle_route(route, kind=ReviewKind.FORM, started_by=world.ines).person == world.ines


def test_where_the_only_admin_started_the_run_it_is_said_that_nobody_can_decide(world: World) -> None:
    reviewer = settle_route(Route(), kind=ReviewKind.ACTION, started_by=world.hana)
    assert "No admin can decide it either" in reviewer.why
    assert "No admin" not in settle_route(Route(), kind=ReviewKind.ACTION, started_by=world.otto).why
