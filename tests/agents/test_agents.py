"""Agents: made and changed by those who may, with a line in the record each time."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from agents import actions, digests, exceptions
from agents.models import Agent, AgentVersion
from agents.signals import agent_changed
from agents.values import Brief
from tests.agents import trail
from tests.world import World

BRIEF = Brief(instructions="Answer customers.", model="anthropic:claude-sonnet-4-5")


def make(world: World, **changed: Any) -> Agent:
    """An agent made by Hana, with some things otherwise."""
    values: dict[str, Any] = {
        "by": world.hana,
        "name": "support",
        "title": "Support",
        "acts_for": world.refund_desk,
        "owner": world.ines,
        "brief": BRIEF,
    }
    return actions.create_agent(**values | changed)


def change(agent: Agent, world: World, **changed: Any) -> Agent:
    """The agent saved by Hana as it is, with some things otherwise."""
    version = agent.current
    assert version is not None
    values: dict[str, Any] = {
        "by": world.hana,
        "title": agent.title,
        "description": agent.description,
        "owner": agent.owner,
        "acts_for": agent.acts_for_user or agent.acts_for_team,
        "brief": BRIEF,
        "seen": version.digest,
    }
    return actions.change_agent(agent=agent, **values | changed)


def test_an_admin_makes_an_agent_and_the_record_says_so(world: World) -> None:
    agent = make(world)
    version = AgentVersion.objects.get(agent=agent)
    assert (agent.represents, agent.current) == ("Refund desk", version)
    assert version.digest == digests.agent_digest(version)
    assert trail.verbs(f"agent:{agent.ref}") == ["agent.created"]
    assert trail.last(f"agent:{agent.ref}")["digest"] == version.digest


def test_nobody_else_makes_one_and_nothing_is_recorded(world: World) -> None:
    for person in (world.ines, world.lukas, world.otto):
        with pytest.raises(PermissionDenied):
            make(world, by=person)
    assert not Agent.objects.exists()
    assert trail.count() == 0


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"name": "Support"}, exceptions.BadName),
        ({"name": "support\n"}, exceptions.BadName),
        ({"name": "sup port"}, exceptions.BadName),
        ({"name": "\u0455upport"}, exceptions.BadName),  # a Cyrillic letter
        ({"brief": replace(BRIEF, model="nonsense")}, exceptions.BadModel),
        ({"brief": replace(BRIEF, model="scripted:nobody")}, exceptions.BadModel),
        ({"brief": replace(BRIEF, instructions=" \n")}, exceptions.NoInstructions),
        ({"brief": replace(BRIEF, max_turns=0)}, exceptions.BadLimit),
        ({"brief": replace(BRIEF, max_tokens=10**9)}, exceptions.BadLimit),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    world: World, changed: dict[str, Any], refusal: type[exceptions.NotChanged]
) -> None:
    with pytest.raises(refusal) as error:
        make(world, **changed)
    assert error.value.message.endswith(".")
    assert not Agent.objects.exists()


def test_a_name_belongs_to_one_agent(world: World) -> None:
    make(world)
    with pytest.raises(exceptions.NameTaken):
        make(world)
    assert Agent.objects.count() == 1


def test_people_who_left_can_neither_own_nor_be_represented(world: World) -> None:
    world.tomas.is_active = False
    with pytest.raises(exceptions.NoOwner):
        make(world, owner=world.tomas)
    with pytest.raises(exceptions.NobodyRepresented):
        make(world, acts_for=world.tomas)


def test_other_instructions_make_a_version_and_another_title_does_not(world: World) -> None:
    agent = make(world)
    agent = change(agent, world, title="Customer support")
    assert agent.versions.count() == 1
    agent = change(agent, world, brief=replace(BRIEF, instructions="Answer customers briefly."))
    assert [version.number for version in agent.versions.all()] == [2, 1]
    assert agent.current and agent.current.instructions == "Answer customers briefly."
    assert trail.verbs(f"agent:{agent.ref}") == ["agent.created", "agent.changed", "agent.changed"]


def test_who_it_acts_for_can_change_from_a_team_to_a_person(world: World) -> None:
    agent = change(make(world), world, acts_for=world.tomas)
    agent.refresh_from_db()
    assert (agent.acts_for_user, agent.acts_for_team) == (world.tomas, None)


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(world: World) -> None:
    agent = make(world)
    stale = agent.current
    assert stale is not None
    change(agent, world, brief=replace(BRIEF, model="openai:gpt-5"))
    with pytest.raises(exceptions.SeenOther):
        change(agent, world, brief=replace(BRIEF, instructions="Pay everyone."), seen=stale.digest)
    agent.refresh_from_db()
    assert agent.versions.count() == 2


def test_only_those_who_may_change_it_do_and_it_is_invisible_to_the_rest(world: World) -> None:
    agent = make(world)
    with pytest.raises(PermissionDenied):
        change(agent, world, by=world.ines, title="Mine")
    with pytest.raises(Http404):
        change(agent, world, by=world.otto, title="Mine")
    assert Agent.objects.get().title == "Support"


def test_a_change_is_announced_only_once_it_is_certain(world: World, django_capture_on_commit_callbacks: Any) -> None:
    heard: list[object] = []

    def listen(ref: object, **_: Any) -> None:
        heard.append(ref)

    agent_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            agent = make(world)
            assert heard == []
    finally:
        agent_changed.disconnect(listen)
    assert heard == [agent.ref]
