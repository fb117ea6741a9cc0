"""What is wrong with a definition by itself: names, schemas, the graph, references and conditions, each with its line.

Whether it fits the world as it is, is `lint`'s business.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from orchestrator.workflows import references, shapes
from orchestrator.workflows.graph import graph_problems
from orchestrator.workflows.problems import Document, Path, Problem
from orchestrator.workflows.schema import Definition, LoopStep, for_one_item, output_schema
from orchestrator.workflows.scopes import Scope, Text, scopes, texts_of
from orchestrator.workflows.wording import suggestion

MOST_TOLD = 100
_ASKED = {"agent": "task", "human": "instructions"}


def problems(document: Document, definition: Definition) -> list[Problem]:
    """Everything that is wrong, at most a hundred of a kind."""
    found: list[Problem] = []
    for scope in scopes(definition):
        broken: set[str | None] = set()
        names = list(islice(_name_problems(document, scope), MOST_TOLD))
        found += names or [
            problem
            for check in (_schema_problems, _graph_problems, _reference_problems)
            for problem in islice(check(document, scope, broken), MOST_TOLD)
        ]
    return found


def _name_problems(document: Document, scope: Scope) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, step in enumerate(scope.definition.steps):
        path: Path = (*scope.path, index)
        if step.id in seen:
            line = document.place((*scope.path, seen[step.id], "id")).line
            sentence = f'The id "{step.id}" is already on line {line}. Give this step another.'
            yield document.problem((*path, "id"), sentence)
        seen.setdefault(step.id, index)
        asked = _ASKED.get(step.kind)
        if asked in step.inputs:
            yield document.problem((*path, "with", asked), f'"{asked}" is a key of the step itself. Rename this input.')
        if isinstance(step, LoopStep):
            for name in {"round", "feedback"} & set(step.inputs):
                sentence = f'"{name}" is what the rounds themselves put in. Rename this input.'
                yield document.problem((*path, "with", name), sentence)


def _schema_problems(document: Document, scope: Scope, broken: set[str | None]) -> Iterator[Problem]:
    """Unusable JSON Schemas; adds to `broken` the step each is of, or None for the input."""
    schemas: list[tuple[str | None, Path, dict[str, Any], bool]] = []
    if scope.top:
        schemas.append((None, ("input",), scope.definition.input, True))
    for index, step in enumerate(scope.definition.steps):
        path: Path = (*scope.path, index)
        if step.kind == "agent" and step.output is not None:
            schemas.append((step.id, (*path, "output"), step.output, False))
        if step.kind == "human":
            schemas.append((step.id, (*path, "form"), step.form, True))
    for owner, path, schema, object_only in schemas:
        for below, sentence in shapes.schema_problems(schema, object_only=object_only):
            broken.add(owner)
            yield document.problem(path + below, sentence)


def _graph_problems(document: Document, scope: Scope, broken: set[str | None]) -> Iterator[Problem]:
    for path, sentence in graph_problems(scope.definition.steps):
        yield document.problem((*scope.path, *path), sentence)


def _reference_problems(document: Document, scope: Scope, broken: set[str | None]) -> Iterator[Problem]:
    """References that no run could fill in, leaving out those into a schema that is `broken` itself."""
    if scope.definition.title_template is not None:
        title = Text(("title_template",), scope.definition.title_template, frozenset(), frozenset())
        yield from _text_problems(document, scope, title, broken)
    for text in texts_of(scope):
        yield from _text_problems(document, scope, text, broken)


def _text_problems(document: Document, scope: Scope, text: Text, broken: set[str | None]) -> Iterator[Problem]:
    parse = references.parse_title if text.path == ("title_template",) else references.parse
    try:
        template = parse(text.text)
    except references.BadReference as error:
        yield document.problem(text.path, str(error), error.token)
        return
    for reference in template:
        if isinstance(reference, references.Reference) and reference.step not in broken:
            sentence = _reference_problem(scope.definition, text, reference)
            if sentence is not None:
                yield document.problem(text.path, f"{reference.token}: {sentence}", reference.token)


def _reference_problem(definition: Definition, text: Text, reference: references.Reference) -> str | None:
    if reference.step is None:
        return shapes.path_problem(definition.input, reference.path, "the input")
    if reference.step in (references.ITEM, references.INDEX):
        return None if text.item else "there is an item only in a step with for_each:."
    if reference.step not in definition.needs:
        return f'there is no step "{reference.step}".{suggestion(reference.step, text.sees)}'
    if reference.step not in text.sees:
        return f'step "{reference.step}" {_not_seen(definition, text, reference.step)}'
    step = definition.step(reference.step)
    known = output_schema(for_one_item(step) if reference.step == text.one else step)
    return shapes.path_problem(known, reference.path, "the output")


def _not_seen(definition: Definition, text: Text, step_id: str) -> str:
    ids = [step.id for step in definition.steps]
    here = next((part for part in reversed(text.path) if isinstance(part, int) and part < len(ids)), 0)
    if ids.index(step_id) < here:
        return 'need not have ended by then. Add it to the "needs" of this step.'
    return "comes later or is this step itself. Refer to an earlier step."
