"""The short-term memory of a run: what each of its steps was given, and what it gave back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, F, IntegerField, JSONField, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Length
from django.http import Http404

from agents.gateway.trail import masked
from agents.models import ToolCall
from orchestrator.runs.models import Attempt, Run, Step
from orchestrator.runs.pages.steps import StepRow
from orchestrator.runs.pages.tallies import Tally

INLINE = 4_000  # characters of a value that the page of the run shows; longer ones are on the page of the step
WHOLE = 400_000


@dataclass(frozen=True)
class Values:
    """What a step was given and gave back. A value that is too long for the list is None, with its length beside it."""

    given: Any = None
    made: Any = None
    given_size: int = 0
    made_size: int = 0
    reason: str = ""

    @property
    def given_cut(self) -> bool:
        """Whether the input is longer than what is shown."""
        return self.given is None and self.given_size > INLINE

    @property
    def made_cut(self) -> bool:
        """Whether the output is longer than what is shown."""
        return self.made is None and self.made_size > INLINE


@dataclass(frozen=True)
class Remembered:
    """A step with its values, and how its parts stand where it has any."""

    step: StepRow
    values: Values
    tally: Tally | None = None


def memory_of(steps: Sequence[StepRow], tallies: Mapping[int, Tally]) -> list[Remembered]:
    """The values of these steps, as far as they are short. Two queries."""
    keys = [step.pk for step in steps if step.pk is not None]
    rows = {row["pk"]: row for row in _short(Step.objects.filter(pk__in=keys))}
    sensitive = _sensitive(step.ref for step in steps if step.kind == "tool" and step.ref and step.total is None)
    return [
        Remembered(step, _values(rows[step.pk], sensitive.get(step.ref, [])), tallies.get(step.pk))
        if step.pk in rows and step.pk is not None and step.ref is not None
        else Remembered(step, Values())
        for step in steps
    ]


def step_values(run: Run, ref: UUID) -> tuple[Step, Values, list[Attempt]]:
    """One step of a run with everything it was given and gave back, and its tries that failed. Raises Http404."""
    step = run.steps.filter(ref=ref).select_related("agent_version__agent").first()
    if step is None:
        raise Http404
    hidden = _sensitive([step.ref]).get(step.ref, []) if step.kind == "tool" and step.total is None else []
    values = Values(masked(step.input, hidden), masked(step.output, hidden), reason=step.reason)
    return step, values, list(step.attempts.order_by("pk"))


def _short(steps: QuerySet[Step]) -> Iterable[Mapping[str, Any]]:
    """Inputs and outputs up to a length, cut in the database: a list of ten thousand items never leaves it."""
    sized = steps.annotate(input_size=_length("input"), output_size=_length("output"))
    kept = sized.annotate(short_input=_if_short("input"), short_output=_if_short("output"))
    fields = ("pk", "input_size", "output_size", "short_input", "short_output", "reason")
    return [dict(zip(fields, row, strict=True)) for row in kept.values_list(*fields)]


def _if_short(name: str) -> Case:
    short = When(**{f"{name}_size__lte": INLINE}, then=F(name))
    return Case(short, default=Value(None), output_field=JSONField(null=True))


def _length(name: str) -> Coalesce:
    return Coalesce(Length(Cast(name, TextField())), Value(0), output_field=IntegerField())


def _values(row: Mapping[str, Any], hidden: list[str]) -> Values:
    given, made = (masked(row[name], hidden) for name in ("short_input", "short_output"))
    return Values(given, made, row["input_size"], row["output_size"], row["reason"])


def _sensitive(refs: Iterable[UUID]) -> dict[UUID, list[str]]:
    """What is masked in the values of steps that call a tool, by the contracts of their calls. One query."""
    calls = ToolCall.objects.filter(step_ref__in=list(refs), tool_version__isnull=False)
    found: dict[UUID, list[str]] = {}
    for ref, pointers in calls.values_list("step_ref", "tool_version__sensitive"):
        found.setdefault(ref, []).extend(pointers)
    return found
