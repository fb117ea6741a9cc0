"""Workflows that use everything a definition knows, on the system outside of `shop`. Each ends by itself or by people.

`WORKFLOWS` are definitions by name; `input_of` what a run of one is started with.
"""

import random
import textwrap
from typing import Any

from orchestrator.workflows.models import WorkflowVersion
from tests.scenes import a_workflow

HEAD = """
name: {name}
title: {title}
environment: sandbox
input: {{type: object, additionalProperties: false, properties: {{word: {{}}, words: {{}}}}}}
risk: {{review_from: 100, reviewers: {{team: Refund desk}}}}
steps:
"""


def one(key: str, name: str = "look", word: str = "", **more: str) -> str:
    """One step that calls a tool of the system outside."""
    options = "".join(f", {option}: {value}" for option, value in more.items())
    word = word or f"{key} ${{input.word}}"
    return (
        f"- {{id: {key}, kind: tool, title: {key.capitalize()}, agent: hand, tool: outside.{name}{options}, "
        f'with: {{word: "{word}"}}}}\n'
    )


def undone(key: str) -> str:
    """What makes good what a step has made."""
    return f'{{tool: outside.unmake, agent: hand, with: {{word: "not {key}"}}}}'


READS = "".join(one(f"r{place}") for place in range(6))
MIXED = one("r1") + one("w1", "make") + one("r2") + one("r3") + one("w2", "make") + one("r4")
BRANCHES = (
    one("first")
    + one("left", "make", needs="[first]")
    + one("middle", needs="[first]")
    + one("right", "make", needs="[first]")
    + one(
        "meet", "make", word="${steps.left.output.word} and ${steps.right.output.word}", needs="[left, middle, right]"
    )
)
ENOUGH = (
    one("good", "make", needs="[]")
    + one("bad", "refuse", needs="[]", on_failure="terminate")
    + one("better", needs="[]")
    + one("meet", needs="[good, bad, better]", join="2")
)
ITEMS = one("start") + one("each", "make", word="${item} ${index}", for_each='{items: "${input.words}", at_once: 3}')
ROUNDS = textwrap.dedent(
    """
    - id: polish
      kind: loop
      title: Polish
      with: {word: "${input.word}"}
      steps:
        - {id: write, kind: tool, title: Write, agent: hand, tool: outside.make,
           with: {word: "${input.word} ${input.round}"}}
        - {id: check, kind: tool, title: Check, agent: hand, tool: outside.look, with: {word: "${input.round}"}}
      until: steps.check.output.word >= 3
      feedback: {last: "${steps.check.output.word}"}
      max_rounds: 4
    """
)
UNDO = (
    one("one", "make", compensate=undone("one"))
    + one("two", "make", compensate=undone("two"))
    + one("last", "refuse", on_failure="terminate")
)
CONSENT = one("look") + one("pay", "pay") + one("after", "make")
PERSON = (
    one("look")
    + "- {id: ask, kind: human, title: Ask, instructions: What now,\n"
    + "   form: {type: object, properties: {a: {type: string, maxLength: 5}}, additionalProperties: false}}\n"
    + one("again")
    + one("after", "make")
)
INNER = one("within", "make")
OTHER = '- {id: call, kind: workflow, title: Call, workflow: inner, with: {word: "${input.word}"}}\n' + one("after")
RESTS = one("look") + "- {id: rest, kind: wait, title: Rest, for: 1s}\n" + one("after", "make")
AGAIN = one("flaky", "flaky", retry="{attempts: 4, first: 1s, on: [failed, unavailable, timeout]}") + one("after")
ONCE = one("look") + one("pay", "pay_once") + one("after")
HELP = one("look") + one("bad", "refuse") + one("after", "make")
STAND_IN = one("bad", "refuse", on_failure="fallback good") + one("good", "make") + one("after")
MODEL = textwrap.dedent(
    """
    - id: think
      kind: agent
      title: Think
      agent: hand
      task: Make ${input.word}
      output: {type: object, additionalProperties: false, properties: {made: {}}}
    """
) + one("after")
HEARS = "- {id: hear, kind: wait, title: Hear, event: {name: papers, key: '${input.word}'}}\n" + one("after", "make")

WORKFLOWS = {
    "inner": INNER,
    "reads": READS,
    "mixed": MIXED,
    "branches": BRANCHES,
    "enough": ENOUGH,
    "items": ITEMS,
    "rounds": ROUNDS,
    "undo": UNDO,
    "consent": CONSENT,
    "person": PERSON,
    "other": OTHER,
    "rests": RESTS,
    "again": AGAIN,
    "once": ONCE,
    "help": HELP,
    "stand_in": STAND_IN,
    "model": MODEL,
    "hears": HEARS,
}


def publish(name: str) -> WorkflowVersion:
    """A published version of one of WORKFLOWS."""
    return a_workflow(HEAD.format(name=name, title=name.capitalize()) + WORKFLOWS[name].lstrip("\n"))


def input_of(name: str, place: int, choice: random.Random) -> dict[str, Any]:
    """What a run is started with."""
    given: dict[str, Any] = {"word": f"{name} {place}"}
    return given | {"words": [f"item {n}" for n in range(choice.randrange(7))]} if name == "items" else given
