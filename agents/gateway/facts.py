"""Reading from the database what the checks need to know. The judging itself is pure, in `agents.verdicts`."""

from collections.abc import Mapping
from typing import Any

from guardian.models import GroupObjectPermission, UserObjectPermission

from agents.models import Agent, AgentVersion, Grant, Tool, ToolVersion
from agents.states import Effect, Environment, GrantEffect, Idempotency, Reversibility, ToolState
from agents.verdicts import Facts, Risk, Route, score
from audit.fixed import A_TEXT, AN_ID, OTHER_ID, Fixed


def facts_of(  # noqa: PLR0913 - every fact is named where it is given
    *,
    agent_version: AgentVersion,
    tool: Tool | None,
    tool_name: str,
    contract: ToolVersion | None,
    environment: str,
    arguments: Mapping[str, Any],
    problems: tuple[str, ...],
    review_from: int,
    fallback: Route,
) -> Facts:
    """Everything `judge` looks at for one call. An unknown tool has no grant, so it is denied."""
    agent = agent_version.agent
    grant = _grant(agent, tool, environment)
    return Facts(
        tool=tool_name,
        agent=agent.title,
        represented=agent.represents,
        switches=_switches(tool),
        grant=GrantEffect(grant.effect) if grant else None,
        represented_may=tool is not None and represented_may(agent, tool),
        problems=problems,
        effect=Effect(contract.effect) if contract else Effect.WRITE,
        review_from=review_from,
        risk=risk_of(contract, arguments, environment),
        route=_route(grant, fallback, agent),
    )


def represented_may(agent: Agent, tool: Tool) -> bool:
    """Whether the person or team an agent acts for may itself have this tool used; never cached."""
    person, key = agent.acts_for_user, str(tool.pk)
    if person is None:
        return agent.acts_for_team_id is not None and bool(_TEAM_MAY(agent.acts_for_team_id, key))
    granted = person.is_superuser or _PERSON_MAY(person.pk, key) or _TEAM_OF_PERSON_MAY(person.pk, key)
    return person.is_active and bool(granted)


def risk_of(contract: ToolVersion | None, arguments: Mapping[str, Any], environment: str) -> Risk:
    """The risk of calling with these arguments; the highest there is for a tool without a contract."""
    if contract is None:
        return Risk(100, 4, (("Unknown tool", 100),))
    return score(
        effect=Effect(contract.effect),
        reversibility=Reversibility(contract.reversibility),
        production=environment == Environment.PRODUCTION,
        repeatable=contract.idempotency != Idempotency.NEITHER,
        amount=arguments.get(contract.amount_argument) if contract.amount_argument else None,
    )


def _switches(tool: Tool | None) -> tuple[str, ...]:
    """What refuses a call for good. A stop does not: it keeps the call back, when its intent would be committed."""
    if tool is None or tool.state == ToolState.READY:
        return ()
    return (f"{tool.full_name} cannot be used: {ToolState(tool.state).label.lower()}.",)


def _grant(agent: Agent, tool: Tool | None, environment: str) -> Grant | None:
    if tool is None:
        return None
    return _GRANT.first(agent.pk, tool.pk, environment)


_GRANT = Fixed(
    lambda agent, tool, environment: Grant.objects.filter(agent=agent, tool=tool, environment=environment),
    AN_ID,
    OTHER_ID,
    A_TEXT,
)
_USE = {"permission__codename": "use_tool", "permission__content_type__app_label": "agents"}
_TEAM_MAY = Fixed(
    lambda team, tool: GroupObjectPermission.objects.filter(**_USE, group=team, object_pk=tool)[:1], AN_ID, A_TEXT
)
_PERSON_MAY = Fixed(
    lambda person, tool: UserObjectPermission.objects.filter(**_USE, user=person, object_pk=tool)[:1], AN_ID, A_TEXT
)
_TEAM_OF_PERSON_MAY = Fixed(
    lambda person, tool: GroupObjectPermission.objects.filter(**_USE, group__user=person, object_pk=tool)[:1],
    AN_ID,
    A_TEXT,
)


def _route(grant: Grant | None, fallback: Route, agent: Agent) -> Route:
    if grant is not None and (grant.review_team_id or grant.review_user_id):
        return Route(grant.review_team_id, grant.review_user_id)
    return fallback or Route(user_id=agent.owner_id)
