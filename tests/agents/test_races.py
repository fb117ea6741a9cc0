"""Two admins at the same instant: one changes the agent, the other is told that it is no longer what they saw."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from agents import actions, digests
from agents.exceptions import SeenOther
from agents.models import Agent
from agents.values import Brief
from orchestrator.accounts.models import User
from tests.world import a_world, an_agent

ROUNDS = 20


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_the_same_instant_one_is_made_and_the_other_sees_it() -> None:
    world = a_world()
    agent = an_agent("clerk", owner=world.hana, acts_for=world.refund_desk)
    for number in range(1, ROUNDS + 1):
        agent = Agent.objects.get(pk=agent.pk)
        assert agent.current is not None
        seen, barrier = agent.current.digest, Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            changes = [pool.submit(change, agent, world.hana, seen, f"{number}.{each}", barrier) for each in (1, 2)]
        assert sorted(each.result() for each in changes) == ["changed", "seen other"]
        assert agent.versions.count() == number + 1
        newest = agent.versions.order_by("-number")[0]
        assert newest.digest == digests.agent_digest(newest)


def change(agent: Agent, by: User, seen: str, instructions: str, barrier: Barrier) -> str:
    """What comes of one change that begins together with another."""
    brief = Brief(
        instructions=instructions, model="anthropic:claude-sonnet-4-5", max_turns=3, max_calls=3, max_tokens=2_000
    )
    assert agent.acts_for_team is not None
    facts = {"title": "Clerk", "description": "", "owner": by, "acts_for": agent.acts_for_team}
    barrier.wait()
    try:
        actions.change_agent(agent=agent, by=by, brief=brief, seen=seen, **facts)  # type: ignore[arg-type]
    except SeenOther:
        return "seen other"
    finally:
        connections.close_all()
    return "changed"
