"""The steps of a definition as people read them: what happens, who or what does it, and whom it waits for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from agents.access import visible
from agents.models import Agent, Tool
from agents.people import Person
from orchestrator.workflows.parts import ForEach
from orchestrator.workflows.picture import Picture, picture_of
from orchestrator.workflows.schema import (
    AgentStep,
    Definition,
    HumanStep,
    LoopStep,
    PlanStep,
    ReviewRule,
    StepSpec,
    ToolStep,
    WaitStep,
    WorkflowStep,
    review_rule,
)
from orchestrator.workflows.windows import Window, window_at

ICONS = {
    "agent": "agent",
    "tool": "tool",
    "human": "hold",
    "workflow": "flow",
    "wait": "clock",
    "plan": "fork",
    "loop": "retry",
}


@dataclass(frozen=True)
class StepLine:
    """One step. `agent` and `tool` are the rows behind the names, for readers who may see them.

    after    the titles of the steps it waits for; None where that is said by its place alone.
    primary  the title of the step that it stands in for when that fails.
    inner    the steps of a loop's rounds, or those that a plan may use.
    """

    number: int
    spec: StepSpec
    rule: ReviewRule
    agent: Agent | None
    tool: Tool | None
    after: tuple[str, ...] | None = None
    primary: str = ""
    fallback: str = ""
    inner: "StepLines | None" = None

    @property
    def id(self) -> str:
        """Its name in the definition."""
        return self.spec.id

    @property
    def title(self) -> str:
        """What people call it."""
        return self.spec.title

    @property
    def kind(self) -> str:
        """What kind of step it is."""
        return self.spec.kind

    @property
    def icon(self) -> str:
        """The symbol of its kind."""
        return ICONS[self.kind]

    @property
    def asked(self) -> str:
        """The task of an agent, the instructions for a person."""
        if isinstance(self.spec, AgentStep):
            return self.spec.task
        return self.spec.instructions if isinstance(self.spec, HumanStep) else ""

    @property
    def agent_name(self) -> str:
        """The agent that works on it, or on whose grants a tool is called."""
        return self.spec.agent if isinstance(self.spec, AgentStep | ToolStep) else ""

    @property
    def hands_to(self) -> list[str]:
        """The agents to which the task may be passed."""
        return self.spec.hand_off if isinstance(self.spec, AgentStep) else []

    @property
    def tool_name(self) -> str:
        """The tool it calls."""
        return self.spec.tool if isinstance(self.spec, ToolStep) else ""

    @property
    def workflow(self) -> str:
        """The workflow it runs."""
        return self.spec.workflow if isinstance(self.spec, WorkflowStep) else ""

    @property
    def loop(self) -> LoopStep | None:
        """What a loop repeats, and until when."""
        return self.spec if isinstance(self.spec, LoopStep) else None

    @property
    def plan(self) -> PlanStep | None:
        """Which plan is carried out."""
        return self.spec if isinstance(self.spec, PlanStep) else None

    @property
    def wait(self) -> WaitStep | None:
        """What is waited for."""
        return self.spec if isinstance(self.spec, WaitStep) else None

    @property
    def each(self) -> ForEach | None:
        """The list it goes over."""
        return getattr(self.spec, "for_each", None)

    @property
    def asks_people(self) -> bool:
        """Whether somebody may be asked about what it does."""
        reviewed = self.plan is not None and self.plan.review is not False
        return reviewed or isinstance(self.spec, AgentStep | ToolStep | HumanStep)

    @property
    def reviewers(self) -> str:
        """Who is asked; empty where the definition names nobody."""
        return self.rule.team or self.rule.person or ""

    @property
    def is_team(self) -> bool:
        """Whether those are a team."""
        return self.rule.team is not None

    @property
    def due(self) -> timedelta | None:
        """When they are reminded."""
        return self.rule.due

    @property
    def expires(self) -> timedelta | None:
        """When it is too late."""
        return self.rule.expires

    @property
    def ends_run(self) -> bool:
        """Whether its failure ends the run without anybody being asked."""
        return self.spec.on_failure == "terminate"


class StepLines(list[StepLine]):
    """Steps of a definition in their order, with the picture of them. `window` says which, where there are many."""

    def __init__(
        self,
        lines: Sequence[StepLine] = (),
        definition: Definition | None = None,
        window: Window[StepSpec] | None = None,
    ) -> None:
        super().__init__(lines)
        self.definition, self.window = definition, window

    @cached_property
    def picture(self) -> Picture | None:
        """The boxes and arrows; None for a single step, and for steps that a plan may use in any order."""
        if self.definition is None or len(self) < 2:
            return None
        return picture_of(self.definition, [(line.number, line.spec) for line in self])


def step_lines(definition: Definition, user: Person, first: int = 1) -> StepLines:
    """The steps in their order, those inside loops and plans below them; in a long definition as many as a page shows,
    from `first` on. Two queries, however many there are.
    """
    window = window_at(definition.steps, first)
    every = list(_all(window.rows))
    names = {step.agent for step in every if isinstance(step, AgentStep | ToolStep)}
    agents = {agent.name: agent for agent in visible(user, Agent).filter(name__in=names)}
    return _lines(definition, agents, _tools(definition, every, user), window)


def _all(steps: Sequence[StepSpec]) -> Iterator[StepSpec]:
    for step in steps:
        yield step
        yield from _all(_inside(step))


def _inside(step: StepSpec) -> Sequence[StepSpec]:
    if isinstance(step, LoopStep):
        return step.steps
    return step.allow if isinstance(step, PlanStep) else ()


def _lines(
    definition: Definition,
    agents: Mapping[str, Agent],
    tools: Mapping[str, Tool],
    window: Window[StepSpec] | None = None,
) -> StepLines:
    titles = {step.id: step.title for step in definition.steps}
    shown = window or window_at(definition.steps, 1)
    lines = []
    for number, step in enumerate(shown.rows, shown.first):
        named = getattr(step, "agent", ""), getattr(step, "tool", "")
        lines.append(
            StepLine(
                number=number,
                spec=step,
                rule=review_rule(definition, step),
                agent=agents.get(named[0]),
                tool=tools.get(named[1]),
                after=_after(definition, number - 1, titles),
                primary=titles.get(definition.fallback_for.get(step.id, ""), ""),
                fallback=titles.get(step.fallback or "", ""),
                inner=_inner(definition, step, agents, tools),
            )
        )
    return StepLines(lines, definition, shown)


def _after(definition: Definition, place: int, titles: Mapping[str, str]) -> tuple[str, ...] | None:
    """The titles of what a step waits for; None where it simply comes after the one above it."""
    step = definition.steps[place]
    needs = definition.needs[step.id]
    usual = (definition.steps[place - 1].id,) if place else ()
    return None if needs == usual or step.id in definition.fallback_for else tuple(titles[key] for key in needs)


def _inner(
    definition: Definition, step: StepSpec, agents: Mapping[str, Agent], tools: Mapping[str, Tool]
) -> StepLines | None:
    if isinstance(step, LoopStep):
        return _lines(definition.scope(step.id), agents, tools)
    if not isinstance(step, PlanStep):
        return None
    allowed = [each.model_copy(update={"needs": []}) for each in step.allow]
    lines = _lines(definition.planned(step.id, allowed), agents, tools)
    return StepLines([_unordered(line) for line in lines])


def _unordered(line: StepLine) -> StepLine:
    """A step that a plan may use: its place in the order is the plan's to say."""
    return StepLine(line.number, line.spec, line.rule, line.agent, line.tool, inner=line.inner)


def _tools(definition: Definition, steps: Sequence[StepSpec], user: Person) -> dict[str, Tool]:
    names = {step.tool for step in steps if isinstance(step, ToolStep)}
    found = visible(user, Tool).filter(
        connection__environment=definition.environment,
        connection__name__in={name.partition(".")[0] for name in names},
        name__in={name.partition(".")[2] for name in names},
    )
    return {tool.full_name: tool for tool in found.select_related("connection", "current")}
