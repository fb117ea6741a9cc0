"""Whether a definition can work in the world as it is: its agents, tools, grants and reviewers exist and fit together.

An error keeps a definition from being published. A warning is worth a look.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agents.states import Effect, GrantEffect, ToolState
from orchestrator.workflows import conditions, references, shapes
from orchestrator.workflows.arguments import argument_problems
from orchestrator.workflows.problems import Document, Path, path_text
from orchestrator.workflows.schema import (
    UNDO,
    AgentStep,
    Definition,
    HumanStep,
    PlanStep,
    Reviewers,
    StepSpec,
    ToolStep,
    WorkflowStep,
    for_one_item,
    goes_over_items,
    output_schema,
    review_rule,
)
from orchestrator.workflows.scopes import Scope, Text, conditions_of, scopes, texts_of
from orchestrator.workflows.wording import slip, suggestion
from orchestrator.workflows.world import AgentFacts, World

RESERVED = frozenset({"import"})
"""Names that mean something else in the address of a page."""


class Level(StrEnum):
    """How serious a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """Something to put right or to know. Line and column are None for a definition that did not come from a text."""

    level: Level
    path: str
    sentence: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class _Remark:
    """A finding before its line is known; `token` is the piece of text it is about."""

    level: Level
    path: Path
    sentence: str
    token: str = ""


Remarks = Iterator[_Remark]
Known = Mapping[str | None, dict[str, Any] | None]
"""The schema of every step's output, and under None that of the run's input."""


def lint(definition: Definition, world: World, document: Document | None = None) -> list[Finding]:
    """Everything to say about the definition in this world. With `document`, with lines and in their order."""
    findings = []
    for remark in _all(definition, world):
        at = document.problem(remark.path, remark.sentence, remark.token) if document else None
        line, column = (at.line, at.column) if at else (None, None)
        findings.append(Finding(remark.level, path_text(remark.path), remark.sentence, line, column))
    return sorted(findings, key=lambda finding: (finding.line or 0, finding.column or 0))


def _error(path: Path, sentence: str, token: str = "") -> _Remark:
    return _Remark(Level.ERROR, path, sentence, token)


def _warning(path: Path, sentence: str, token: str = "") -> _Remark:
    return _Remark(Level.WARNING, path, sentence, token)


def _all(definition: Definition, world: World) -> Remarks:
    if definition.name in RESERVED:
        yield _error(("name",), f'The name "{definition.name}" is taken by a page of Holdshort. Choose another.')
    if definition.owner is not None and definition.owner.lower() not in world.people:
        yield _error(("owner",), _no_person(definition.owner, world))
    yield from _reviewers(definition.risk.reviewers, ("risk", "reviewers"), world)
    for scope in scopes(definition):
        known = _known(scope.definition, world)
        for index, step in enumerate(scope.definition.steps):
            yield from _step(scope, step, (*scope.path, index), world)
            yield from _arguments(scope, step, (*scope.path, index), world, known)
        yield from _references(scope, known, world)
        yield from _conditions(scope, known)


def _step(scope: Scope, step: StepSpec, path: Path, world: World) -> Remarks:
    match step:
        case AgentStep() | ToolStep():
            yield from _acting(scope, step, path, world)
        case HumanStep():
            yield from _asking(scope, step.reviewers, "Nobody is asked. Add reviewers:", (*path, "reviewers"), world)
        case PlanStep() if step.review:
            yield from _asking(
                scope, step.review, "Nobody is asked about the plan. Add review:", (*path, "review"), world
            )
        case WorkflowStep():
            yield from _sub_workflow(scope, step, (*path, "workflow"), world)
    if step.escalates_to is not None:
        yield from _team(step.escalates_to, (*path, "on_failure"), world)
    if step.compensate is not None:
        undoing = scope.definition.step(UNDO + step.id)
        assert isinstance(undoing, ToolStep)
        yield from _agent(undoing.agent, (*path, "compensate", "agent"), world)
        yield from _tool(scope, undoing, (*path, "compensate"), world)


def _acting(scope: Scope, step: AgentStep | ToolStep, path: Path, world: World) -> Remarks:
    yield from _agent(step.agent, (*path, "agent"), world)
    yield from _reviewers(step.review, (*path, "review"), world)
    if isinstance(step, ToolStep):
        yield from _tool(scope, step, path, world)
        return
    for place, name in enumerate(step.hand_off):
        yield from _agent(name, (*path, "hand_off", place), world)
    yield from _agent_tools(scope.definition, step, path, world)


def _asking(scope: Scope, asked: Reviewers, nobody: str, path: Path, world: World) -> Remarks:
    yield from _reviewers(asked, path, world)
    if not asked.named and not scope.definition.risk.reviewers.named:
        yield _error(path[:-1], f"{nobody} with a team or a person.")


def _sub_workflow(scope: Scope, step: WorkflowStep, path: Path, world: World) -> Remarks:
    if step.workflow == scope.definition.name:
        yield _error(path, "A workflow that runs itself would never end.")
    elif step.workflow not in world.workflows:
        yield _error(path, f'There is no workflow "{step.workflow}".{suggestion(step.workflow, world.workflows)}')


def _agent(name: str, path: Path, world: World) -> Remarks:
    facts = world.agents.get(name)
    if facts is None:
        yield _error(path, f'There is no agent "{name}".{suggestion(name, world.agents)}')
    elif not facts.ready:
        yield _error(path, f'The agent "{name}" has no version yet. Save one first.')
    elif facts.stopped:
        yield _warning(path, f'The agent "{name}" is stopped. Runs wait at this step.')


def _agent_tools(definition: Definition, step: AgentStep, path: Path, world: World) -> Remarks:
    """An agent that may hold an action needs somebody who decides on it."""
    facts = world.agents.get(step.agent, AgentFacts())
    for name in sorted(facts.grants):
        if name in world.tools and _may_stop(facts, name, world) and not _decided_by(definition, step, facts, name):
            yield _error(path, f"Nobody reviews {name}. Add reviewers under risk: or a review: to this step.")


def _tool(scope: Scope, step: ToolStep, path: Path, world: World) -> Remarks:
    place = (*path, "tool")
    tool = world.tools.get(step.tool)
    if tool is None:
        where = f"There is no tool {step.tool} in {world.environment}."
        yield _error(place, where + suggestion(step.tool, world.tools))
        return
    if tool.state is ToolState.NEW:
        yield _error(place, f"{step.tool} is not classified yet. An admin must say what it does.")
    elif tool.state is not ToolState.READY:
        yield _error(place, f"{step.tool} is {tool.state.label.lower()}. An admin must look at it first.")
    if step.agent in world.agents:
        yield from _grant(scope.definition, step, place, world)


def _arguments(scope: Scope, step: StepSpec, path: Path, world: World, known: Known) -> Remarks:
    """Whether what tools are called with can fit their contracts. A plan adds arguments of its own."""
    calls: list[tuple[Path, StepSpec]] = [(path, step)]
    if step.compensate is not None:
        calls.append(((*path, "compensate"), scope.definition.step(UNDO + step.id)))
    for place, called in () if scope.apart else calls:
        tool = world.tools.get(called.tool) if isinstance(called, ToolStep) else None
        if tool is not None:
            of_item = called is not step and goes_over_items(step)
            seen = {**known, step.id: _output(for_one_item(step), world)} if of_item else known
            for below, sentence in argument_problems(called.inputs, tool.arguments, seen):
                yield _error((*place, "with", *below), sentence)


def _grant(definition: Definition, step: ToolStep, place: Path, world: World) -> Remarks:
    facts = world.agents[step.agent]
    grant = facts.grants.get(step.tool)
    if grant is None or grant.effect is GrantEffect.FORBIDDEN:
        yield _error(place, f'The agent "{step.agent}" may not use {step.tool} in {world.environment}. Grant it.')
    elif _may_stop(facts, step.tool, world) and not _decided_by(definition, step, facts, step.tool):
        yield _error(place, f"Nobody reviews {step.tool}. Add reviewers under risk: or a review: to this step.")


def _may_stop(facts: AgentFacts, tool: str, world: World) -> bool:
    """Whether a call may need a person: its grant says review, or it writes and its risk may be too high."""
    grant = facts.grants[tool].effect
    writes = world.tools[tool].effect is Effect.WRITE
    return grant is GrantEffect.REVIEW or (grant is GrantEffect.ALLOWED and writes)


def _decided_by(definition: Definition, step: AgentStep | ToolStep, facts: AgentFacts, tool: str) -> bool:
    return facts.grants[tool].names_reviewer or review_rule(definition, step).named


def _reviewers(asked: Reviewers | None, path: Path, world: World) -> Remarks:
    if asked is None:
        return
    if asked.person is not None and asked.person.lower() not in world.people:
        yield _error((*path, "person"), _no_person(asked.person, world))
    if asked.team is not None:
        yield from _team(asked.team, (*path, "team"), world)


def _team(name: str, path: Path, world: World) -> Remarks:
    members = world.teams.get(name)
    if members is None:
        yield _error(path, f'There is no team "{name}".{suggestion(name, world.teams)}')
    elif members == 0:
        yield _error(path, f'The team "{name}" has no members. Add people to it first.')
    elif members == 1:
        yield _warning(path, f'The team "{name}" has one member, who cannot decide in runs they start.')


def _references(scope: Scope, all_known: Known, world: World) -> Remarks:
    """References into the results of tools, and references that some runs cannot fill in."""
    for text in texts_of(scope):
        known = all_known
        if text.one:
            known = {**known, text.one: _output(for_one_item(scope.definition.step(text.one)), world)}
        for part in references.parse(text.text):
            if isinstance(part, references.Reference):
                sentence = shapes.path_problem(known.get(part.step), part.path, "the output")
                if sentence is not None:
                    yield _error(text.path, f"{part.token}: {sentence}", part.token)
                elif not part.optional and (
                    _is_unsure(text, part.step) or shapes.may_be_absent(known.get(part.step), part.path)
                ):
                    better = part.token[:-1] + "?}"
                    sentence = f"{part.token} may be absent, and the step then fails. {better} allows it."
                    yield _warning(text.path, sentence, part.token)


def _is_unsure(text: Text, step: str | None) -> bool:
    """Whether a step may have been skipped, or not waited for, when this text is filled in."""
    return step in text.sees and step not in text.sure


def _conditions(scope: Scope, known: Known) -> Remarks:
    """Conditions that could never work, or not in every run, by the schemas of what they read."""
    for condition in conditions_of(scope):
        visible = _Visible(known, condition.sees)
        for sentence in conditions.check(condition.text, visible):
            yield _error(condition.path, sentence)
        for sentence in conditions.warnings(condition.text, visible):
            yield _warning(condition.path, sentence)


class _Visible(Known):
    """What one condition may read of all that is known: the input, and the steps that have ended by then."""

    def __init__(self, known: Known, sees: Set[str]) -> None:
        self._known, self._sees = known, sees

    def __getitem__(self, key: str | None) -> dict[str, Any] | None:
        if key is not None and key not in self._sees:
            raise KeyError(key)
        return self._known[key]

    def __iter__(self) -> Iterator[str | None]:
        return (key for key in self._known if key is None or key in self._sees)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _known(definition: Definition, world: World) -> Known:
    """The schema of every step's output, and under None that of the run's input."""
    known: dict[str | None, dict[str, Any] | None] = {None: definition.input}
    for step in definition.steps:
        known[step.id] = _output(step, world)
    return known


def _output(step: StepSpec, world: World) -> dict[str, Any] | None:
    if isinstance(step, ToolStep) and step.for_each is None and step.tool in world.tools:
        return world.tools[step.tool].result
    return output_schema(step)


def _no_person(email: str, world: World) -> str:
    return f"There is no active person {email}.{slip(email.lower(), world.people)}"
