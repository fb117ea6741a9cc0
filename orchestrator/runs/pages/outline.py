"""What the definition of a run says about its steps, as far as pages show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from orchestrator.runs.engine.definitions import definition_of
from orchestrator.runs.models import Run
from orchestrator.workflows.picture import needs_with_detours
from orchestrator.workflows.schema import UNDO, Definition, StepSpec


@dataclass(frozen=True)
class Named:
    """A step that the definition has in store."""

    key: str
    title: str
    kind: str


@dataclass(frozen=True)
class Outline:
    """The steps of a definition. `definition` is None where what is stored cannot be read any more."""

    names: tuple[Named, ...]
    definition: Definition | None = None

    def spec(self, key: str) -> StepSpec | None:
        """What is known of one step."""
        return self.definition.by_id.get(key) if self.definition else None

    @property
    def detours(self) -> Mapping[str, str]:
        """The steps that are done only when another has failed, with that other one."""
        return self.definition.fallback_for if self.definition else {}

    def needs(self, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """What each of these steps is drawn behind: what it needs, and whatever stands in for that.

        Steps that no definition tells of come one after the other; one that makes good comes after what it undoes.
        """
        found: dict[str, tuple[str, ...]] = {}
        before: tuple[str, ...] = ()
        for key in keys:
            if key.startswith(UNDO):
                found[key] = (key.removeprefix(UNDO),)
            elif self.definition is not None and key in self.definition.needs:
                found[key] = tuple(needs_with_detours(self.definition, key))
            else:
                found[key], before = before, (key,)
        return found


def outline_of(run: Run) -> Outline:
    """The outline of the definition that a run follows. Raises nothing."""
    try:
        definition = definition_of(run)
    except (ValidationError, LookupError, ValueError):
        return Outline(tuple(_raw(run)))
    return Outline(tuple(Named(step.id, step.title, step.kind) for step in definition.steps), definition)


def _raw(run: Run) -> Iterable[Named]:
    """The names of the steps of a definition that no import could have stored."""
    stored: Any = run.definition if run.definition is not None else run.workflow_version.definition
    steps = stored.get("steps", []) if isinstance(stored, dict) else []
    for spec in steps:
        if isinstance(spec, dict) and {"id", "title", "kind"} <= spec.keys():
            yield Named(spec["id"], spec["title"], spec["kind"])
