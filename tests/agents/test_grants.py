"""Grants, and what represented people and teams may have done on their behalf."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from guardian.shortcuts import get_perms

from agents import actions, exceptions
from agents.models import Agent, Grant, Tool
from agents.states import GrantEffect, ToolState
from tests.agents import trail
from tests.world import World, a_connection, a_grant, a_person, a_team, a_tool, an_agent


@pytest.fixture
def agent(world: World) -> Agent:
    """An agent of the refund desk."""
    return an_agent("support", acts_for=world.refund_desk)


@pytest.fixture
def tool(world: World) -> Tool:
    """A classified tool in the sandbox."""
    return a_tool(connection=a_connection("payments", environment="sandbox"))


def grant(agent: Agent, tool: Tool, world: World, effect: GrantEffect | None, **changed: Any) -> Grant | None:
    """The grant set by Hana, with some things otherwise."""
    return actions.set_grant(**{"agent": agent, "tool": tool, "effect": effect, "by": world.hana} | changed)


def test_a_grant_holds_in_the_environment_of_its_tool_and_is_recorded(world: World, agent: Agent, tool: Tool) -> None:
    made = grant(agent, tool, world, GrantEffect.ALLOWED)
    assert made is not None
    assert (made.environment, made.changed_by) == ("sandbox", world.hana)
    assert trail.verbs(f"agent:{agent.ref}") == ["grant.set"]
    assert trail.last(f"agent:{agent.ref}")["effect"] == "allowed"


def test_nobody_else_grants(world: World, agent: Agent, tool: Tool) -> None:
    for person in (world.ines, world.lukas, world.otto):
        with pytest.raises(PermissionDenied):
            grant(agent, tool, world, GrantEffect.ALLOWED, by=person)
    assert not Grant.objects.exists()
    assert trail.count() == 0


def test_who_may_grant_still_sees_only_what_they_may_see(world: World, agent: Agent, tool: Tool) -> None:
    from django.contrib.auth.models import Permission

    world.otto.user_permissions.add(Permission.objects.get(codename="change_grant"))
    with pytest.raises(Http404):
        grant(agent, tool, world, GrantEffect.ALLOWED, by=type(world.otto).objects.get(pk=world.otto.pk))


def test_a_grant_that_asks_must_say_whom(world: World, agent: Agent, tool: Tool) -> None:
    empty = a_team("Nobody here")
    gone = a_team("All gone", a_person("Gone Person"))
    gone.user_set.update(is_active=False)
    left = a_person("Left Person")
    left.is_active = False
    for reviewer in (None, empty, gone, left):
        with pytest.raises(exceptions.NoReviewer):
            grant(agent, tool, world, GrantEffect.REVIEW, reviewer=reviewer)
    for reviewer in (world.refund_desk, world.tomas):
        assert grant(agent, tool, world, GrantEffect.REVIEW, reviewer=reviewer)
    saved = Grant.objects.get()
    assert (saved.review_user, saved.review_team) == (world.tomas, None)


def test_taking_a_grant_away_forbids_and_doing_so_twice_changes_nothing(world: World, agent: Agent, tool: Tool) -> None:
    a_grant(agent, tool)
    for _ in range(2):
        assert grant(agent, tool, world, None) is None
    assert not Grant.objects.exists()
    assert trail.verbs(f"agent:{agent.ref}") == ["grant.removed"]


def test_a_new_tool_can_be_forbidden_but_not_granted(world: World, agent: Agent) -> None:
    tool = a_tool(state=ToolState.NEW)
    for effect in (GrantEffect.ALLOWED, GrantEffect.REVIEW):
        with pytest.raises(exceptions.NotClassified):
            grant(agent, tool, world, effect, reviewer=world.refund_desk)
    assert grant(agent, tool, world, GrantEffect.FORBIDDEN)


def test_a_person_or_team_is_allowed_to_have_a_tool_used_and_no_longer(world: World, tool: Tool) -> None:
    for who in (world.refund_desk, world.tomas):
        actions.allow_use(tool=tool, who=who, by=world.hana)
        assert "use_tool" in get_perms(who, tool)
        actions.disallow_use(tool=tool, who=who, by=world.hana)
        assert "use_tool" not in get_perms(who, tool)
    assert trail.verbs(f"tool:{tool.ref}") == ["use.allowed", "use.withdrawn"] * 2


def test_what_one_tool_allows_another_does_not(world: World, tool: Tool) -> None:
    other = a_tool("other", connection=tool.connection)
    actions.allow_use(tool=tool, who=world.refund_desk, by=world.hana)
    assert "use_tool" not in get_perms(world.refund_desk, other)
