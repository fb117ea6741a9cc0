"""The tools an agent is shown: those it has a grant for, in the environment of the run, and no others."""

from dataclasses import dataclass

from django.db.models import QuerySet

from agents.models import Agent, Grant
from agents.runtime.values import ToolSpec
from agents.states import GrantEffect, ToolState
from audit.fixed import A_TEXT, AN_ID, Fixed

HELD_NOTE = " A person reviews each call before it happens; the answer says what they decided."


def _grants_of(agent: int, environment: str) -> QuerySet[Grant]:
    grants = Grant.objects.filter(agent=agent, environment=environment, tool__state=ToolState.READY)
    grants = grants.exclude(effect=GrantEffect.FORBIDDEN).select_related("tool__connection", "tool__current")
    return grants.order_by("tool__connection__name", "tool__name")


_GRANTS = Fixed(_grants_of, AN_ID, A_TEXT)


@dataclass(frozen=True)
class Toolbox:
    """The tools as the model sees them, and the full name behind each of those names."""

    specs: tuple[ToolSpec, ...]
    full_names: dict[str, str]


def of(agent: Agent, environment: str) -> Toolbox:
    """The tools of an agent.

    A tool goes by its own name; where two connections have one of that name, by both names.
    """
    rows = _GRANTS(agent.pk, environment)
    names = [grant.tool.name for grant in rows]
    specs, full_names = [], {}
    for grant in rows:
        tool, contract = grant.tool, grant.tool.current
        if contract is None:
            continue
        name = tool.name if names.count(tool.name) == 1 else f"{tool.connection.name}__{tool.name}"
        note = HELD_NOTE if grant.effect == GrantEffect.REVIEW else ""
        specs.append(ToolSpec(name, contract.description + note, contract.input_schema))
        full_names[name] = tool.full_name
    return Toolbox(tuple(specs), full_names)
