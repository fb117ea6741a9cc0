"""What happens next in a run: a pure function of the definition and of what its steps have done so far.

The planner sees a graph: every step, what it needs, and where it stands.

* A step is *settled* when it has succeeded or was skipped. A failed step that has a fallback counts as its fallback.
* `join: all` starts a step when all it needs is settled; `any`, or a number, when that many have succeeded.
* A step is skipped when its `when` does not hold, when all it needs was skipped, or when it is a fallback that nobody
  needs any more.
* A failure is *tolerated* while every step that needs the failed one joins by `any` or a number and can still begin.
  Any other failure ends the run: nothing new starts, what is going on ends, what was done is made good in reverse
  order, and then the run fails.
* When every step is settled, or its failure tolerated, the run finishes with its output.
* Otherwise the run waits, and there is always a step going on to name that it waits for.

What is more than one row (the rounds of a loop, the items of a list, a run of another workflow) is a run of its own,
planned by this same function.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orchestrator.runs.states import StepState
from orchestrator.workflows import conditions, references
from orchestrator.workflows.references import MissingReference
from orchestrator.workflows.schema import UNDO, Definition, StepSpec, goes_over_items

SETTLED = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
BROKEN = frozenset({StepState.FAILED, StepState.STOPPED})
STATES = {state.value: state for state in StepState}  # a look-up costs less than making an enum
IN_FLIGHT = frozenset({StepState.RUNNING, StepState.WAITING, StepState.RESTING})


class View(Protocol):
    """As much of a step as planning needs. `output` is JSON and counts only once the step is settled."""

    @property
    def state(self) -> StepState:
        """Where it stands."""

    @property
    def output(self) -> Any:
        """What it gave back."""

    @property
    def reason(self) -> str:
        """Why it ended so."""

    @property
    def ended(self) -> datetime | None:
        """When it ended."""


@dataclass(frozen=True)
class StepView:
    """A `View` of plain values."""

    state: StepState
    output: Any = None
    reason: str = ""
    ended: datetime | None = None


@dataclass(frozen=True)
class Start:
    """Begin this step now."""

    step_id: str


@dataclass(frozen=True)
class Skip:
    """This step will not be done; the sentence says why."""

    step_id: str
    why: str


@dataclass(frozen=True)
class Break:
    """Nobody can say whether this step is to be done; the sentence says why. A person is asked."""

    step_id: str
    reason: str


@dataclass(frozen=True)
class Finish:
    """The run is done; this is its output."""

    output: dict[str, Any]


@dataclass(frozen=True)
class Fail:
    """The run cannot go on; this sentence says why. `stopped` when a person ended it."""

    reason: str
    stopped: bool = False


@dataclass(frozen=True)
class Wait:
    """Nothing to do until one of these steps moves."""

    step_ids: tuple[str, ...]


Action = Start | Skip | Break | Finish | Fail | Wait


@dataclass(frozen=True)
class Plan:
    """One or more Starts, Skips and Breaks, each of another step; or exactly one Finish, Fail or Wait."""

    actions: tuple[Action, ...]


def plan(
    definition: Definition, steps: Mapping[str, View], run_input: Mapping[str, Any], *, ending: Fail | None = None
) -> Plan:
    """What to do next. A step that `steps` does not mention has not started.

    `ending` is how the run is to end, whatever its steps say: somebody cancelled it, or its time is over.
    """
    return Graph(definition, steps).plan(run_input, ending=ending)


def outputs_of(definition: Definition, steps: Mapping[str, View]) -> Mapping[str, Any]:
    """What later steps may refer to: the outputs of all steps that have succeeded, or whose fallback has."""
    return Graph(definition, steps).outputs()


class Outputs(Mapping[str, Any]):
    """The output of each step that has one, that of its fallback where that was done instead; looked up when read."""

    def __init__(self, graph: "Graph") -> None:
        self._graph = graph

    def __getitem__(self, step_id: str) -> Any:
        if self._graph.standing[step_id] is not StepState.SUCCEEDED:
            raise KeyError(step_id)
        return self._graph.steps[self._graph.stand_in(step_id)].output

    def __contains__(self, step_id: object) -> bool:
        return isinstance(step_id, str) and self._graph.standing.get(step_id) is StepState.SUCCEEDED

    def __iter__(self) -> Iterator[str]:
        return (key for key, state in self._graph.standing.items() if state is StepState.SUCCEEDED)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Graph:
    """One look at a run: the graph and where each of its steps stands.

    `open` are the steps that have to be looked at: after a step has succeeded only those behind it, so that a run of
    thousands of steps needs no look at all of them after each.
    """

    def __init__(self, definition: Definition, steps: Mapping[str, View]) -> None:
        self.definition, self.needs, self.steps = definition, definition.needs, dict(steps)
        self.states = {step_id: self._state(step_id) for step_id in self.needs}
        self.standing = dict(self.states)
        for step_id in self.definition.fallback_for.values():
            self.standing[step_id] = self.states[self.stand_in(step_id)]
        self.broken = [step_id for step_id, state in self.standing.items() if state in BROKEN]
        self.open = {step_id for step_id, state in self.states.items() if state is StepState.PENDING}
        self._turns: dict[str, bool | None] = {}
        self.in_flight = tuple(key for key in (*self.needs, *definition.undoing) if self._state(key) in IN_FLIGHT)

    def plan(self, run_input: Mapping[str, Any], *, ending: Fail | None = None) -> Plan:
        """What to do next, as `plan` says it."""
        fatal = ending or self.fatal()
        if fatal is not None:
            return Plan((self.wind_up(fatal),))
        begun = tuple(self.beginnings(run_input))
        if begun:
            return Plan(begun)
        if self.in_flight:
            return Plan((Wait(self.in_flight),))
        return Plan((self.finish(run_input),))

    def succeed(self, step_id: str, output: Any) -> None:
        """Take up that a step which was neither begun nor ended has succeeded."""
        self.steps[step_id] = StepView(StepState.SUCCEEDED, output)
        self.states[step_id] = StepState.SUCCEEDED
        self.open.discard(step_id)
        moved: str | None = step_id
        while moved is not None:
            self.standing[moved] = self.states[self.stand_in(moved)]
            for behind in self.definition.needed_by.get(moved, ()):
                self._turns.pop(behind, None)
                if self.states[behind] is StepState.PENDING:
                    self.open.add(behind)
            moved = self.definition.fallback_for.get(moved)

    def outputs(self) -> Outputs:
        """What steps may refer to."""
        return Outputs(self)

    def fatal(self) -> Fail | None:
        """Why the run has to end, or None."""
        for step_id in self.broken:
            broken = self.standing[step_id] in BROKEN and step_id not in self.definition.fallback_for
            if broken and not self._tolerated(step_id):
                return self._broken(self.stand_in(step_id))
        return None

    def wind_up(self, fatal: Fail) -> Action:
        """End the run in order: what is going on first, then what is to be made good, the latest first."""
        if self.in_flight:
            return Wait(self.in_flight)
        undoing = [key for key in self.definition.undoing if self._state(key) is StepState.PENDING]
        made = [key for key in (key.removeprefix(UNDO) for key in undoing) if self._was_done(key)]
        if not made:
            return fatal
        _, latest = max(enumerate(made), key=lambda each: self._ended(*each))
        return Start(UNDO + latest)

    def _was_done(self, step_id: str) -> bool:
        """Whether there may be something to make good: also where some items of a list were done and others failed."""
        state = self.states[step_id]
        return state is StepState.SUCCEEDED or (state in BROKEN and goes_over_items(self.definition.step(step_id)))

    def beginnings(self, run_input: Mapping[str, Any]) -> Iterator[Start | Skip | Break]:
        """The steps whose turn it is, each with whether it is to be done."""
        for step_id in sorted(self.open, key=self.definition.places.__getitem__):
            action = self._beginning(step_id, run_input)
            if action is None:
                self.open.discard(step_id)
            else:
                yield action

    def finish(self, run_input: Mapping[str, Any]) -> Finish | Fail:
        """The end of a run in which nothing is left to do. Without `output:` it gives the outputs nobody reads on."""
        outputs, wanted = self.outputs(), self.definition.output
        if wanted is None:
            used = {other for needed in self.needs.values() for other in needed} | set(self.definition.fallback_for)
            used -= {key for key in self.definition.fallback_for.values() if self._read_by_fallback_alone(key)}
            return Finish({key: outputs[key] for key in self.needs if key not in used and key in outputs})
        try:
            return Finish(references.resolve(wanted, run_input, outputs))
        except MissingReference as error:
            return Fail(f"The output of the run: {error}")

    def _read_by_fallback_alone(self, step_id: str) -> bool:
        """Whether nothing but its own fallback comes after a step."""
        fallback = self.definition.step(step_id).fallback
        return all(key == fallback for key in self.definition.needed_by.get(step_id, ()))

    def _beginning(self, step_id: str, run_input: Mapping[str, Any]) -> Start | Skip | Break | None:
        primary = self.definition.fallback_for.get(step_id)
        if primary is not None:
            return self._standing_in(step_id, primary)
        turn = self._turn(step_id)
        if turn is None:
            return None
        if not turn:
            return Skip(step_id, "Nothing that it waits for was done.")
        return self._decided(self.definition.by_id[step_id], run_input)

    def _standing_in(self, step_id: str, primary: str) -> Start | Skip | None:
        """A fallback: done when what it stands in for has failed, skipped when that is settled."""
        if self.states[primary] is StepState.FAILED:
            return Start(step_id)
        if self.states[primary] in SETTLED:
            return Skip(step_id, f'It was not needed: "{self._title(primary)}" did not fail.')
        return None

    def _decided(self, step: StepSpec, run_input: Mapping[str, Any]) -> Start | Skip | Break:
        """A step whose turn it is: done, unless its condition does not hold."""
        if step.when is None:
            return Start(step.id)
        try:
            holds = conditions.holds(step.when, run_input, self.outputs())
        except conditions.ConditionFailed as error:
            return Break(step.id, f"Its condition could not be worked out. {error}")
        return Start(step.id) if holds else Skip(step.id, f"Its condition does not hold: {step.when}")

    def _turn(self, step_id: str) -> bool | None:
        """Whether enough of what a step needs is there: True; False when it can never be any more; None not yet."""
        if step_id not in self._turns:
            step = self.definition.by_id[step_id]
            self._turns[step_id] = self._turn_of_all(step) if step.join == "all" else self._turn_of_some(step)
        return self._turns[step_id]

    def _turn_of_all(self, step: StepSpec) -> bool | None:
        needed = self.needs[step.id]
        done = not needed
        for other in needed:
            state = self.standing[other]
            if state is StepState.SUCCEEDED:
                done = True
            elif state is not StepState.SKIPPED:
                return None
        return done

    def _turn_of_some(self, step: StepSpec) -> bool | None:
        standing = [self.standing[other] for other in self.needs[step.id]]
        wanted = step.join if isinstance(step.join, int) else min(1, len(standing))
        lost = sum(state is StepState.SKIPPED or state in BROKEN for state in standing)
        if standing and len(standing) - lost < wanted:
            return False
        return True if standing.count(StepState.SUCCEEDED) >= wanted else None

    def _tolerated(self, step_id: str) -> bool:
        """Whether a failed step is one of several of which fewer are enough, wherever it is needed."""
        if self.states[self.stand_in(step_id)] is StepState.STOPPED:
            return False
        needing = self.definition.needed_by.get(step_id, ())
        by_id = self.definition.by_id
        return bool(needing) and all(by_id[key].join != "all" and self._turn(key) is not False for key in needing)

    def stand_in(self, step_id: str) -> str:
        """The step whose outcome counts: the last of the fallbacks that failures have led to."""
        while self.states[step_id] == StepState.FAILED:
            fallback = self.definition.step(step_id).fallback
            if fallback is None:
                break
            step_id = fallback
        return step_id

    def _state(self, step_id: str) -> StepState:
        view = self.steps.get(step_id)
        return StepState.PENDING if view is None else STATES[view.state]

    def _ended(self, place: int, step_id: str) -> tuple[bool, datetime | int, int]:
        ended = self.steps[step_id].ended
        return (ended is not None, ended or place, place)

    def _title(self, step_id: str) -> str:
        return self.definition.step(step_id).title

    def _broken(self, step_id: str) -> Fail:
        view = self.steps[step_id]
        stopped = view.state == StepState.STOPPED
        because = f": {view.reason}" if view.reason else "."
        return Fail(f'Step "{self._title(step_id)}" {"was stopped" if stopped else "failed"}{because}', stopped)
