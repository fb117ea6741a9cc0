"""What an agent may do with a tool, and what the people it acts for may have done on their behalf."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from agents import exceptions, signals
from agents.access import access_agent, access_tool, require
from agents.actions.agents import is_active
from agents.actions.agents import stream as agent_stream
from agents.actions.contracts import stream as tool_stream
from agents.models import Agent, Grant, Tool
from agents.people import Person
from agents.states import GrantEffect, ToolState
from audit.log import party, record

USE = "agents.use_tool"


def set_grant(
    *, agent: Agent, tool: Tool, effect: GrantEffect | None, by: Person, reviewer: Person | Group | None = None
) -> Grant | None:
    """Set what an agent may do with a tool in the tool's environment; None takes the grant away, which forbids.

    `reviewer` is asked when a call needs review; a grant of kind review must have one. Raises NoReviewer, NotClassified
    for a tool that is still new, and PermissionDenied without agents.change_grant.
    """
    require(by, "agents.change_grant")
    with transaction.atomic(durable=True):
        agent = access_agent(by, agent.ref, lock=True)
        tool = access_tool(by, tool.ref, lock=True)
        _check(tool, effect, reviewer)
        grant = _save(agent, tool, effect, by, reviewer) if effect else None
        if effect is None and not _remove(agent, tool):
            return None
        record(
            "grant.set" if grant else "grant.removed",
            actor=party(by),
            subject=party(tool),
            stream=agent_stream(agent),
            data={
                "agent": str(agent),
                "environment": tool.connection.environment,
                "effect": effect or GrantEffect.FORBIDDEN,
                "reviewer": str(reviewer) if reviewer and grant else "",
            },
        )
        signals.announce(signals.grants_changed, agent.ref)
    return grant


def allow_use(*, tool: Tool, who: Person | Group, by: Person) -> None:
    """Say that a person or team may have a tool used on their behalf; no agent that acts for them may do more.

    Raises PermissionDenied without agents.change_grant.
    """
    _set_use(tool, who, by, allowed=True)


def disallow_use(*, tool: Tool, who: Person | Group, by: Person) -> None:
    """Take back what `allow_use` gave. Calls that are waiting are checked again before they are sent."""
    _set_use(tool, who, by, allowed=False)


def _set_use(tool: Tool, who: Person | Group, by: Person, *, allowed: bool) -> None:
    require(by, "agents.change_grant")
    with transaction.atomic(durable=True):
        tool = access_tool(by, tool.ref, lock=True)
        (assign_perm if allowed else remove_perm)(USE, who, tool)
        who_is = {"team": who.name} if isinstance(who, Group) else {"person": who.name, "ref": str(who.ref)}
        verb = "use.allowed" if allowed else "use.withdrawn"
        record(verb, actor=party(by), subject=party(tool), stream=tool_stream(tool), data=who_is)


def _check(tool: Tool, effect: GrantEffect | None, reviewer: Person | Group | None) -> None:
    if effect in (GrantEffect.ALLOWED, GrantEffect.REVIEW) and tool.state == ToolState.NEW:
        raise exceptions.NotClassified
    if effect == GrantEffect.REVIEW and reviewer is None:
        raise exceptions.NoReviewer
    if reviewer is not None and not is_active(reviewer):
        raise exceptions.NoReviewer


def _save(agent: Agent, tool: Tool, effect: GrantEffect, by: Person, reviewer: Person | Group | None) -> Grant:
    values = {
        "effect": effect,
        "review_team": reviewer if isinstance(reviewer, Group) else None,
        "review_user": None if isinstance(reviewer, Group) else reviewer,
        "changed_by": by,
        "changed_at": timezone.now(),
    }
    grant, _created = Grant.objects.update_or_create(
        agent=agent, tool=tool, environment=tool.connection.environment, defaults=values
    )
    return grant


def _remove(agent: Agent, tool: Tool) -> bool:
    grants = Grant.objects.filter(agent=agent, tool=tool, environment=tool.connection.environment)
    return grants.delete()[0] > 0
