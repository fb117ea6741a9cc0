"""The forms on the page of a review: the answer to a question, other input for a step, a value in place of its output.

A form is made from the schema that stands in the review. Where that says nothing, one field takes JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.contracts import BadSchema
from agents.contracts.arguments import checker_for
from agents.schema_forms import Field, Parsed, fields, parse
from agents.schema_forms.shapes import is_group, shape_of
from approvals.models import Review
from approvals.states import FORMS, Verdict

ANSWER = "answer"
PREFIXES = {ANSWER: "a", "input": "i", "value": "v"}
TITLES = {"input": "Other input for the step", "value": "A value to go on with"}


@dataclass(frozen=True)
class Asked:
    """A form that goes with a verdict. `base` is what it shows at first; `part` is where its value belongs."""

    verdict: Verdict
    name: str
    schema: Mapping[str, Any]
    base: Mapping[str, Any] | None = None
    part: str = ""

    @property
    def title(self) -> str:
        """What it is called on the page; the answer to a question has a title of its own."""
        return TITLES.get(self.name, "")

    def parse(self, data: Mapping[str, Any]) -> Parsed:
        """What was typed."""
        return parse(self.schema, data, self.base, prefix=PREFIXES[self.name])

    def fields(self, *, given: Any = None, parsed: Parsed | None = None) -> list[Field]:
        """Its fields, with what was answered, or typed and not taken."""
        shown = self.base if given is None else (given.get(self.part) if self.part else given)
        shown = shown if isinstance(shown, Mapping) or shown is None else None
        return fields(self.schema, shown, parsed=parsed, prefix=PREFIXES[self.name])

    def value(self, parsed: Parsed | None) -> dict[str, Any] | None:
        """What goes with the verdict; None while it is not right."""
        if parsed is None or parsed.value is None:
            return None
        return {self.part: parsed.value} if self.part else parsed.value


def asked_with(review: Review, verdict: str) -> Asked | None:
    """The form that goes with a verdict on this review; None where it needs none, or is not known."""
    if review.form_schema is None or verdict not in review.verdicts:
        return None
    if verdict == Verdict.ANSWER:
        return Asked(Verdict.ANSWER, ANSWER, review.form_schema)
    name = FORMS.get(Verdict(verdict))
    if name is None or name not in review.form_schema.get("properties", {}):
        return None
    given = review.dossier.get("asked") if name == "input" else None
    node = review.form_schema["properties"][name]
    if _is_group(node) and (given is None or isinstance(given, Mapping)):
        return Asked(Verdict(verdict), name, node, given, part=name)
    return Asked(Verdict(verdict), name, part_schema(review, name), None if given is None else {name: given})


def part_schema(review: Review, name: str) -> dict[str, Any]:
    """The schema of an answer that has one part of a review's form and nothing else.

    What the part refers to in its own definitions is found there still.
    """
    node = (review.form_schema or {})["properties"][name]
    lifted = {"$defs": node["$defs"]} if isinstance(node, dict) and "$defs" in node else {}
    own = {key: value for key, value in node.items() if key != "$defs"} if lifted else node
    return {"type": "object", "properties": {name: own}, "required": [name], "additionalProperties": False, **lifted}


def _is_group(node: Mapping[str, Any]) -> bool:
    """Whether it is an object whose fields can be shown one by one."""
    try:
        root = checker_for(node).schema
    except BadSchema:
        return False
    return is_group(shape_of(root, root)) and bool(root.get("properties"))
