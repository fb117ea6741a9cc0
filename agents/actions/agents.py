"""Making and changing agents."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agents import exceptions, signals
from agents.access import access_agent, require
from agents.digests import agent_digest
from agents.models import Agent, AgentVersion, slug
from agents.people import Person
from agents.runtime import models
from agents.values import Brief
from audit.log import party, record

_LIMITS = {"max_turns": (1, 200), "max_calls": (1, 1_000), "max_tokens": (1_000, 50_000_000)}


def create_agent(
    *, by: Person, name: str, title: str, acts_for: Person | Group, owner: Person, brief: Brief, description: str = ""
) -> Agent:
    """A new, active agent that may use nothing yet.

    Raises NameTaken, BadName, NobodyRepresented, NoOwner, NoInstructions, BadModel or BadLimit; PermissionDenied
    without agents.add_agent.
    """
    require(by, "agents.add_agent")
    check_name(name)
    _check_people(acts_for, owner)
    _check_brief(brief)
    try:
        with transaction.atomic(durable=True):
            agent = Agent(name=name, title=title or name, description=description, owner=owner)
            _represent(agent, acts_for)
            agent.save(force_insert=True)
            version = _next_version(agent, brief, by)
            _note("agent.created", agent, by, _facts(agent, version))
            signals.announce(signals.agent_changed, agent.ref)
    except IntegrityError as error:
        raise exceptions.NameTaken from error
    return agent


def change_agent(
    *,
    agent: Agent,
    by: Person,
    title: str,
    description: str,
    owner: Person,
    acts_for: Person | Group,
    brief: Brief,
    seen: str,
) -> Agent:
    """Change an agent. A new version is made only when what it is told, its model or a limit is another.

    `seen` is the digest of the version that the person looked at; SeenOther when it is no longer current. Raises what
    `create_agent` raises, and PermissionDenied without agents.change_agent.
    """
    with transaction.atomic(durable=True):
        agent = access_agent(by, agent.ref, change=True, lock=True)
        before = current(agent)
        if before.digest != seen:
            raise exceptions.SeenOther
        _check_people(acts_for, owner)
        _check_brief(brief)
        agent.title, agent.description, agent.owner = title or agent.name, description, owner
        _represent(agent, acts_for)
        agent.save(update_fields=["title", "description", "owner", "acts_for_user", "acts_for_team"])
        version = before if _brief_of(before) == brief else _next_version(agent, brief, by)
        _note("agent.changed", agent, by, _facts(agent, version))
        signals.announce(signals.agent_changed, agent.ref)
    return agent


def stream(agent: Agent) -> str:
    """The audit stream of an agent; its grants are part of it."""
    return f"agent:{agent.ref}"


def current(agent: Agent) -> AgentVersion:
    """The version in force. Every agent has one from its first transaction on."""
    if agent.current is None:
        raise LookupError(f"{agent.name} has no version.")
    return agent.current


def check_name(name: str) -> None:
    """Raise BadName unless a name is one that workflows can refer to."""
    try:
        slug(name)
    except ValidationError as error:
        raise exceptions.BadName from error


def is_active(who: Person | Group) -> bool:
    """Whether somebody is there: an active person, or a team with an active member."""
    return who.user_set.filter(is_active=True).exists() if isinstance(who, Group) else who.is_active


def _next_version(agent: Agent, brief: Brief, by: Person) -> AgentVersion:
    number = current(agent).number + 1 if agent.current else 1
    version = AgentVersion(agent=agent, number=number, created_by=by, **asdict(brief))
    version.digest = agent_digest(version)
    version.save(force_insert=True)
    agent.current = version
    agent.save(update_fields=["current"])
    return version


def _represent(agent: Agent, acts_for: Person | Group) -> None:
    agent.acts_for_team = acts_for if isinstance(acts_for, Group) else None
    agent.acts_for_user = None if isinstance(acts_for, Group) else acts_for


def _note(verb: str, agent: Agent, by: Person, data: dict[str, Any]) -> None:
    record(verb, actor=party(by), subject=party(agent), stream=stream(agent), data=data)


def _brief_of(version: AgentVersion) -> Brief:
    return Brief(**{name: getattr(version, name) for name in Brief.__dataclass_fields__})


def _facts(agent: Agent, version: AgentVersion) -> dict[str, Any]:
    return {
        "version": version.number,
        "digest": version.digest,
        "model": version.model,
        "instructions": version.instructions,
        "limits": {name: getattr(version, name) for name in _LIMITS},
        "title": agent.title,
        "owner": str(agent.owner.ref),
        "acts_for": agent.represents,
    }


def _check_people(acts_for: Person | Group, owner: Person) -> None:
    if not owner.is_active:
        raise exceptions.NoOwner
    if not isinstance(acts_for, Group) and not acts_for.is_active:
        raise exceptions.NobodyRepresented


def _check_brief(brief: Brief) -> None:
    if not brief.instructions.strip():
        raise exceptions.NoInstructions
    try:
        models.check(brief.model)
    except models.BadModel as error:
        raise exceptions.BadModel(str(error)) from error
    for name, (least, most) in _LIMITS.items():
        if not least <= getattr(brief, name) <= most:
            raise exceptions.BadLimit(f"Choose a whole number from {least:,} to {most:,}.", field=name)
