"""Passing a task on: to agents that the workflow allows, with what is known, under the grants of who has it then."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents.models import ToolCall
from agents.runtime import scripted
from agents.runtime.scripted import Call, Final, Say, ScriptState
from audit.models import Entry
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from tests.workshop import Workshop, verbs, words
from tests.world import a_grant, an_agent

STEPS = """
- id: work
  kind: agent
  title: Work
  agent: first
  task: Say ${input.word}
  hand_off: [second]
  output: {type: object, additionalProperties: false, properties: {told: {}}}
"""
Scripts = dict[str, Callable[[ScriptState], Say]]


@pytest.fixture
def scripts() -> Iterator[Scripts]:
    """Scripts of agents, by the name in their model string, for this test."""
    before = dict(scripted._scripts)
    yield scripted._scripts
    scripted._scripts.clear()
    scripted._scripts.update(before)


@pytest.fixture
def pair(workshop: Workshop) -> Workshop:
    """Two agents: the first may only speak, the second may make things too."""
    for name, tools in (("first", ["say"]), ("second", ["say", "make"])):
        world = workshop.world
        agent = an_agent(
            name, owner=world.hana, acts_for=world.refund_desk, title=name.title(), model=f"scripted:{name}"
        )
        for tool in tools:
            a_grant(agent, workshop.tools[tool])
    return workshop


def passes_on(state: ScriptState) -> Say:
    if state.turn == 1:
        return Call("say", word="found", reasoning="I look first.")
    return Call("hand_off", agent="second", reason="It has to be made.")


def takes_over(state: ScriptState) -> Say:
    if state.turn == 1:
        return Call("make", word=state.task["task"])
    return Final({"told": state.task["handed_over"]})


def test_a_task_is_passed_on_with_all_that_is_known(pair: Workshop, scripts: Scripts) -> None:
    scripts |= {"first": passes_on, "second": takes_over}
    run = pair.run(STEPS, word="cheese")
    assert run.state == RunState.SUCCEEDED, run.reason
    told = output_of(run)
    assert (told["by"], told["why"]) == ("First", "It has to be made.")
    assert told["so_far"][0]["calls"][0]["answer"] == {"status": "executed", "result": {"word": "found"}}
    assert words("make") == ["Say cheese"]
    assert "step.handed_off" in verbs(run)
    by = {call.tool_name: str(call.agent_version.agent) for call in ToolCall.objects.all() if call.agent_version}
    assert by == {"shop.say": "First", "shop.make": "Second"}


def output_of(run: Run) -> dict[str, Any]:
    assert run.output is not None
    told: dict[str, Any] = run.output["work"]["told"]
    return told


def test_nobody_else_can_be_named(pair: Workshop, scripts: Scripts) -> None:
    def tries(state: ScriptState) -> Say:
        if state.turn == 1:
            return Call("hand_off", agent="root", reason="They may do everything.")
        return Final({"told": state.of("hand_off")})

    scripts["first"] = tries
    assert "Name one of these agents" in json.dumps(output_of(pair.run(STEPS, word="x")))
    assert not Entry.objects.filter(verb="step.handed_off").exists()


def test_a_step_that_names_nobody_has_no_such_tool(pair: Workshop, scripts: Scripts) -> None:
    scripts["first"] = lambda state: Final({"told": list(state.tools)})
    run = pair.run(STEPS.replace("  hand_off: [second]\n", ""), word="x")
    assert run.output == {"work": {"told": ["say"]}}


def test_two_agents_do_not_pass_a_task_between_them_for_ever(pair: Workshop, scripts: Scripts) -> None:
    scripts["first"] = lambda state: Call("hand_off", agent="second", reason="Yours.")
    scripts["second"] = lambda state: Call("hand_off", agent="first", reason="No, yours.")
    run = pair.run(STEPS.replace("[second]", "[first, second]"), word="x")
    assert run.state == RunState.WAITING, "a person is asked in the end"
    assert verbs(run).count("step.handed_off") == 5
