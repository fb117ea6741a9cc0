"""A workflow with a memory: an agent that may read and write notes, and builders of notes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from agents.models import Agent, Note, Tool
from agents.notes import writing
from agents.notes.places import Place
from agents.notes.setup import ensure_memory
from agents.runtime import scripted
from agents.runtime.scripted import Call, Final, Say, ScriptState
from agents.states import Environment, GrantEffect, NoteState
from orchestrator.accounts.models import User
from orchestrator.runs.models import Run
from orchestrator.workflows.models import WorkflowVersion
from tests.scenes import a_run, a_workflow, drive
from tests.world import World, a_grant, an_agent

WORKFLOW = """
name: {name}
title: {title}
title_template: "Case {{input.case}}"
input:
  type: object
  additionalProperties: false
  properties:
    case: {{type: string, maxLength: 20}}
  required: [case]
risk:
  review_from: 100
  reviewers: {{team: Refund desk}}
steps:
  - id: look
    title: Look into it
    kind: agent
    agent: {agent}
    task: Look into case ${{input.case}}.
    output: {{type: object, additionalProperties: false, properties: {{told: {{}}}}}}
"""

_numbers: Iterator[int] = count(1)


@dataclass(frozen=True)
class Memory:
    """The tools of the memory, the agent that uses them, and its workflow."""

    tools: dict[str, Tool]
    agent: Agent
    version: WorkflowVersion

    @property
    def place(self) -> Place:
        """The place of the workflow's runs."""
        return Place(self.version.workflow.ref, self.version.workflow.title, "Case 1")


def a_memory(world: World) -> Memory:
    """An agent that may recall and remember without asking anybody, and its workflow."""
    connection = ensure_memory(world.hana)
    tools = {tool.name: tool for tool in connection.tools.select_related("connection", "current")}
    agent = a_keeper(world, tools, "keeper")
    return Memory(tools, agent, a_keeping("cases", "keeper", world))


def a_keeper(world: World, tools: dict[str, Tool], name: str) -> Agent:
    """An agent of the Refund desk that may use these tools."""
    agent = an_agent(name, owner=world.hana, acts_for=world.refund_desk)
    for tool in tools.values():
        a_grant(agent, tool, GrantEffect.ALLOWED)
    return agent


def a_keeping(name: str, agent: str, world: World) -> WorkflowVersion:
    """A published workflow with one step for an agent."""
    return a_workflow(WORKFLOW.format(name=name, title=name.capitalize(), agent=agent), owner=world.hana)


def a_note(memory: Memory, text: str = "Pays late.", *, subject: str = "K-1", **changed: Any) -> Note:
    """An accepted note of the keeper about K-1; `changed` are fields that are otherwise."""
    source = writing.Source(
        origin=f"call:{next(_numbers)}",
        place=memory.place,
        agent=memory.agent,
        environment=Environment.PRODUCTION,
        run_ref=uuid4(),
        step_ref=None,
    )
    note = writing.remember(source, subject, text)
    if changed.get("state") == NoteState.DELETED:
        changed["text"] = ""
    if changed:
        Note.objects.filter(pk=note.pk).update(**changed)
    return Note.objects.select_related("agent").get(pk=note.pk)


def yesterday() -> Any:
    """The moment a day ago."""
    return timezone.now() - timedelta(days=1)


def run_with(version: WorkflowVersion, by: User, first: Callable[[ScriptState], Say]) -> tuple[Run, Any]:
    """A run whose agent does one thing and ends with what it was told; the run, and the result of the tool."""

    def script(state: ScriptState) -> Say:
        return first(state) if state.turn == 1 else Final({"told": state.last[0].content if state.last else None})

    scripted._scripts["test"] = script
    try:
        run = drive(a_run(version, by, case="1"))
    finally:
        scripted._scripts.pop("test", None)
    told = run.output["look"]["told"] if run.output else {}
    return run, told.get("result", told)


def asked(version: WorkflowVersion, by: User, tool: str, **arguments: Any) -> Any:
    """What the agent of a workflow is told when it calls one tool of the memory in a new run."""
    return run_with(version, by, lambda state: Call(tool, arguments))[1]
