"""The graphs inside a definition: its own, that of each loop, and the steps that a plan may use.

Every check of a definition is made for each of them, with the path at which its steps are written.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

from orchestrator.workflows import references
from orchestrator.workflows.ancestry import always_done, ancestors_of, certain_of
from orchestrator.workflows.problems import Path
from orchestrator.workflows.schema import (
    Definition,
    LoopStep,
    PlanStep,
    StepSpec,
    goes_over_items,
)


@dataclass(frozen=True)
class Scope:
    """Steps that can see each other. `path` leads to the list they are written in; `around` to what it belongs to."""

    definition: Definition
    path: Path
    around: Path = ()
    apart: bool = False
    loop: LoopStep | None = None

    @property
    def top(self) -> bool:
        """Whether this is the workflow itself."""
        return not self.around


@dataclass(frozen=True)
class Text:
    """A text that may hold references: where it stands, what it may see, what of that is surely there, and whether
    there is an item. The output of the step `one` is that of this item.
    """

    path: Path
    text: str
    sees: Set[str]
    sure: Set[str]
    item: bool = False
    one: str = ""


def scopes(definition: Definition) -> Iterator[Scope]:
    """The graph of the definition itself, then those inside it."""
    yield from _scopes(Scope(definition, ("steps",)))


def _scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for index, step in enumerate(scope.definition.steps):
        path: Path = (*scope.path, index)
        if isinstance(step, LoopStep):
            yield from _scopes(Scope(scope.definition.scope(step.id), (*path, "steps"), path, loop=step))
        if isinstance(step, PlanStep):
            body = scope.definition.planned(step.id, list(step.allow))
            yield from _scopes(Scope(body, (*path, "allow"), path, apart=True))


def texts_of(scope: Scope) -> Iterator[Text]:
    """Every text of a scope that may hold references. Steps that a plan may use see nothing but what the plan gives."""
    sees, certain = ancestors_of(scope.definition), certain_of(scope.definition)
    for index, step in enumerate(scope.definition.steps):
        before, sure = (frozenset(), frozenset()) if scope.apart else (sees[step.id], certain[step.id])
        for path, text in references.texts_in(_sources(step), (*scope.path, index)):
            yield Text(path, text, before, sure, item=goes_over_items(step))
        made_good = {"compensate": {"with": step.compensate.inputs}} if step.compensate else {}
        for path, text in references.texts_in(made_good, (*scope.path, index)):
            each = goes_over_items(step)
            yield Text(path, text, before | {step.id}, sure | {step.id}, item=each, one=step.id if each else "")
        for_each = getattr(step, "for_each", None)
        if for_each is not None:
            yield Text((*scope.path, index, "for_each", "items"), for_each.items, before, sure)
    everything, always = frozenset(sees), always_done(scope.definition)
    ends = {"output": scope.definition.output or {}, "feedback": scope.loop.feedback if scope.loop else {}}
    for path, text in references.texts_in(ends, scope.around):
        yield Text(path, text, everything, always)


def conditions_of(scope: Scope) -> Iterator[Text]:
    """Every condition of a scope. That of a loop is about the steps of its rounds."""
    sees, certain = ancestors_of(scope.definition), certain_of(scope.definition)
    for index, step in enumerate(scope.definition.steps):
        if step.when is not None:
            seen = frozenset() if scope.apart else sees[step.id]
            yield Text((*scope.path, index, "when"), step.when, seen, certain[step.id])
    if scope.loop is not None:
        yield Text((*scope.around, "until"), scope.loop.until, frozenset(sees), always_done(scope.definition))


def _sources(step: StepSpec) -> dict[str, Any]:
    """What of a step may hold references, by the keys under which it is written."""
    sources: dict[str, Any] = {"with": step.inputs}
    match step.kind:
        case "agent":
            sources["task"] = step.task
        case "human":
            sources["instructions"] = step.instructions
        case "wait":
            sources |= {"until": step.until or "", "event": {"key": step.event.key} if step.event else {}}
        case "plan":
            sources["from"] = step.source
    return sources
