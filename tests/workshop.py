"""A workshop: tools inside this process, and workflows on them, for tests of what the engine does with steps.

The tools are real ones, called through the gateway. What they did stands in `LEDGER`, the witness.
"""

import json
import textwrap
from collections import Counter
from typing import Any

import pytest

from agents.connectors import connector_for
from agents.gateway import target_of
from agents.models import Agent, Connection, Tool
from agents.python_tools import CallContext, ToolRefused, tool
from agents.states import Effect, GrantEffect, Idempotency, Reversibility
from audit.models import Entry
from orchestrator.accounts.models import User
from orchestrator.runs.engine.advancing import advance
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RUN_ENDED
from orchestrator.workflows.models import WorkflowVersion
from tests.scenes import a_workflow
from tests.world import World, a_connection, a_grant, a_tool, an_agent

LEDGER: list[tuple[str, Any]] = []
FAILURES: Counter[str] = Counter()
"""How many more calls of a tool are refused, by the word that they are called with."""
WORD = {"type": "object", "properties": {"word": {}}, "additionalProperties": False}


@tool("say", "Says what it was given.", WORD, annotations={"readOnlyHint": True})
def say(arguments: dict[str, Any], context: CallContext) -> Any:
    """The word itself."""
    return _did("say", arguments)


@tool("make", "Makes something.", WORD)
def make(arguments: dict[str, Any], context: CallContext) -> Any:
    """Something made of the word."""
    return _did("make", arguments)


@tool("unmake", "Takes something back.", WORD)
def unmake(arguments: dict[str, Any], context: CallContext) -> Any:
    """What make made, gone."""
    return _did("unmake", arguments)


def _did(what: str, arguments: dict[str, Any]) -> Any:
    word = arguments.get("word")
    if FAILURES[str(word)] > 0:
        FAILURES[str(word)] -= 1
        raise ToolRefused(f"There is no {word} today.")
    LEDGER.append((what, word))
    return {"word": word}


class Workshop:
    """An agent with the tools of this module, and workflows on them."""

    def __init__(self, world: World, agent: Agent, connection: Connection, tools: dict[str, Tool]) -> None:
        self.world, self.agent, self.connection, self.tools = world, agent, connection, tools

    def workflow(self, steps: str, *, name: str = "work", extra: str = "") -> WorkflowVersion:
        """A published workflow of these steps, whose input takes anything."""
        text = textwrap.dedent(
            """
            name: {name}
            title: Work
            environment: sandbox
            input: {{type: object, additionalProperties: false, properties: {{word: {{}}, words: {{}}, n: {{}}}}}}
            risk: {{review_from: 100, reviewers: {{team: Refund desk}}}}
            """
        ).format(name=name)
        return a_workflow(text + textwrap.dedent(extra) + "\nsteps:\n" + textwrap.dedent(steps))

    def run(self, steps: str, *, extra: str = "", **values: Any) -> Run:
        """A run of these steps, driven as far as it goes."""
        from tests.scenes import a_run

        return pump(a_run(self.workflow(steps, extra=extra), self.world.otto, **values))


@pytest.fixture
def workshop(world: World, settings: Any) -> Workshop:
    """A clean workshop."""
    LEDGER.clear()
    FAILURES.clear()
    settings.HOLDSHORT_PYTHON_TOOLS = {"workshop": "tests.workshop"}
    return a_workshop(world)


def a_workshop(world: World, *, environment: str = "sandbox") -> Workshop:
    """An agent that may use all tools of the workshop by itself. Needs HOLDSHORT_PYTHON_TOOLS."""
    connection = a_connection("shop", kind="python", server="workshop", environment=environment)
    agent = an_agent("hand", owner=world.hana, acts_for=world.refund_desk, title="Hand")
    tools = {}
    for remote in connector_for("python").list_tools(target_of(connection)).tools:
        reads = remote.name == "say"
        made = a_tool(
            remote.name,
            connection=connection,
            description=remote.description,
            input_schema=remote.input_schema,
            output_schema=remote.output_schema,
            server_digest=remote.digest,
            effect=Effect.READ if reads else Effect.WRITE,
            reversibility=Reversibility.REVERSIBLE,
            idempotency=Idempotency.BY_KEY,
            sentence="",
            short_sentence="",
            amount_argument="",
            timeout_seconds=10,
        )
        a_grant(agent, made, GrantEffect.ALLOWED)
        tools[remote.name] = made
    return Workshop(world, agent, connection, tools)


def step(key: str, word: str = "", *, tool: str = "say", **more: Any) -> str:
    """One step that calls a tool with a word, as a line of a definition."""
    given = {"id": key, "kind": "tool", "title": key.capitalize(), "agent": "hand", "tool": f"shop.{tool}"}
    parts = [f"{name}: {value}" for name, value in {**given, **more}.items()]
    return f"- {{{', '.join(parts)}, with: {{word: {json.dumps(word or key)}}}}}\n"


def pump(run: Run) -> Run:
    """Drive a run and all its parts as workers would, until nothing moves any more."""
    before: Any = None
    for _ in range(500):
        for ref in Run.objects.exclude(state__in=RUN_ENDED).order_by("-pk").values_list("ref", flat=True):
            advance(ref)
        now = (Entry.objects.count(), Run.objects.count())
        if now == before:
            break
        before = now
    run.refresh_from_db()
    return run


def states(run: Run) -> dict[str, str]:
    """The state of each step by its key."""
    return dict(Step.objects.filter(run=run).order_by("position").values_list("key", "state"))


def words(tool: str = "say") -> list[Any]:
    """The words a tool was called with, in order."""
    return [word for what, word in LEDGER if what == tool]


def verbs(run: Run) -> list[str]:
    """What stands in the record of a run, in order."""
    return list(Entry.objects.filter(stream__key=f"run:{run.ref}").order_by("seq").values_list("verb", flat=True))


def somebody(name: str) -> User:
    """A person of the cast."""
    return User.objects.get(name=name)
