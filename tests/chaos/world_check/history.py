"""I4, I5, I6, I8, I13: the record is whole, in order, and tells exactly what the tables say."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from django.db.models import F

from agents.models import ToolCall
from agents.states import CallState
from audit import canonical
from audit.models import Entry
from audit.verify import verify_all
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RUN_ENDED, STEP_ENDED, RunState, StepState

RUN_ENDS = {"run.finished": RunState.SUCCEEDED, "run.failed": RunState.FAILED, "run.stopped": RunState.STOPPED}
STEP_ENDS = {
    "step.finished": StepState.SUCCEEDED,
    "step.read": StepState.SUCCEEDED,
    "step.failed": StepState.FAILED,
    "step.stopped": StepState.STOPPED,
    "step.skipped": StepState.SKIPPED,
}
CALL_ENDS = {"call.executed": CallState.SUCCEEDED, "call.failed": CallState.FAILED}
MOVES = ("step.", "turn.", "run.", "call.")


def wrong_history() -> Iterator[str]:
    """Everything that is wrong with the record, and between it and the tables."""
    for stream, broken in verify_all():
        if broken:
            yield f"I5: the record of {stream.key} does not hold from entry {broken.seq} on: {broken.problem}."
    for run in Run.objects.prefetch_related("steps").iterator(chunk_size=200):
        entries = list(Entry.objects.filter(stream__key=f"run:{run.ref}").order_by("seq"))
        yield from _in_order(run, entries)
        yield from _run_as_told(run, entries)
        yield from _steps_as_told(run, entries)
        yield from _calls_as_told(run, entries)
    yield from _times()


def _in_order(run: Run, entries: Sequence[Entry]) -> Iterator[str]:
    if [entry.seq for entry in entries] != list(range(1, len(entries) + 1)):
        yield f"I4: the entries of {run.code} are not numbered one after the other."
    for before, after in pairwise(entries):
        if after.at < before.at:
            yield f"I13: entry {after.seq} of {run.code} is older than the one before it."


def _run_as_told(run: Run, entries: Sequence[Entry]) -> Iterator[str]:
    """A run has begun once, and ended at most once; nothing moves after that."""
    begun = [entry for entry in entries if entry.verb == "run.started"]
    if len(begun) != 1:
        yield f"I6: {run.code} was started {len(begun)} times by its record."
    ends = [entry for entry in entries if entry.verb in RUN_ENDS]
    if len(ends) > 1:
        yield f"I6: {run.code} has ended {len(ends)} times."
    told = RUN_ENDS[ends[-1].verb] if ends else None
    stored = RunState(run.state) if run.state in RUN_ENDED else None
    if told != stored:
        yield f"I8: {run.code} is {run.state}, and its record says {told or 'that it goes on'}."
    elif ends and _data(ends[-1])["output"] != run.output:
        yield f"I8: the output of {run.code} is not the one on record."
    moved = [entry for entry in entries if ends and entry.seq > ends[0].seq and entry.verb.startswith(MOVES)]
    for entry in moved:
        yield f"I6: {run.code} has ended, and then came {entry.verb}."


def _steps_as_told(run: Run, entries: Sequence[Entry]) -> Iterator[str]:
    """A step that has ended has one end on record, after everything else that happened in it."""
    told: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.verb.startswith("step."):
            told[entry.subject_ref].append(entry.verb)
    for step in run.steps.all():
        said = told.get(str(step.ref), [])
        ends = [verb for verb in said if verb in STEP_ENDS]
        stored = StepState(step.state) if step.state in STEP_ENDED else None
        if len(ends) > 1:
            yield f"I6: step {step.key} of {run.code} has ended {len(ends)} times: {', '.join(ends)}."
        elif (STEP_ENDS[ends[0]] if ends else None) != stored:
            yield f"I8: step {step.key} of {run.code} is {step.state}; its record says {', '.join(said) or 'nothing'}."
        elif ends and said[-1] not in STEP_ENDS:
            yield f"I6: step {step.key} of {run.code} has ended, and then came {said[-1]}."


def _calls_as_told(run: Run, entries: Sequence[Entry]) -> Iterator[str]:
    """What a call came to stands on record, and nothing of it happened after that."""
    told: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.verb.startswith("call."):
            told[entry.subject_ref].append(entry.verb)
    states = dict(ToolCall.objects.filter(run_ref=run.ref).values_list("ref", "state"))
    for ref, state in states.items():
        said = told.get(str(ref), [])
        ends = [verb for verb in said if verb in CALL_ENDS]
        if len(ends) > 1:
            yield f"I6: call {ref} of {run.code} has ended {len(ends)} times."
        elif ends and (CALL_ENDS[ends[0]] != state or said[-1] != ends[0]):
            yield f"I8: call {ref} of {run.code} is {state}; its record says {', '.join(said)}."
        elif state == CallState.EXECUTING and "call.intended" not in said:
            yield f"I8: call {ref} of {run.code} is being sent, and its record has no intent."


def _times() -> Iterator[str]:
    """No row ends before it began. All these moments are the database's."""
    for step in Step.objects.filter(finished_at__lt=F("started_at")):
        yield f"I13: step {step.key} ended before it began."
    for call in ToolCall.objects.filter(finished_at__lt=F("intent_at")):
        yield f"I13: {call} came back before it was to be sent."
    for run in Run.objects.filter(finished_at__lt=F("created_at")):
        yield f"I13: {run.code} ended before it was started."


def _data(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = canonical.parse(bytes(entry.payload))
    return data
