"""Steps that repeat a small workflow until what it made is good enough. Each round is a run of its own."""

from typing import Any

from orchestrator.runs.engine import parts, planner
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.definitions import definition_of
from orchestrator.runs.engine.kinds.each import LOOK_AGAIN
from orchestrator.runs.engine.results import Broke, Done, Over, Park, Result, Stop
from orchestrator.runs.engine.rows import views_of
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.workflows import conditions, references
from orchestrator.workflows.schema import LoopStep


def proceed(place: Place) -> Result:
    """Begin a round, wait for it, and look whether it was good enough."""
    last = parts.latest(place.step)
    if last is None:
        return _begin(place, 0, {})
    if not parts.is_over(last):
        return Park(place.board.now + LOOK_AGAIN, person=False)
    if last.state == RunState.SUCCEEDED:
        return _judge(place, last)
    sentence = f"Round {last.index + 1}: {last.reason}"
    return Stop(sentence) if last.state == RunState.STOPPED else Broke(sentence)


def _spec(place: Place) -> LoopStep:
    assert isinstance(place.spec, LoopStep)
    return place.spec


def _begin(place: Place, index: int, feedback: dict[str, Any]) -> Result:
    values = {**(place.step.input or {}), "round": index + 1, "feedback": feedback}
    parts.make_part(place, index, values, what=f"{place.step.title}, round {index + 1}")
    return Park(place.board.now + LOOK_AGAIN, person=False)


def _judge(place: Place, last: Run) -> Result:
    """Whether the loop is over, and what the next round is told if not."""
    spec, rounds = _spec(place), last.index + 1
    outputs = planner.outputs_of(definition_of(last), views_of(last.steps.all()))
    seen = {step.id: outputs.get(step.id) for step in spec.steps}
    try:
        if conditions.holds(spec.until, last.input, seen):
            return Done({**(last.output or {}), "rounds": rounds})
        feedback = references.resolve(spec.feedback, last.input, outputs)
    except (conditions.ConditionFailed, references.MissingReference) as error:
        return Broke(f"After round {rounds}: {error}")
    if rounds < spec.max_rounds:
        return _begin(place, rounds, feedback)
    return _used_up(spec, last, rounds)


def _used_up(spec: LoopStep, last: Run, rounds: int) -> Result:
    sentence = f"All {rounds} rounds are used up, and it is still not so that {spec.until}"
    match spec.when_used_up:
        case "last":
            return Done({**(last.output or {}), "rounds": rounds})
        case "terminate":
            return Over(sentence)
    return Broke(sentence)
