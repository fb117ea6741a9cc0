"""What a condition makes sure of before it reads a value: that it is there, and that it is not null."""

from orchestrator.workflows.conditions.kinds import Place
from orchestrator.workflows.conditions.reads import Scope, located
from orchestrator.workflows.conditions.trees import Node

Known = frozenset[tuple[str, Place]]
NOTHING: Known = frozenset()


def known_if(node: Node, outcome: bool, scope: Scope) -> Known:
    """What is sure where the node is true, or, with `outcome` False, where it is false."""
    if node.kind == "select" and node.tested:
        return _fact("there", located(node, scope)) if outcome else NOTHING
    if node.name == "!_":
        return known_if(node.parts[0], not outcome, scope)
    if node.name in ("_&&_", "_||_"):
        first, second = (known_if(part, outcome, scope) for part in node.parts)
        return first | second if outcome == (node.name == "_&&_") else first & second
    if node.name in ("_==_", "_!=_") and outcome == (node.name == "_!=_"):
        return _filled(node.parts[0], node.parts[1], scope) | _filled(node.parts[1], node.parts[0], scope)
    if node.name == "@in" and outcome and node.parts[0].kind == "const":
        whole = located(node.parts[1], scope)
        return _fact("there", Place(whole.step, (*whole.path, str(node.parts[0].value))) if whole else None)
    return NOTHING


def _filled(node: Node, other: Node, scope: Scope) -> Known:
    null = other.kind == "const" and other.value is None and not other.name
    return _fact("filled", located(node, scope)) if null else NOTHING


def _fact(fact: str, place: Place | None) -> Known:
    return NOTHING if place is None else frozenset({(fact, place)})
