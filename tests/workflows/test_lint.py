"""A definition is published only where its agents, tools, grants and reviewers exist and fit together."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.states import Effect, Environment, GrantEffect, ToolState
from orchestrator.workflows.lint import Finding, Level, lint
from orchestrator.workflows.reading import from_canonical, read_source, to_canonical
from orchestrator.workflows.world import AgentFacts, GrantFacts, ToolFacts, World

REFUND = (Path(__file__).parent / "data" / "good" / "customer-refund.yaml").read_text()
GET_ORDER = ToolFacts(
    Effect.READ,
    ToolState.READY,
    arguments={
        "type": "object",
        "properties": {"order_id": {"type": "string"}, "depth": {"type": "integer", "maximum": 3}, "flag": {}},
        "required": ["order_id"],
        "additionalProperties": False,
    },
    result={
        "type": "object",
        "properties": {"total": {"type": "number"}, "items": {"type": "array", "items": {"type": "object"}}},
        "required": ["total"],
        "additionalProperties": False,
    },
)
REFUND_TOOL = ToolFacts(Effect.WRITE, ToolState.READY, arguments={"type": "object"})
GRANTS = {"company.get_order": GrantFacts(GrantEffect.ALLOWED), "company.refund": GrantFacts(GrantEffect.REVIEW)}
WORLD = World(
    Environment.PRODUCTION,
    agents={"refund-agent": AgentFacts(grants=GRANTS)},
    tools={"company.get_order": GET_ORDER, "company.refund": REFUND_TOOL},
    teams={"Refunds": 2, "Nobody": 0, "Alone": 1},
    people=frozenset({"ada@example.com"}),
)


def findings(text: str = REFUND, world: World = WORLD) -> list[Finding]:
    source = read_source(text)
    return lint(source.definition, world, source.document)


def told(text: str = REFUND, world: World = WORLD) -> list[str]:
    return [f"{found.level} line {found.line}: {found.sentence}" for found in findings(text, world)]


def with_agent(**facts: Any) -> World:
    return replace(WORLD, agents={"refund-agent": replace(WORLD.agents["refund-agent"], **facts)})


def with_order_tool(**facts: Any) -> World:
    return replace(WORLD, tools={**WORLD.tools, "company.get_order": replace(GET_ORDER, **facts)})


def without_reviewers(text: str = REFUND) -> str:
    text = text.replace("  reviewers: {team: Refunds}\n", "").replace("{team: Refunds, due", "{due")
    return text.replace("    due: 90m", "    due: 90m\n    reviewers: {team: Refunds}")


def test_a_definition_that_fits_has_no_findings() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "title: Decide\n    agent: refund-agent",
            "title: Decide\n    agent: refund-agnt",
            'error line 27: There is no agent "refund-agnt". Did you mean "refund-agent"?',
        ),
        (
            "company.get_order",
            "company.get_orders",
            'error line 20: There is no tool company.get_orders in production. Did you mean "company.get_order"?',
        ),
        (
            "reviewers: {team: Refunds}",
            "reviewers: {team: Refund}",
            'error line 14: There is no team "Refund". Did you mean "Refunds"?',
        ),
        (
            "reviewers: {team: Refunds}",
            "reviewers: {team: Nobody}",
            'error line 14: The team "Nobody" has no members. Add people to it first.',
        ),
        (
            "reviewers: {team: Refunds}",
            "reviewers: {team: Alone}",
            'warning line 14: The team "Alone" has one member, who cannot decide in runs they start.',
        ),
        (
            "reviewers: {team: Refunds}",
            "reviewers: {person: adda@example.com}",
            'error line 14: There is no active person adda@example.com. Did you mean "ada@example.com"?',
        ),
        (
            "{team: Refunds, due",
            "{team: Refound, due",
            'error line 37: There is no team "Refound". Did you mean "Refunds"?',
        ),
        (
            "    due: 90m",
            "    reviewers: {person: zed@example.org}",
            "error line 43: There is no active person zed@example.org.",
        ),
        (
            "owner: ada@example.com",
            "owner: bob@example.com",
            "error line 4: There is no active person bob@example.com.",
        ),
        (
            "${steps.look_up.output.total}",
            "${steps.look_up.output.totl}",
            'error line 30: ${steps.look_up.output.totl}: the output has no "totl". Did you mean "total"?',
        ),
        (
            "${steps.look_up.output.total}",
            "${steps.look_up.output.items.first}",
            'error line 30: ${steps.look_up.output.items.first}: "items" is a list. '
            'Write the number of an item, like 0, instead of "first".',
        ),
        (
            "Decide on ${input.order_id}",
            "Decide on ${input.note}",
            "warning line 29: ${input.note} may be absent, and the step then fails. ${input.note?} allows it.",
        ),
        ("Decide on ${input.order_id}", "Decide on ${input.note?}", ""),
        (
            "      order_id: ${input.order_id}",
            "      id: 7",
            'error line 21: The tool needs "order_id". Add it under with:.|'
            'error line 22: The tool takes no "id". Known: depth, flag, order_id.',
        ),
        (
            "      order_id: ${input.order_id}",
            "      order_id: 7",
            'error line 22: "order_id" does not fit the tool: 7 is not of type "string".',
        ),
        (
            "      order_id: ${input.order_id}",
            "      order_id: ${input}",
            'error line 22: "order_id" of the tool takes string; ${input} is object.',
        ),
        (
            "      order_id: ${input.order_id}",
            "      order_id: a\n      depth: 4",
            'error line 23: "depth" does not fit the tool: 4 is greater than the maximum of 3.',
        ),
        (
            "      order_id: ${input.order_id}",
            "      order_id: a\n      depth: of ${input.order_id}",
            'error line 23: "depth" of the tool takes integer; of ${input.order_id} is string.',
        ),
        ("      order_id: ${input.order_id}", "      order_id: a\n      depth: 3\n      flag: [1]", ""),
    ],
)
def test_what_does_not_exist_or_fit_is_told_with_its_line(old: str, new: str, sentence: str) -> None:
    assert old in REFUND
    assert told(REFUND.replace(old, new, 1)) == [part for part in sentence.split("|") if part]


def test_an_agent_that_is_stopped_is_a_warning_and_one_without_a_version_an_error() -> None:
    assert {found.level for found in findings(world=with_agent(stopped=True))} == {Level.WARNING}
    assert {found.level for found in findings(world=with_agent(ready=False))} == {Level.ERROR}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (ToolState.NEW, "company.get_order is not classified yet. An admin must say what it does."),
        (ToolState.CHANGED, "company.get_order is changed on the server. An admin must look at it first."),
        (ToolState.MISSING, "company.get_order is missing on the server. An admin must look at it first."),
    ],
)
def test_a_tool_that_is_not_ready_is_an_error(state: ToolState, sentence: str) -> None:
    assert told(world=with_order_tool(state=state)) == [f"error line 20: {sentence}"]


@pytest.mark.parametrize("grants", [{}, {"company.get_order": GrantFacts(GrantEffect.FORBIDDEN)}])
def test_a_tool_step_needs_a_grant(grants: dict[str, GrantFacts]) -> None:
    sentence = 'The agent "refund-agent" may not use company.get_order in production. Grant it.'
    assert told(world=with_agent(grants=grants)) == [f"error line 20: {sentence}"]


def test_a_write_that_nobody_reviews_is_an_error() -> None:
    sentence = "Nobody reviews company.get_order. Add reviewers under risk: or a review: to this step."
    grants = {"company.get_order": GrantFacts(GrantEffect.ALLOWED)}
    world = replace(with_order_tool(effect=Effect.WRITE), agents=with_agent(grants=grants).agents)
    assert f"error line 19: {sentence}" in told(without_reviewers(), world)
    assert told(REFUND, world) == []
    named = {"company.get_order": GrantFacts(GrantEffect.REVIEW, names_reviewer=True)}
    assert told(without_reviewers(), replace(world, agents=with_agent(grants=named).agents)) == []


def test_an_agent_whose_action_nobody_reviews_is_an_error() -> None:
    assert told(without_reviewers()) == [
        "error line 23: Nobody reviews company.refund. Add reviewers under risk: or a review: to this step."
    ]
    reading = {
        "company.get_order": GrantFacts(GrantEffect.ALLOWED),
        "company.refund": GrantFacts(GrantEffect.FORBIDDEN),
    }
    assert told(without_reviewers(), with_agent(grants=reading)) == []


def test_a_question_to_nobody_is_an_error() -> None:
    text = without_reviewers().replace("    reviewers: {team: Refunds}\n", "")
    assert told(text)[-1] == "error line 37: Nobody is asked. Add reviewers: with a team or a person."


def test_a_definition_without_its_text_is_linted_without_lines() -> None:
    definition = from_canonical(to_canonical(read_source(REFUND.replace("get_order", "get_odrer")).definition))
    (found,) = lint(definition, WORLD)
    assert (found.level, found.path, found.line) == (Level.ERROR, "steps[0].tool", None)
