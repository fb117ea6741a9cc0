"""Steps that are done once for each item of a list: every item is a run of its own, a few at once.

What makes such a step good goes over the items that were done, the latest first and one after the other. One that
cannot be made good does not keep the others from it.
"""

from datetime import timedelta
from typing import Any

from orchestrator.runs.engine import parts, resolving
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.results import Broke, Done, Park, Result, Stop
from orchestrator.runs.models import Run
from orchestrator.runs.states import RUN_ENDED, RunState
from orchestrator.workflows.parts import MAX_ITEMS, ForEach
from orchestrator.workflows.references import INDEX, ITEM, MissingReference
from orchestrator.workflows.schema import UNDO

LOOK_AGAIN = timedelta(hours=1)
"""A part that ends says so; this is only for the case that all that is lost."""


def proceed(place: Place) -> Result:
    """Start what may begin, and take the outputs up when the last item is done."""
    step, rule = place.step, _rule(place)
    items = (step.input or {}).get("items")
    if not isinstance(items, list):
        return Broke("What this step should go over is not a list.", "garbage")
    if len(items) > MAX_ITEMS:
        return Broke(f"The list has {len(items)} items; at most {MAX_ITEMS} are possible.", "garbage")
    step.total = len(items)
    tally = parts.count(step)
    done = _done_before(place)
    wanted = _wanted(rule, step.total)
    hopeless = step.total - tally.failed - tally.stopped < wanted and not _undoes(place)
    if not hopeless:
        tally_made = _begin(place, items, done, rule.at_once - tally.active)
        if isinstance(tally_made, Broke):
            return tally_made
        if tally.active + tally_made > 0:
            return Park(place.board.now + LOOK_AGAIN, person=False)
    if tally.active:
        return Park(place.board.now + LOOK_AGAIN, person=False)
    return _over(place, wanted, tally)


def _rule(place: Place) -> ForEach:
    rule = getattr(place.spec, "for_each", None)
    assert isinstance(rule, ForEach)
    return rule


def _wanted(rule: ForEach, total: int) -> int:
    if rule.must_succeed == "all":
        return total
    return min(1 if rule.must_succeed == "any" else rule.must_succeed, total)


def _done_before(place: Place) -> frozenset[int]:
    """The items that worked out in earlier attempts: they are not done twice."""
    if place.step.attempt == 1:
        return frozenset()
    parts_done = Run.objects.filter(parent=place.step, state=RunState.SUCCEEDED, parent_attempt__lt=place.step.attempt)
    return frozenset(parts_done.values_list("index", flat=True))


def _begin(place: Place, items: list[Any], done: frozenset[int], room: int) -> int | Broke:
    """Start the next items, as many as there is room for; how many were started."""
    index, begun = parts.highest(place.step) + 1, 0
    outputs = place.board.outputs()
    while begun < room and index < len(items):
        if index not in done:
            seen = {**outputs, **_item(place, items[index], index)}
            try:
                values = resolving.input_of(place.spec, place.run.input, seen)
            except MissingReference as error:
                return Broke(f"Item {index + 1}: {error}", "garbage")
            parts.make_part(place, index, values, what=f"item {index + 1} of {len(items)}")
            begun += 1
        index += 1
    return begun


def _undoes(place: Place) -> bool:
    return place.step.key.startswith(UNDO)


def _item(place: Place, item: Any, index: int) -> dict[str, Any]:
    """What the inputs of one item may refer to besides. What makes it good sees that item's output as the step's."""
    if not _undoes(place):
        return {ITEM: item, INDEX: index}
    return {ITEM: item["item"], INDEX: item["index"], place.step.key.removeprefix(UNDO): item["output"]}


def _over(place: Place, wanted: int, tally: parts.Tally) -> Result:
    ended = Run.objects.filter(parent=place.step, state__in=RUN_ENDED).order_by("parent_attempt")
    outputs: list[Any] = [{"failed": "It was not begun."}] * (place.step.total or 0)
    good = 0
    for index, state, output, reason in ended.values_list("index", "state", "output", "reason"):
        worked = state == RunState.SUCCEEDED
        good += worked
        outputs[index] = (output or {}).get(place.step.key.removeprefix(UNDO)) if worked else {"failed": reason}
    if good >= wanted:
        return Done(outputs)
    reasons = [entry["failed"] for entry in outputs if isinstance(entry, dict) and set(entry) == {"failed"}]
    sentence = (
        f"{good} of {place.step.total} items worked out, and {wanted} are needed. {reasons[0] if reasons else ''}"
    )
    return Stop(sentence.strip()) if tally.stopped else Broke(sentence.strip())
