"""The calls of the fast lane: leave to make one, what it is given, and what the record says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.gateway import Asked, Book, Passage, Read
from audit.chains import Chain, Link
from audit.log import Party
from orchestrator.runs.engine import resolving
from orchestrator.runs.engine.definitions import is_item
from orchestrator.runs.engine.rows import Brief
from orchestrator.runs.models import Run
from orchestrator.workflows.references import MissingReference
from orchestrator.workflows.schema import Definition, HumanStep, StepSpec, ToolStep

book = Book()


@dataclass(frozen=True)
class Called:
    """A step whose call was made, and what came of it. Nothing of it is stored yet."""

    step: Brief
    passage: Passage
    asked: Asked
    read: Read


def passage_for(spec: StepSpec, definition: Definition, run: Run, revision: int | None) -> Passage | None:
    """Leave to do this step in the lane; None where it has to go the ordinary way."""
    if not is_call(spec):
        return None
    assert isinstance(spec, ToolStep)
    review_from = definition.risk.review_from
    return book.passage(
        revision, agent=spec.agent, tool=spec.tool, environment=run.environment, review_from=review_from
    )


def is_plain(spec: StepSpec) -> bool:
    """Whether a step is one call of a tool, or one question to a person, with no time-out to watch."""
    return isinstance(spec, ToolStep | HumanStep) and spec.for_each is None and spec.timeout is None


def is_call(spec: StepSpec) -> bool:
    """Whether a step is one call of a tool, and nothing else."""
    return isinstance(spec, ToolStep) and is_plain(spec)


def given_to(run: Run, spec: StepSpec, outputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a step is given; None where something of it is missing."""
    try:
        return dict(run.input) if is_item(run) else resolving.input_of(spec, run.input, outputs)
    except MissingReference:
        return None


def link_of(called: Called, chain: Chain, at: datetime) -> Link:
    """The next entry of a run's record: this call."""
    step, version, ref = called.step, called.passage.version, str(called.step.ref)
    data = {
        "step": ref,
        "step_title": step.title,
        "kind": step.kind,
        "agent": version.agent.title,
        "agent_version": version.number,
        "began": called.asked.at.isoformat(),
        **called.read.told,
    }
    verb = "call.failed" if called.read.error else "step.read"
    subject = Party("step", ref, step.title)
    return chain.link(verb, actor=called.passage.actor, subject=subject, data=data, at=at)
