"""Which values of a run the parts of a condition lead to."""

import json
from collections.abc import Collection, Iterator, Mapping

from orchestrator.workflows.conditions.kinds import Place, Shape
from orchestrator.workflows.conditions.trees import Node

Scope = Mapping[str, Shape]
"""The variables of the loops around a part."""


def chain(node: Node) -> tuple[str, tuple[str, ...]] | None:
    """`input.items[0].price` as its root and the names after it; None for anything that is not such a chain."""
    if node.kind == "ident":
        return node.name, ()
    if node.kind == "select":
        segment = node.name
    elif node.name == "_[_]" and node.parts[1].kind == "const" and type(node.parts[1].value) in (str, int):
        segment = str(node.parts[1].value)
    else:
        return None
    above = chain(node.parts[0])
    return None if above is None else (above[0], (*above[1], segment))


def step_word(node: Node, scope: Collection[str]) -> tuple[str, str | None] | None:
    """The step and the word after it where the node is `steps.<step>` or `steps.<step>.<word>`."""
    found = chain(node)
    if found is None or found[0] != "steps" or "steps" in scope or len(found[1]) not in (1, 2):
        return None
    return found[1][0], found[1][1] if len(found[1]) == 2 else None


def located(node: Node, scope: Scope) -> Place | None:
    """The value of the run that a node is; None for one that is computed, or in a loop over such."""
    found = chain(node)
    if found is None:
        return None
    root, segments = found
    if root in scope:
        place = scope[root].place
        return Place(place.step, (*place.path, *segments)) if place else None
    return _from_root(root, segments)


def reads(node: Node, bound: frozenset[str] = frozenset()) -> Iterator[Place]:
    """Every value of the run that the tree reads, each as far as its names go."""
    found = chain(node)
    place = _from_root(*found) if found is not None and found[0] not in bound else None
    if place is not None:
        yield place
        return
    inside = bound | set(node.variables)
    for number, part in enumerate(node.parts):
        yield from reads(part, bound if number == 0 else inside)


def spelled(node: Node) -> str:
    """The part as it is written, or nearly."""
    if node.kind == "const":
        return "null" if node.value is None else json.dumps(node.value, ensure_ascii=False, default=str)[:60]
    if node.kind == "ident":
        return node.name
    if node.kind == "select":
        return f"{spelled(node.parts[0])}.{node.name}"
    if node.name == "_[_]":
        return f"{spelled(node.parts[0])}[{spelled(node.parts[1])}]"
    if node.kind == "call" and node.name.isalpha():
        return f"{node.name}(…)"
    return "one side" if node.kind == "call" else {"list": "the list", "struct": "the mapping"}.get(node.kind, "a part")


def _from_root(root: str, segments: tuple[str, ...]) -> Place | None:
    if root == "input":
        return Place(None, segments)
    if root == "steps" and len(segments) > 1 and segments[1] == "output":
        return Place(segments[0], segments[2:])
    return None
