"""Which definition a run follows: that of its version, the part of it that it is a run of, or a plan's own."""

from orchestrator.runs.models import Run
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.reading import from_canonical
from orchestrator.workflows.schema import Definition

SEPARATOR, ITEM = "/", "[]"
MOST_KNOWN = 256
_known: dict[tuple[int, str, str], Definition] = {}


def definition_of(run: Run) -> Definition:
    """The definition of a run. Raises pydantic's ValidationError for one that no import could have stored."""
    if run.definition is not None:
        return from_canonical(run.definition)
    return of_version(run.workflow_version, run.scope)


def of_version(version: WorkflowVersion, scope: str = "") -> Definition:
    """The definition of a version, or of a part of it.

    Versions never change, so what was read once holds for as long as this process lives.
    """
    key = (version.pk, version.digest, scope)
    if key not in _known:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        definition = from_canonical(version.definition)
        for part in scope.split(SEPARATOR) if scope else ():
            definition = definition.scope(part.removesuffix(ITEM))
        _known[key] = definition
    return _known[key]


def inner_scope(run: Run, step_key: str, *, item: bool) -> str:
    """The scope of the parts that a step of this run starts: the rounds of a loop, or the items of a list."""
    return SEPARATOR.join(part for part in (run.scope, step_key + (ITEM if item else "")) if part)


def is_item(run: Run) -> bool:
    """Whether a run does one step for one item: its input is then what that step is given."""
    return run.scope.endswith(ITEM)
