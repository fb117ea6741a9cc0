"""Whether a condition holds for the values of a run. Bounded: in nesting and rounds by the runtime, in size here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from orchestrator.workflows.conditions.checking import places
from orchestrator.workflows.conditions.kinds import Place
from orchestrator.workflows.conditions.trees import BadCondition, Node, program
from orchestrator.workflows.conditions.words import failure_sentence

MOST_VALUES = 100_000
"""Values (and pieces of 64 characters of text) that one condition may read."""
LONGEST_BUILT = 1_000
"""Items of a list that map() and filter() go over: the runtime copies what is built so far with every item."""
DEEPEST = 64
_INT64 = 1 << 63

Reading = dict[str, "Reading"] | None
"""What is read below a value: None is all of it."""


class ConditionFailed(Exception):
    """The condition could not be decided."""


def holds(text: str, run_input: Any, outputs: Mapping[str, Any]) -> bool:
    """Whether the condition is true. An output that is not there, as of a skipped step, is null.

    Raises ConditionFailed with a sentence: a value is missing or of the wrong kind, or there is too much to read.
    """
    try:
        compiled = program(text)
    except BadCondition as error:
        raise ConditionFailed(str(error)) from error
    try:
        found = compiled.expression.eval(data=_data(text, run_input, outputs))
    except RuntimeError as error:
        raise ConditionFailed(failure_sentence(str(error))) from error
    value = found.value()
    if isinstance(value, bool):
        return value
    if str(found.type()) == "ERROR":
        raise ConditionFailed(_missing(text, str(value), run_input, outputs) or failure_sentence(str(value)))
    raise ConditionFailed("The condition gives neither true nor false.")


@dataclass
class _Budget:
    values: int
    longest: int


def _data(text: str, run_input: Any, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Exactly what the condition reads, as values that the runtime can take."""
    reading, builds = _reading(text)
    budget = _Budget(MOST_VALUES, LONGEST_BUILT if builds else MOST_VALUES + 1)
    data: dict[str, Any] = {"input": None, "steps": {}}
    for step, below in reading.items():
        if step is None:
            data["input"] = _taken(run_input, below, budget)
        else:
            data["steps"][step] = {"output": _taken(outputs.get(step), below, budget)}
    return data


@lru_cache(maxsize=4096)
def _reading(text: str) -> tuple[dict[str | None, Reading], bool]:
    """What is read, as a tree per step, and whether lists are built on the way."""
    found: dict[str | None, Reading] = {}
    for place in sorted(places(text), key=lambda place: len(place.path)):
        if not place.path:
            found[place.step] = None
        else:
            _add(found.setdefault(place.step, {}), place.path)
    return found, _builds(program(text).tree)


def _add(reading: Reading, path: tuple[str, ...]) -> None:
    """Shorter paths come first, so that a value read as a whole stays whole."""
    for segment in path[:-1]:
        reading = reading.setdefault(segment, {}) if reading is not None else None
    if reading is not None:
        reading.setdefault(path[-1], None)


def _builds(node: Node) -> bool:
    built = node.kind == "loop" and node.parts[1].kind == "list"
    return built or any(map(_builds, node.parts))


def _taken(value: Any, reading: Reading, budget: _Budget) -> Any:
    """The parts that are read. Null where only something below it is read: an empty mapping, so has() can ask."""
    if reading is None or not (value is None or isinstance(value, Mapping)):
        return _plain(value, budget, 0)
    return {name: _taken(value[name], below, budget) for name, below in reading.items() if value and name in value}


def _plain(value: Any, budget: _Budget, depth: int) -> Any:
    budget.values -= 1 + (len(value) >> 6 if isinstance(value, str) else 0)
    if budget.values < 0 or depth > DEEPEST:
        raise ConditionFailed("The values that the condition reads are too large or too deeply nested.")
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if -_INT64 <= value < _INT64 else _large(value)
        case str():
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {_plain(str(key), budget, depth): _plain(item, budget, depth + 1) for key, item in value.items()}
        case list() | tuple():
            if len(value) > budget.longest:
                raise ConditionFailed(
                    f"map() and filter() go over at most {budget.longest} items; use exists() or all()."
                )
            return [_plain(item, budget, depth + 1) for item in value]
    raise ConditionFailed("The condition reads something that is not a JSON value.")


def _large(value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise ConditionFailed("The condition reads a number that is too large.") from error


def _missing(text: str, message: str, run_input: Any, outputs: Mapping[str, Any]) -> str | None:
    """The sentence that names the missing value; None when the message is about something else."""
    if "not found in map" not in message and "non-message" not in message:
        return None
    for place in sorted(places(text), key=lambda place: (place.step or "", place.path)):
        value = run_input if place.step is None else outputs.get(place.step)
        for number, segment in enumerate(place.path):
            if not (isinstance(value, list) or (isinstance(value, Mapping) and segment in value)):
                return _absent(place, number)
            if isinstance(value, list):
                break
            value = value[segment]
    return None


def _absent(place: Place, number: int) -> str:
    root = "input" if place.step is None else f"steps.{place.step}.output"
    above = ".".join((root, *place.path[:number]))
    return f'The condition reads {above}.{place.path[number]}, but {above} has no "{place.path[number]}" here.'
