"""Beginning a step, or not: with exactly the inputs its definition maps, and the agent's version of this moment."""

from typing import Any

from audit.log import SYSTEM, party, record
from orchestrator.runs.engine import parts, planner, resolving
from orchestrator.runs.engine.board import Board, current_version
from orchestrator.runs.engine.definitions import is_item
from orchestrator.runs.engine.driving import apply
from orchestrator.runs.engine.endings import end_step
from orchestrator.runs.engine.results import Broke
from orchestrator.runs.models import Step
from orchestrator.runs.states import StepState
from orchestrator.workflows.references import MissingReference
from orchestrator.workflows.schema import UNDO, AgentStep, StepSpec, ToolStep, goes_over_items


def begin(board: Board, action: planner.Action) -> None:
    """Do what the planner says about a step whose turn it is."""
    match action:
        case planner.Start(key):
            _start(board, _row(board, key))
        case planner.Skip(key, why):
            end_step(board, board.steps[key], StepState.SKIPPED, reason=why)
        case planner.Break(key, reason):
            step = board.steps[key]
            step.state = StepState.RUNNING
            apply(board.place(key), Broke(reason, "garbage"))


def _row(board: Board, key: str) -> Step:
    """The row of a step. One that makes good what another did has none until it is needed."""
    if key not in board.steps:
        spec = board.definition.step(key)
        board.steps[key] = Step.objects.create(
            run=board.run, key=key, position=len(board.steps), kind=spec.kind, title=spec.title
        )
    return board.steps[key]


def _start(board: Board, step: Step) -> None:
    spec = board.definition.step(step.key)
    step.state, step.started_at = StepState.RUNNING, board.now
    step.deadline_at = board.now + spec.timeout if spec.timeout else None
    if isinstance(spec, AgentStep | ToolStep):
        step.agent_version = current_version(spec.agent)
    problem = _give(board, step, spec)
    version = step.agent_version
    more = {"agent": version.agent.title, "agent_version": version.number, "model": version.model} if version else {}
    data = {
        "step": str(step.ref),
        "step_title": step.title,
        "kind": step.kind,
        **more,
        "input": _shown(step, spec),
    }
    record("step.started", actor=SYSTEM, subject=party(step), stream=board.stream, data=data)
    if problem:
        apply(board.place(step.key), Broke(problem, "garbage"))
    board.touch(step, given=True)


def _shown(step: Step, spec: StepSpec) -> Any:
    """What a step is given, as the record may show it: of a tool, only the names. Its call tells the rest, masked."""
    return sorted(step.input or {}) if isinstance(spec, ToolStep) else step.input


def _give(board: Board, step: Step, spec: StepSpec) -> str:
    """Work out what a step is given; why that is not possible, in a sentence."""
    run = board.run
    try:
        if is_item(run):
            step.input = dict(run.input)
        elif goes_over_items(spec) and step.key.startswith(UNDO):
            step.input = {"items": parts.done_items(board.steps[step.key.removeprefix(UNDO)])}
        elif goes_over_items(spec):
            step.input = {"items": resolving.items_of(spec, run.input, board.outputs())}
        else:
            step.input = resolving.input_of(spec, run.input, board.outputs())
    except MissingReference as error:
        return str(error)
    return ""
