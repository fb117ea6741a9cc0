"""What a step is given: its texts with the references replaced by what the run has so far. Pure."""

from collections.abc import Mapping
from typing import Any

from orchestrator.workflows import references
from orchestrator.workflows.schema import AgentStep, Definition, HumanStep, PlanStep, StepSpec, WaitStep

TITLE_LENGTH = 200


def input_of(spec: StepSpec, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Exactly the inputs that the definition maps, and what the kind of step needs besides. Raises MissingReference."""
    return {**_own(spec, run_input, outputs), **references.resolve(spec.inputs, run_input, outputs)}


def items_of(spec: StepSpec, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    """The value over which a step with `for_each` goes. Raises MissingReference."""
    for_each = getattr(spec, "for_each", None)
    assert for_each is not None
    return references.resolve(for_each.items, run_input, outputs)


def title_of(definition: Definition, run_input: Mapping[str, Any]) -> str:
    """The title of a run on one line of at most 200 characters; what the input lacks is left out. Raises nothing."""
    template = references.parse_title(definition.title_template or "")
    title = " ".join(references.embed(template, run_input, {}).split())
    if not title:
        return definition.title
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"


def _own(spec: StepSpec, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    match spec:
        case AgentStep():
            return {"task": _text(spec.task, run_input, outputs)}
        case HumanStep():
            return {"instructions": _text(spec.instructions, run_input, outputs)}
        case PlanStep():
            return {"plan": references.resolve(spec.source, run_input, outputs)}
        case WaitStep() if spec.until is not None:
            return {"until": references.resolve(spec.until, run_input, outputs)}
        case WaitStep() if spec.event is not None:
            return {"event": spec.event.name, "key": _text(spec.event.key, run_input, outputs)}
    return {}


def _text(text: str, run_input: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    return references.embed(references.parse(text), run_input, outputs)
