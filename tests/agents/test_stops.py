"""Stop means stop: who may, what it holds back, that nothing is lost; everything takes two to release (P08)."""

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from guardian.shortcuts import assign_perm

from agents import actions, gateway
from agents.connectors import Reply, TooLate
from agents.exceptions import AlreadyReleased, AlreadyStopped, SecondPersonNeeded
from agents.gateway import KeptBack, Proposal, Ticket, execute
from agents.gateway.execute import FRESH, LATEST_BEGIN
from agents.models import Agent, Stop, Tool, ToolCall
from agents.states import CallState, Environment, StopMode, StopScope
from agents.stopping import holding
from agents.verdicts import Route
from audit.clock import db_now
from audit.models import Entry
from orchestrator.accounts.models import User
from orchestrator.accounts.roles import ADMINS
from tests.agents import trail
from tests.approvals.test_deciding import at_once
from tests.world import World, a_grant, a_person, a_tool, a_world, an_agent

REFUND = b'{"order_id": "12", "amount": 5, "currency": "EUR"}'
NOW, FINISH = StopMode.NOW, StopMode.FINISH


@pytest.fixture
def second(world: World) -> User:
    """Another admin."""
    admin = a_person("Maja Lind")
    admin.groups.add(world.hana.groups.get(name=ADMINS))
    return admin


@pytest.fixture
def agent(world: World) -> Agent:
    return an_agent("payer", owner=world.ines, title="Payer")


@pytest.fixture
def tool(agent: Agent) -> Tool:
    tool = a_tool()
    a_grant(agent, tool)
    return tool


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each call was sent, by the clock of this process. Nothing else happens."""
    moments: list[float] = []

    class Counting:
        def call(self, *_: Any, **__: Any) -> Reply:
            moments.append(time.monotonic())
            return Reply(ok=True, value={})

    monkeypatch.setattr(execute, "connector_for", lambda kind: Counting())
    return moments


def stopped(
    by: User, scope: StopScope, thing: Any = None, mode: StopMode = NOW, reason: str = "It pays twice."
) -> Stop:
    return actions.stop(by=by, scope=scope, ref=thing and thing.ref, mode=mode, reason=reason)


def everything(by: User, mode: StopMode = NOW) -> Stop:
    return stopped(by, StopScope.EVERYTHING, mode=mode)


def proposed(agent: Agent, tool: Tool, **more: Any) -> ToolCall:
    """A call as the gateway stores it, asked for by a step that has begun."""
    assert agent.current is not None
    proposal = Proposal(
        agent_version=agent.current,
        tool_name=tool.full_name,
        arguments=REFUND,
        environment=Environment.PRODUCTION,
        run_ref=more.get("run", uuid4()),
        step_ref=uuid4(),
        call_key="1",
        review_from=101,
        fallback=Route(),
        within=more.get("within", ()),
        began_at=more.get("began_at"),
    )
    with transaction.atomic():
        return gateway.propose(proposal)[0]


def leave(call: ToolCall, fence: int = 1) -> Ticket | KeptBack | None:
    with transaction.atomic():
        return gateway.open_intent(call, fence=fence)


def ticket_for(call: ToolCall) -> Ticket:
    ticket = leave(call)
    assert isinstance(ticket, Ticket), ticket
    return ticket


def after(ticket: Ticket) -> ToolCall:
    """The call after it was sent, or was not."""
    with transaction.atomic():
        settled = gateway.settle(gateway.send(ticket))
    assert settled is not None
    return settled


def older(ticket: Ticket, seconds: float) -> Ticket:
    """The ticket as a worker has it that was held up."""
    return replace(ticket, checked_at=ticket.checked_at - seconds)


# --- what a stop holds back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", list(StopScope))
def test_a_call_is_kept_back_whatever_of_it_is_stopped_and_goes_on_after_the_release(
    scope: StopScope, world: World, second: User, agent: Agent, tool: Tool
) -> None:
    run, workflow = uuid4(), uuid4()
    call = proposed(agent, tool, run=run, within=(workflow,))
    things = {"agent": agent.ref, "tool": tool.ref, "connection": tool.connection.ref, "run": run, "workflow": workflow}
    stop = Stop.objects.create(
        scope=scope, thing=things.get(scope), name="It", mode=NOW, reason="Why", set_by=world.hana, at=db_now()
    )
    kept = leave(call)
    assert isinstance(kept, KeptBack)
    assert (
        kept.reason == f"{'Everything' if scope == 'everything' else f'The {scope} It'} was stopped by Hana Sato: Why"
    )
    call.refresh_from_db()
    assert (call.state, call.kept_by, call.intent_at) == (CallState.ALLOWED, stop, None)
    stop.released_by, stop.released_at, stop.release_asked_by = world.hana, db_now(), second
    stop.save()
    assert isinstance(leave(call), Ticket)
    call.refresh_from_db()
    assert (call.state, call.kept_by) == (CallState.EXECUTING, None)


def test_what_is_not_stopped_goes_on(world: World, agent: Agent, tool: Tool) -> None:
    other = a_tool("other")
    a_grant(agent, other)
    stopped(world.hana, StopScope.TOOL, tool)
    assert isinstance(leave(proposed(agent, tool)), KeptBack)
    assert isinstance(leave(proposed(agent, other)), Ticket)


def test_the_record_says_once_that_a_call_is_kept_back(world: World, agent: Agent, tool: Tool) -> None:
    stopped(world.hana, StopScope.AGENT, agent)
    call = proposed(agent, tool)
    assert [type(leave(call)) for _ in range(3)] == [KeptBack] * 3
    assert Entry.objects.filter(verb="call.kept_back").count() == 1


def test_a_step_under_way_may_finish_where_the_stop_says_so_and_a_later_one_may_not(
    world: World, agent: Agent, tool: Tool
) -> None:
    before = db_now() - timedelta(seconds=1)
    stopped(world.hana, StopScope.AGENT, agent, FINISH)
    assert isinstance(leave(proposed(agent, tool, began_at=before)), Ticket)
    assert isinstance(leave(proposed(agent, tool, began_at=db_now())), KeptBack)
    assert isinstance(leave(proposed(agent, tool)), KeptBack)
    stopped(world.hana, StopScope.AGENT, agent, NOW)
    assert isinstance(leave(proposed(agent, tool, began_at=before)), KeptBack)


def test_which_stops_hold_back_is_a_question_of_values() -> None:
    now = db_now_like()
    finish, at_once_ = Stop(mode=FINISH, at=now), Stop(mode=NOW, at=now)
    assert holding([finish, at_once_], now - timedelta(seconds=1)) == [at_once_]
    assert holding([finish, at_once_], now) == [finish, at_once_]
    assert holding([finish, at_once_], None) == [finish, at_once_]


def db_now_like() -> Any:
    from django.utils import timezone

    return timezone.now()


def test_a_repetition_is_kept_back_too(world: World, agent: Agent, tool: Tool) -> None:
    call = proposed(agent, tool)
    ticket_for(call)
    stopped(world.hana, StopScope.AGENT, agent)
    with transaction.atomic():
        assert isinstance(gateway.recover(call, fence=2), KeptBack)
    call.refresh_from_db()
    assert call.state == CallState.EXECUTING


def test_a_look_at_the_stops_is_two_queries_at_most(
    world: World, agent: Agent, tool: Tool, django_assert_num_queries: Any
) -> None:
    from agents.stopping import stops_over

    for number in range(30):
        stopped(world.hana, StopScope.AGENT, an_agent(f"many-{number}"))
    with django_assert_num_queries(2):
        assert stops_over([agent.ref, tool.ref, uuid4()]) == []


# --- between the intent and the effect -------------------------------------------------------------------------------


def test_a_worker_that_was_held_up_sends_nothing_and_the_call_is_as_it_was(
    agent: Agent, tool: Tool, sent: list[float]
) -> None:
    call = proposed(agent, tool)
    back = after(older(ticket_for(call), LATEST_BEGIN + 0.1))
    assert (sent, back.state, back.intent_at) == ([], CallState.ALLOWED, None)
    assert Entry.objects.filter(verb="call.not_begun").count() == 1
    assert after(ticket_for(call)).state == CallState.SUCCEEDED
    assert len(sent) == 1


def test_a_stop_between_intent_and_sending_is_seen_by_who_was_held_up(
    world: World, agent: Agent, tool: Tool, sent: list[float]
) -> None:
    call = proposed(agent, tool)
    ticket = older(ticket_for(call), FRESH + 0.1)
    stopped(world.hana, StopScope.TOOL, tool)
    back = after(ticket)
    assert (sent, back.state) == ([], CallState.ALLOWED)
    assert isinstance(leave(call), KeptBack)


def test_who_was_held_up_and_finds_no_stop_sends(agent: Agent, tool: Tool, sent: list[float]) -> None:
    assert after(older(ticket_for(proposed(agent, tool)), FRESH + 0.1)).state == CallState.SUCCEEDED


def test_a_repetition_that_was_too_late_stays_open(agent: Agent, tool: Tool, sent: list[float]) -> None:
    call = proposed(agent, tool)
    ticket_for(call)
    with transaction.atomic():
        again = gateway.recover(call, fence=2)
    assert isinstance(again, Ticket)
    assert after(older(again, LATEST_BEGIN + 1)).state == CallState.EXECUTING


@pytest.mark.django_db(transaction=True)
def test_no_effect_begins_later_than_two_seconds_after_a_stop_is_committed(sent: list[float]) -> None:
    """P08: many workers, each held up for a time of its own between intent and sending, and a stop in their midst."""
    world = a_world()
    agent = an_agent("payer", owner=world.hana)
    tool = a_tool()
    a_grant(agent, tool)
    calls = [proposed(agent, tool) for _ in range(12)]
    committed: list[float] = []

    def work(call: ToolCall, held_up: float) -> Any:
        time.sleep(0.3)
        ticket = leave(call)
        if not isinstance(ticket, Ticket):
            return ticket
        time.sleep(held_up)
        return after(ticket).state

    def stop_all() -> None:
        time.sleep(0.5)
        everything(world.hana)
        committed.append(time.monotonic())

    results = at_once(stop_all, *(partial(work, call, number * 0.25) for number, call in enumerate(calls)))
    assert not [result for result in results if isinstance(result, Exception)], results
    assert all(moment <= committed[0] + LATEST_BEGIN for moment in sent), (committed, sent)
    done = ToolCall.objects.filter(state=CallState.SUCCEEDED).count()
    assert done == len(sent)
    assert ToolCall.objects.filter(state=CallState.ALLOWED).count() == len(calls) - done > 0


# --- who may ---------------------------------------------------------------------------------------------------------


def test_an_admin_may_stop_anything(world: World, agent: Agent, tool: Tool) -> None:
    for scope, thing in ((StopScope.AGENT, agent), (StopScope.TOOL, tool), (StopScope.CONNECTION, tool.connection)):
        assert stopped(world.hana, scope, thing).is_open
    assert everything(world.hana).name == "Everything"


def test_the_owner_may_stop_the_agent_and_nothing_else(world: World, agent: Agent, tool: Tool) -> None:
    assert stopped(world.ines, StopScope.AGENT, agent).set_by == world.ines
    for scope, thing in ((StopScope.TOOL, tool), (StopScope.CONNECTION, tool.connection), (StopScope.EVERYTHING, None)):
        with pytest.raises(PermissionDenied):
            stopped(world.ines, scope, thing)


@pytest.mark.parametrize("who", ["tomas", "lukas"])
def test_reviewers_and_auditors_stop_nothing_that_is_not_theirs(who: str, world: World, agent: Agent) -> None:
    for scope, thing in ((StopScope.AGENT, agent), (StopScope.EVERYTHING, None)):
        with pytest.raises(PermissionDenied):
            stopped(getattr(world, who), scope, thing)


def test_for_who_sees_nothing_there_is_nothing_to_stop(world: World, agent: Agent) -> None:
    with pytest.raises(Http404):
        stopped(world.otto, StopScope.AGENT, agent)
    with pytest.raises(Http404):
        actions.stop(by=world.hana, scope=StopScope.AGENT, ref=uuid4(), mode=NOW, reason="Why")
    with pytest.raises(Http404):
        actions.stop(by=world.hana, scope=StopScope.AGENT, ref=None, mode=NOW, reason="Why")


def test_a_right_to_one_thing_is_enough(world: World, tool: Tool) -> None:
    assign_perm("agents.change_tool", world.tomas, tool)
    assert stopped(world.tomas, StopScope.TOOL, tool).is_open


def test_who_set_a_stop_releases_it_and_who_may_stop_everything(world: World, agent: Agent) -> None:
    mine = stopped(world.ines, StopScope.AGENT, agent)
    actions.release(by=world.ines, ref=mine.ref, reason="It is repaired.")
    theirs = stopped(world.hana, StopScope.AGENT, agent)
    with pytest.raises(PermissionDenied):
        actions.release(by=world.ines, ref=theirs.ref, reason="It is mine.")
    assert not actions.release(by=world.hana, ref=theirs.ref, reason="It is repaired.").is_open


# --- states ----------------------------------------------------------------------------------------------------------


def test_what_is_stopped_cannot_be_stopped_again_only_more_strictly(world: World, second: User, agent: Agent) -> None:
    gentle = stopped(world.hana, StopScope.AGENT, agent, FINISH)
    with pytest.raises(AlreadyStopped):
        stopped(second, StopScope.AGENT, agent, FINISH)
    strict = stopped(second, StopScope.AGENT, agent, NOW, "Now.")
    assert (strict.pk, strict.mode, strict.set_by, strict.reason) == (gentle.pk, NOW, second, "Now.")
    with pytest.raises(AlreadyStopped):
        stopped(world.hana, StopScope.AGENT, agent, FINISH)
    assert trail.verbs(f"agent:{agent.ref}") == ["stop.set", "stop.tightened"]


def test_stopped_and_released_stand_in_the_record_of_the_thing(world: World, agent: Agent) -> None:
    stop = stopped(world.hana, StopScope.AGENT, agent)
    actions.release(by=world.hana, ref=stop.ref, reason="It is repaired.")
    assert trail.verbs(f"agent:{agent.ref}") == ["stop.set", "stop.released"]
    assert trail.last(f"agent:{agent.ref}")["reason"] == "It is repaired."
    with pytest.raises(AlreadyReleased):
        actions.release(by=world.hana, ref=stop.ref, reason="Again.")


def test_everything_is_released_by_two_people(world: World, second: User) -> None:
    stop = everything(world.hana)
    asked = actions.release(by=world.hana, ref=stop.ref, reason="It is repaired.")
    assert (asked.is_open, asked.release_asked_by) == (True, world.hana)
    with pytest.raises(SecondPersonNeeded):
        actions.release(by=world.hana, ref=stop.ref, reason="Please.")
    released = actions.release(by=second, ref=stop.ref)
    assert (released.is_open, released.released_by, released.release_reason) == (False, second, "It is repaired.")
    assert trail.verbs("everything:all") == ["stop.set", "stop.release_asked", "stop.released"]


def test_a_request_of_who_lost_the_right_does_not_count(world: World, second: User) -> None:
    stop = everything(world.hana)
    actions.release(by=world.hana, ref=stop.ref, reason="It is repaired.")
    world.hana.groups.clear()
    asked = actions.release(by=second, ref=stop.ref, reason="I think so too.")
    assert (asked.is_open, asked.release_asked_by) == (True, second)


def test_a_request_can_be_turned_down_and_a_stricter_stop_forgets_it(world: World, second: User) -> None:
    stop = everything(world.hana, FINISH)
    actions.release(by=world.hana, ref=stop.ref, reason="It is repaired.")
    assert actions.keep_stopped(by=second, ref=stop.ref).release_asked_by is None
    actions.release(by=world.hana, ref=stop.ref, reason="It is repaired.")
    assert everything(second).release_asked_by is None


def test_nobody_tries_for_ever_to_begin_in_time(agent: Agent, tool: Tool, sent: list[float]) -> None:
    call = proposed(agent, tool)
    states = [after(older(ticket_for(call), LATEST_BEGIN + 1)).state for _ in range(execute.MOST_PUT_BACK)]
    assert states == [CallState.ALLOWED] * execute.MOST_PUT_BACK
    failed = after(older(ticket_for(call), LATEST_BEGIN + 1))
    assert (failed.state, failed.error, sent) == (CallState.FAILED, execute.HELD_UP, [])


def test_a_system_that_is_reached_too_late_gets_nothing(
    agent: Agent, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        def call(self, *_: Any) -> Reply:
            raise TooLate

    monkeypatch.setattr(execute, "connector_for", lambda kind: Slow())
    back = after(ticket_for(proposed(agent, tool)))
    assert (back.state, back.put_back) == (CallState.ALLOWED, 1)
