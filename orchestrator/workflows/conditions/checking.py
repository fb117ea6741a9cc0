"""Checks a condition against the JSON Schemas of what it reads: every name is there, every operator fits its values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from orchestrator.workflows import shapes
from orchestrator.workflows.conditions import kinds
from orchestrator.workflows.conditions.guards import Known, known_if
from orchestrator.workflows.conditions.kinds import ANYTHING, PAIRS, SINGLES, Place, Shape
from orchestrator.workflows.conditions.reads import Scope, reads, spelled, step_word
from orchestrator.workflows.conditions.trees import BadCondition, Node, program
from orchestrator.workflows.conditions.words import combination, operator
from orchestrator.workflows.wording import suggestion

Schemas = Mapping[str | None, shapes.Schema | None]
"""What a condition may read: under None the schema of the input, under each step's id that of its output or None."""


def check(text: str, schemas: Schemas) -> list[str]:
    """Why the condition could never work, a sentence each; empty when it may. Raises nothing."""
    return _checked(text, schemas).errors


def warnings(text: str, schemas: Schemas, unsure: Collection[str] = ()) -> list[str]:
    """Where the condition could fail in some runs, a sentence each: values that may be absent, null or decimal.

    `unsure` are the steps whose output may be null when the condition is asked, because they can be skipped.
    """
    return _checked(text, schemas, unsure).warnings


def paths(text: str) -> frozenset[tuple[str | None, tuple[str, ...]]]:
    """The values that a condition reads: the step (None: the input) and the path. Raises BadCondition."""
    return frozenset((place.step, place.path) for place in places(text))


@lru_cache(maxsize=4096)
def places(text: str) -> frozenset[Place]:
    """Like `paths`, as places."""
    return frozenset(reads(program(text).tree))


def _checked(text: str, schemas: Schemas, unsure: Collection[str] = ()) -> "_Checker":
    checker = _Checker(schemas, frozenset(unsure))
    try:
        shape = checker.shape(program(text).tree, {}, frozenset())
    except BadCondition as error:
        checker.errors = error.sentences
        return checker
    if shape.kinds and "truth" not in shape.kinds:
        checker.error(f"A condition is true or false; this one is {shape.words}.")
    return checker


@dataclass
class _Checker:
    """Walks a tree; `scope` holds the variables of loops, `known` what the parts around have already made sure of."""

    schemas: Schemas
    unsure: frozenset[str] = frozenset()
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def error(self, sentence: str) -> Shape:
        """Note what cannot work; nothing more is known of the part."""
        if sentence not in self.errors:
            self.errors.append(sentence)
        return ANYTHING

    def warn(self, sentence: str) -> None:
        """Note what may fail."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def shape(self, node: Node, scope: Scope, known: Known) -> Shape:
        """What the node is; notes what is wrong inside it."""
        match node.kind:
            case "const":
                return ANYTHING if node.name else kinds.of_constant(node.value)
            case "ident":
                return self._named(node, scope)
            case "select":
                return self._selected(node, scope, known)
            case "loop":
                return self._looped(node, scope, known)
            case "call":
                return self._called(node, scope, known)
        return self._written(node, [self.shape(part, scope, known) for part in node.parts])

    def _written(self, node: Node, parts: list[Shape]) -> Shape:
        """A list or mapping that the condition writes out."""
        if node.kind == "list":
            return Shape(frozenset({"list"}), item=_common(parts))
        return ANYTHING if node.name else kinds.of("mapping")

    def _named(self, node: Node, scope: Scope) -> Shape:
        if node.name in scope:
            return scope[node.name]
        if node.name == "input":
            return kinds.of_schema(shapes.part_at(self.schemas.get(None), ()), Place(None, ()))
        if node.name == "steps":
            return self.error("Name the output of a step, like steps.look_up.output.total.")
        return ANYTHING

    def _selected(self, node: Node, scope: Scope, known: Known) -> Shape:
        step = step_word(node, scope)
        if step is not None:
            return self._output(*step)
        below = self.shape(node.parts[0], scope, known)
        shape = self._below(below, node.name, node, known)
        return kinds.of("truth") if node.tested else shape

    def _output(self, step: str, output: str | None) -> Shape:
        if step not in self.schemas:
            others = {name for name in self.schemas if name is not None}
            return self.error(f'There is no earlier step "{step}".{suggestion(step, others)}')
        if output != "output":
            right = f"steps.{step}.output" + (f".{output}" if output else "")
            return self.error(f'"steps.{step}" lacks "output". Did you mean {right}?')
        return kinds.of_schema(shapes.part_at(self.schemas[step], ()), Place(step, ()))

    def _below(self, shape: Shape, segment: str, node: Node, known: Known) -> Shape:
        """One part of a value, by its name or number."""
        if shape.place is None:
            if shape.kinds and not shape.kinds & {"mapping", "list"}:
                return self.error(f'{spelled(node.parts[0])} is {shape.words} and has no "{segment}".')
            return ANYTHING
        if shape.kinds == {"list"} and not segment.isdecimal():
            name = spelled(node.parts[0])
            return self.error(f"{name} is a list. Write {name}[0] for an item, or {name}.exists(i, …).")
        schema, place = self.schemas.get(shape.place.step), Place(shape.place.step, (*shape.place.path, segment))
        sentence = shapes.path_problem(schema, place.path, _whole(place.step))
        if sentence is not None:
            return self.error(f"{spelled(node)}: {sentence}")
        if not node.tested and self._may_be_absent(schema, place, known):
            guard = (
                f"has({spelled(node)}) && …" if node.kind == "select" else f'"{segment}" in {spelled(node.parts[0])}'
            )
            self.warn(f"{spelled(node)} may be absent, and the step then fails. Ask first: {guard}")
        found = kinds.of_schema(shapes.part_at(schema, place.path), place)
        return found.without_nothing() if ("filled", place) in known else found

    def _may_be_absent(self, schema: shapes.Schema | None, place: Place, known: Known) -> bool:
        """Whether a value may be absent here: it is optional, or the first part of the output of a skipped step."""
        if ("there", place) in known:
            return False
        skipped = place.step in self.unsure and len(place.path) == 1
        return _optional(schema, place.path) or (skipped and ("filled", Place(place.step, ())) not in known)

    def _looped(self, node: Node, scope: Scope, known: Known) -> Shape:
        over, first, condition, step, result = node.parts
        ranged = self.shape(over, scope, known)
        if ranged.kinds and not ranged.kinds & {"list", "mapping"}:
            self.error(f"{spelled(over)} is {ranged.words}, not a list.")
        item = ANYTHING
        if ranged.kinds == {"list"}:
            schema = self.schemas.get(ranged.place.step) if ranged.place else None
            path = (*ranged.place.path, "0") if ranged.place else ()
            at = Place(ranged.place.step, path) if ranged.place else None
            item = kinds.of_schema(shapes.part_at(schema, path), at) if at else ranged.item or ANYTHING
        inner = {**scope, node.variables[-1]: self.shape(first, scope, known)}
        inner.update(dict.fromkeys(node.variables[:-1], item if len(node.variables) == 2 else ANYTHING))
        self.shape(condition, inner, known)
        self.shape(step, inner, known)
        return self.shape(result, inner, known)

    def _called(self, node: Node, scope: Scope, known: Known) -> Shape:
        special = {"_?_:_": self._chosen, "_[_]": self._indexed, "@in": self._contained}.get(node.name)
        if special is not None:
            return special(node, scope, known)
        if node.name in ("_&&_", "_||_"):
            parts = self._sides(node, scope, known)
        else:
            parts = [self.shape(part, scope, known) for part in node.parts]
        if node.name in ("_==_", "_!=_"):
            return self._equal(node, parts)
        if node.name in PAIRS and len(parts) == 2:
            return self._paired(node, parts)
        if node.name in SINGLES and len(parts) == 1:
            return self._single(node, parts[0])
        return kinds.of("whole") if node.name.startswith("get") else ANYTHING

    def _sides(self, node: Node, scope: Scope, known: Known) -> list[Shape]:
        """The two sides of && and ||. CEL does not mind their order: each may rely on what the other makes sure of."""
        found = []
        for place, part in enumerate(node.parts):
            other = node.parts[1 - place]
            found.append(self.shape(part, scope, known | known_if(other, node.name == "_&&_", scope)))
        return found

    def _chosen(self, node: Node, scope: Scope, known: Known) -> Shape:
        condition, yes, no = node.parts
        asked = self.shape(condition, scope, known)
        if asked.kinds and "truth" not in asked.kinds:
            self.error(f"Before ? stands something true or false; {spelled(condition)} is {asked.words}.")
        first = self.shape(yes, scope, known | known_if(condition, True, scope))
        return kinds.both(first, self.shape(no, scope, known | known_if(condition, False, scope)))

    def _indexed(self, node: Node, scope: Scope, known: Known) -> Shape:
        target, index = node.parts
        step = step_word(node, scope)
        if step is not None:
            return self._output(*step)
        below, at = self.shape(target, scope, known), self.shape(index, scope, known)
        if index.kind == "const" and isinstance(index.value, str | int):
            return self._below(below, str(index.value), node, known)
        if below.place is not None and below.kinds == {"list"} and (not at.kinds or "whole" in at.kinds):
            schema, path = self.schemas.get(below.place.step), (*below.place.path, "0")
            return kinds.of_schema(shapes.part_at(schema, path), Place(below.place.step, path))
        return ANYTHING

    def _contained(self, node: Node, scope: Scope, known: Known) -> Shape:
        item, whole = (self.shape(part, scope, known) for part in node.parts)
        if whole.kinds and not whole.kinds & {"list", "mapping"}:
            advice = ' For texts write a.contains("b").' if "text" in whole.kinds else ""
            return self.error(f'Right of "in" stands a list; {spelled(node.parts[1])} is {whole.words}.{advice}')
        if whole.item is not None and not kinds.comparable(item, whole.item):
            self.error(f"{spelled(node.parts[0])} is {item.words} and never in a list of {whole.item.words}.")
        for choice in node.parts[1].parts if node.parts[1].kind == "list" else ():
            self._offered(item, node.parts[0], choice)
        return kinds.of("truth")

    def _equal(self, node: Node, parts: list[Shape]) -> Shape:
        if not kinds.comparable(*parts):
            left, right = (f"{spelled(part)} is {shape.words}" for part, shape in zip(node.parts, parts, strict=True))
            self.error(f"{left}, {right}: they are never equal.")
        else:
            self._offered(parts[0], node.parts[0], node.parts[1])
            self._offered(parts[1], node.parts[1], node.parts[0])
        return kinds.of("truth")

    def _offered(self, shape: Shape, node: Node, other: Node) -> None:
        """A text that is none of a value's choices is a slip."""
        if shape.choices is not None and other.kind == "const" and isinstance(other.value, str):
            choices = [choice for choice in shape.choices if isinstance(choice, str)]
            if other.value not in choices:
                self.error(f'{spelled(node)} is never "{other.value[:60]}".{suggestion(other.value, choices)}')

    def _paired(self, node: Node, parts: list[Shape]) -> Shape:
        rules = PAIRS[node.name]
        options = [shape.kinds or {kind for pair in rules for kind in pair} for shape in parts]
        pairs = list(product(*options))
        found = {rules[pair] for pair in pairs if pair in rules}
        if not found:
            return self._refused(node, parts)
        if len(parts[0].kinds) and len(parts[1].kinds):
            self._doubt(node, [pair for pair in pairs if pair not in rules], parts)
        return kinds.of(*found)

    def _single(self, node: Node, shape: Shape) -> Shape:
        rules = SINGLES[node.name]
        found = {rules[kind] for kind in shape.kinds or rules if kind in rules}
        return kinds.of(*found) if found else self._refused(node, [shape])

    def _refused(self, node: Node, parts: list[Shape]) -> Shape:
        said = [
            f"{spelled(part)} is {shape.words}" for part, shape in zip(node.parts, parts, strict=True) if shape.kinds
        ]
        if not all(shape.kinds for shape in parts):
            return self.error(f'"{operator(node.name)}" does not fit here: {", ".join(said)}.')
        words = combination(operator(node.name), [shape.words for shape in parts])
        named = [text for text, part in zip(said, node.parts, strict=True) if part.kind != "const"]
        return self.error(f"{words} {', '.join(named)}." if named else words)

    def _doubt(self, node: Node, unfit: list[tuple[str, ...]], parts: list[Shape]) -> None:
        """Some values fit and others would not: null, and whole numbers beside decimal ones."""
        written = operator(node.name)
        for part, shape in zip(node.parts, parts, strict=True):
            if "nothing" in shape.kinds:
                name = spelled(part)
                self.warn(f'{name} may be null, and "{written}" then fails. Ask first: {name} != null && …')
        if any(set(pair) == {"whole", "decimal"} for pair in unfit):
            self.warn(
                f'"{written}" does not mix whole numbers and decimals. Write double(…) around values, and 2.0 for 2.'
            )


def _optional(schema: shapes.Schema | None, path: tuple[str, ...]) -> bool:
    above = shapes.part_at(schema, path[:-1])
    if not isinstance(above, dict):
        return False
    return path[-1] in above.get("properties", {}) and path[-1] not in above.get("required", [])


def _common(items: list[Shape]) -> Shape | None:
    """What the items of a written list may be; None for an empty list or where one may be anything."""
    if not items or not all(item.kinds for item in items):
        return None
    return kinds.of(*(kind for item in items for kind in item.kinds))


def _whole(step: str | None) -> str:
    return "the input" if step is None else f'the output of step "{step}"'
