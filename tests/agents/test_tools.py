"""Classifying a tool: what an admin says about it must fit it, and must be about what the admin saw."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from agents import actions, digests, exceptions, hooks
from agents.models import Tool, ToolVersion
from agents.states import Effect, Idempotency, Reversibility, ToolState
from agents.values import Classification
from tests.agents import trail
from tests.world import World, a_contract, a_tool

PAYS = Classification(
    effect=Effect.WRITE,
    reversibility=Reversibility.COMPENSABLE,
    undo_note="Ask the customer to pay again.",
    idempotency=Idempotency.BY_KEY,
    sentence="Refund {amount|money:{currency}} for order {order_id}",
    short_sentence="Refund {amount}",
    amount_argument="amount",
    currency="EUR",
    sensitive=("/order_id",),
    timeout_seconds=20,
)


def classify(tool: Tool, world: World, classification: Classification = PAYS, **changed: Any) -> ToolVersion:
    """The tool classified by Hana as she sees it now, with some things otherwise."""
    assert tool.current is not None
    values: dict[str, Any] = {"by": world.hana, "seen": tool.current.digest}
    return actions.classify_tool(tool=tool, classification=classification, **values | changed)


@pytest.fixture
def new_tool(world: World) -> Tool:
    """A tool that was just found."""
    return a_tool(state=ToolState.NEW, created_by=None, effect=Effect.WRITE, sentence="", short_sentence="")


def test_a_classified_tool_is_ready_and_its_contract_names_who_said_so(world: World, new_tool: Tool) -> None:
    version = classify(new_tool, world)
    new_tool.refresh_from_db()
    assert (new_tool.state, new_tool.current) == (ToolState.READY, version)
    assert (version.number, version.created_by) == (2, world.hana)
    assert (version.sensitive, version.timeout_seconds) == (["/order_id"], 20)
    assert version.digest == digests.contract_digest(version)
    assert trail.verbs(f"tool:{new_tool.ref}") == ["tool.classified"]


def test_another_classification_voids_open_reviews_and_the_same_one_does_nothing(
    world: World, new_tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Tool] = []
    monkeypatch.setattr(hooks, "_contracts_changed", [told.extend])
    classify(new_tool, world)
    new_tool.refresh_from_db()
    classify(new_tool, world)
    assert (told, new_tool.versions.count()) == ([new_tool], 2)
    classify(new_tool, world, replace(PAYS, idempotency=Idempotency.NEITHER))
    assert (told, new_tool.versions.count()) == ([new_tool, new_tool], 3)


def test_nobody_classifies_what_they_did_not_see(world: World, new_tool: Tool) -> None:
    seen = new_tool.current
    assert seen is not None
    a_contract(new_tool, description="Now it pays everything.", created_by=None)
    with pytest.raises(exceptions.SeenOther):
        classify(new_tool, world, seen=seen.digest)
    new_tool.refresh_from_db()
    assert new_tool.state == ToolState.NEW
    assert trail.count() == 0


def test_those_who_may_not_change_tools_do_not(world: World, new_tool: Tool) -> None:
    for person in (world.ines, world.lukas):
        with pytest.raises(PermissionDenied):
            classify(new_tool, world, by=person)
        with pytest.raises(PermissionDenied):
            actions.allow_use(tool=new_tool, who=person, by=person)
    with pytest.raises(Http404):
        classify(new_tool, world, by=world.otto)
    assert trail.count() == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"sentence": "Refund {amuont}"}, "sentence"),
        ({"sentence": "Refund {amount"}, "sentence"),
        ({"short_sentence": "{nothing}"}, "short_sentence"),
        ({"amount_argument": "price"}, "amount_argument"),
        ({"currency": "euro"}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"sensitive": ("/iban",)}, "sensitive"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": 601}, "timeout_seconds"),
    ],
)
def test_what_does_not_fit_the_arguments_is_refused_at_its_field(
    world: World, new_tool: Tool, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(exceptions.NotChanged) as refusal:
        classify(new_tool, world, replace(PAYS, **changed))
    assert refusal.value.field == field
    assert Tool.objects.get().state == ToolState.NEW


def test_confirming_needs_the_right_to_change_tools(world: World) -> None:
    tool = a_tool(state=ToolState.CHANGED)
    assert tool.current is not None
    seen = {tool.name: tool.current.digest}
    with pytest.raises(PermissionDenied):
        actions.confirm_tools(connection=tool.connection, by=world.ines, seen=seen)
    assert Tool.objects.get().state == ToolState.CHANGED
    assert actions.confirm_tools(connection=tool.connection, by=world.hana, seen=seen) == []
    assert Tool.objects.get().state == ToolState.READY


def test_confirming_leaves_tools_alone_that_were_not_named_or_never_classified(world: World) -> None:
    named = a_tool(state=ToolState.CHANGED)
    other = a_tool("other", connection=named.connection, state=ToolState.CHANGED)
    never = a_tool("never", connection=named.connection, state=ToolState.NEW, created_by=None)
    seen = {tool.name: tool.current.digest for tool in (named, never) if tool.current}
    assert actions.confirm_tools(connection=named.connection, by=world.hana, seen=seen) == []
    states = [Tool.objects.get(pk=tool.pk).state for tool in (named, other, never)]
    assert states == [ToolState.READY, ToolState.CHANGED, ToolState.NEW]
