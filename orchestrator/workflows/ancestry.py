"""Which steps come before which. All of it grows with the number of steps and arrows, not with its square."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import reduce
from operator import and_, or_

from orchestrator.workflows.schema import Definition


class Steps(Set[str]):
    """Some steps of a definition. One number holds them: thousands of steps with thousands before each stay small."""

    __slots__ = ("_bits", "_places")

    def __init__(self, places: Mapping[str, int], bits: int) -> None:
        self._places, self._bits = places, bits

    def __contains__(self, step_id: object) -> bool:
        place = self._places.get(step_id) if isinstance(step_id, str) else None
        return place is not None and bool(self._bits >> place & 1)

    def __iter__(self) -> Iterator[str]:
        return (step_id for step_id in self._places if step_id in self)

    def __len__(self) -> int:
        return self._bits.bit_count()

    @classmethod
    def _from_iterable(cls, found: Iterable[str]) -> frozenset[str]:  # type: ignore[override]
        """What the operators of a set give."""
        return frozenset(found)


def ancestors_of(definition: Definition) -> dict[str, Steps]:
    """For every step, all steps that have ended before it can begin."""
    places = definition.places
    found: dict[str, int] = {}
    for step_id, needed in in_order(definition):
        found[step_id] = reduce(or_, (found.get(need, 0) | _bit(places, need) for need in needed), 0)
    return {step_id: Steps(places, bits) for step_id, bits in found.items()}


def certain_of(definition: Definition) -> dict[str, Steps]:
    """For every step, the steps that surely have an output when it is done: none of them can have been skipped.

    A step is only done when something it needs was. So a single need is certain, however often it is skipped otherwise.
    """
    places = definition.places
    skippable: set[str] = set(definition.fallback_for)
    certain: dict[str, int] = {}
    for step_id, needed in in_order(definition):
        step = definition.step(step_id)
        with_theirs = {need: certain.get(need, 0) | _bit(places, need) for need in needed}
        if needed and (step.join != "all" or all(need in skippable for need in needed)):
            certain[step_id] = reduce(and_, with_theirs.values())
        else:
            certain[step_id] = reduce(or_, (bits for need, bits in with_theirs.items() if need not in skippable), 0)
        if step.when is not None or (needed and all(need in skippable for need in needed)):
            skippable.add(step_id)
    return {step_id: Steps(places, bits) for step_id, bits in certain.items()}


def always_done(definition: Definition) -> frozenset[str]:
    """The steps that have an output in every run that ends well."""
    skippable, waived = set(definition.fallback_for), set[str]()
    for step_id, needed in in_order(definition):
        step = definition.step(step_id)
        if step.when is not None or (needed and all(need in skippable for need in needed)):
            skippable.add(step_id)
        if step.join != "all":
            waived |= set(needed)
    return frozenset(definition.needs) - skippable - waived


def in_order(definition: Definition) -> list[tuple[str, tuple[str, ...]]]:
    """Steps with their needs, each after those it needs: a fallback may be written above what it stands in for.

    What waits for itself, in a definition that will be refused, comes last.
    """
    needs = definition.needs
    missing = {step_id: len({need for need in needed if need in needs}) for step_id, needed in needs.items()}
    ready, order = deque(step_id for step_id, count in missing.items() if not count), []
    while ready:
        order.append(ready.popleft())
        for step_id in definition.needed_by.get(order[-1], ()):
            missing[step_id] -= 1
            if not missing[step_id]:
                ready.append(step_id)
    order += [step_id for step_id, count in missing.items() if count]
    return [(step_id, needs[step_id]) for step_id in order]


def _bit(places: Mapping[str, int], step_id: str) -> int:
    return 1 << places[step_id] if step_id in places else 0
