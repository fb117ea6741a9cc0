"""What is stopped: the question that the gateway and the engine ask before anything new happens.

Stops are few and open ones fewer, so every answer is one look at a small index. Nothing of it is kept in memory: a stop
holds from the moment in which it is committed.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from agents.models import Agent, Stop, ToolCall
from agents.states import StopMode, StopScope


def stops_over(refs: Iterable[UUID], *, began_at: datetime | None = None) -> list[Stop]:
    """The open stops that hold back what has these refs, of the oldest first. Two queries at most.

    `refs` are those of everything that a stop could name: workflow, runs, agent, tool, connection. `began_at` is when
    the step began that asks; None for something that has not begun.
    """
    if not _any_open():
        return []
    rows = Stop.objects.filter(Q(scope=StopScope.EVERYTHING) | Q(thing__in=list(refs)), released_at=None)
    return holding(rows.select_related("set_by").order_by("pk"), began_at)


def _any_open() -> bool:
    """Whether anything at all is stopped. Asked before every effect and mostly the whole answer, so it is plain SQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM agents_stop WHERE released_at IS NULL)")
        (found,) = cursor.fetchone()
    return bool(found)


def holding(stops: Iterable[Stop], began_at: datetime | None) -> list[Stop]:
    """Those of several open stops that hold back a step which began at this time. Pure.

    One that lets steps under way finish holds back only what begins after it was set.
    """
    return [stop for stop in stops if stop.mode == StopMode.NOW or began_at is None or began_at >= stop.at]


def stops_over_call(call: ToolCall) -> list[Stop]:
    """The open stops that hold back a call. Its tool, connection and agent should be joined already."""
    refs = [call.run_ref, *call.within]
    if call.tool_version is not None:
        tool = call.tool_version.tool
        refs += [tool.ref, tool.connection.ref]
    if call.agent_version is not None:
        refs.append(call.agent_version.agent.ref)
    return stops_over(refs, began_at=call.step_began_at)


def with_stops(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """Agents with `is_stopped`: whether a stop of just this agent is open."""
    return agents.annotate(is_stopped=Exists(Stop.objects.filter(thing=OuterRef("ref"), released_at=None)))


def sentence_of(stop: Stop) -> str:
    """What is stopped, by whom and why."""
    what = "Everything" if stop.of_everything else f"The {StopScope(stop.scope).label.lower()} {stop.name}"
    return f"{what} was stopped by {stop.set_by}: {stop.reason}"
