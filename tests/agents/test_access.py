"""Access: what is seen through a role, what through a single row, and what is not there at all."""

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404
from guardian.shortcuts import assign_perm

from agents import access, queries
from agents.models import Agent
from tests.world import World, a_connection, a_tool, an_agent


def test_a_role_sees_everything_and_an_outsider_nothing(world: World) -> None:
    agent, tool = an_agent(), a_tool()
    for person in (world.ines, world.lukas, world.hana):
        assert access.access_agent(person, agent.ref) == agent
        assert access.access_tool(person, tool.ref) == tool
        assert access.access_connection(person, tool.connection.ref) == tool.connection
    with pytest.raises(Http404):
        access.access_agent(world.otto, agent.ref)
    with pytest.raises(Http404):
        access.access_tool(world.otto, tool.ref)
    with pytest.raises(Http404):
        access.access_connection(world.otto, tool.connection.ref)


def test_a_single_row_can_be_shown_and_only_that_one(world: World) -> None:
    shown, hidden = an_agent(), an_agent()
    assign_perm("agents.view_agent", world.otto, shown)
    assert access.access_agent(world.otto, shown.ref) == shown
    assert list(queries.agents_for(world.otto)) == [shown]
    with pytest.raises(Http404):
        access.access_agent(world.otto, hidden.ref)
    with pytest.raises(PermissionDenied):
        access.access_agent(world.otto, shown.ref, change=True)
    assign_perm("agents.change_agent", world.otto, shown)
    assert access.access_agent(world.otto, shown.ref, change=True) == shown


def test_what_does_not_exist_is_not_found(world: World) -> None:
    for load in (access.access_agent, access.access_tool, access.access_connection):
        with pytest.raises(Http404):
            load(world.hana, uuid4())


def test_a_person_who_left_sees_nothing(world: World) -> None:
    agent = an_agent()
    world.hana.is_active = False
    with pytest.raises(Http404):
        access.access_agent(world.hana, agent.ref)


def test_a_row_that_will_be_changed_is_locked(world: World) -> None:
    agent = an_agent()
    with transaction.atomic():
        access.access_agent(world.hana, agent.ref, change=True, lock=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock' AND relation = %s::regclass",
                [Agent._meta.db_table],
            )
            assert cursor.fetchone()[0] >= 1


def test_lists_show_what_may_be_seen(world: World) -> None:
    agent, tool, connection_ = an_agent(), a_tool(), a_connection()
    assert list(queries.agents_for(world.ines)) == [agent]
    assert list(queries.tools_for(world.ines)) == [tool]
    assert set(queries.connections_for(world.ines)) == {tool.connection, connection_}
    for rows in (queries.agents_for, queries.tools_for, queries.connections_for):
        assert not rows(world.otto).exists()
