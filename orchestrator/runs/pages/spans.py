"""Who was busy when in the steps of a run: a fixed number of queries, whatever happened."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from agents.models import ToolCall
from approvals.models import Review
from orchestrator.runs.models import Attempt, Run, Turn
from orchestrator.runs.pages.parts import NAMES
from orchestrator.runs.pages.steps import StepRow
from orchestrator.runs.pages.tallies import Part, Tally
from orchestrator.runs.pages.timeline import Span, StepTime, Who
from orchestrator.runs.states import RunState
from orchestrator.workflows.schema import UNDO

Found = Iterable[tuple[UUID, Span]]


def spans_of(
    run: Run,
    steps: Sequence[StepRow],
    reviews: Iterable[Review],
    tallies: Mapping[int, Tally],
    parts: Iterable[Part],
) -> dict[object, list[Span]]:
    """Who was busy when, by the ref of the step."""
    by_step: dict[object, list[Span]] = {}
    known = {step.pk: step for step in steps if step.pk is not None}
    told = (*_turns(run), *_calls(run), *_asked(reviews), *_failed(run))
    for ref, span in (*told, *_rests(steps), *_items(known, tallies), *_rounds(known, parts)):
        by_step.setdefault(ref, []).append(span)
    return by_step


def step_time(step: StepRow, spans: Sequence[Span]) -> StepTime:
    """The step as it is drawn."""
    begun = begun_at(step, spans)
    kind = "undo" if step.key.startswith(UNDO) else step.kind
    return StepTime(step.number, step.key, step.title, kind, step.state, begun, step.finished_at, spans)


def begun_at(step: StepRow, spans: Sequence[Span]) -> datetime | None:
    """When a step began. One that was tried again began with its first try."""
    return min([span.start for span in spans] + ([step.started_at] if step.started_at else []), default=None)


def _turns(run: Run) -> Found:
    rows = Turn.objects.filter(step__run=run).values_list("step__ref", "number", "started_at", "ended_at")
    for ref, number, start, end in rows:
        yield ref, Span(Who.AGENT, start, end, f"Turn {number}")


def _calls(run: Run) -> Found:
    calls = ToolCall.objects.filter(run_ref=run.ref, intent_at__isnull=False)
    for ref, tool, start, end in calls.values_list("step_ref", "tool_name", "intent_at", "finished_at"):
        if start is not None:
            yield ref, Span(Who.TOOL, start, end, tool, tool)


def _asked(reviews: Iterable[Review]) -> Found:
    for review in reviews:
        verb = "Waited" if review.closed_at else "Waiting"
        span = Span(Who.PERSON, review.opened_at, review.closed_at, f"{verb} for {review.reviewer}", review.reviewer)
        yield review.step_ref, span


def _failed(run: Run) -> Found:
    rows = Attempt.objects.filter(step__run=run).values_list("step__ref", "number", "started_at", "ended_at", "reason")
    for ref, number, start, end, reason in rows:
        yield ref, Span(Who.FAILED, start, end, f"Try {number} failed: {reason[:200]}")


def _rests(steps: Iterable[StepRow]) -> Found:
    """Steps that wait for a time or an event."""
    for step in steps:
        if step.kind == "wait" and step.started_at and step.ref:
            what = f"the event {step.awaited}" if step.awaited else "its time"
            verb = "Waited" if step.ended else "Waiting"
            yield step.ref, Span(Who.REST, step.started_at, step.finished_at, f"{verb} for {what}")


def _items(steps: Mapping[int, StepRow], tallies: Mapping[int, Tally]) -> Found:
    """Steps that are done for each item of a list: one bar from the first to the last."""
    for key, tally in tallies.items():
        step = steps.get(key)
        if step is None or step.ref is None or step.total is None or tally.first is None:
            continue
        failed = f", {tally.failed:,} failed" if tally.failed else ""
        end = None if tally.active else tally.last
        yield step.ref, Span(Who.PARTS, tally.first, end, f"{tally.done:,} of {step.total:,} items done{failed}")


def _rounds(steps: Mapping[int, StepRow], parts: Iterable[Part]) -> Found:
    """Rounds of loops, plans and runs of other workflows: a bar each."""
    for part in parts:
        step = steps.get(part.step)
        if step is None or step.ref is None:
            continue
        name = NAMES.get(step.kind, "Part")
        number = f" {part.index + 1}" if step.kind == "loop" else ""
        who = Who.FAILED if part.state in (RunState.FAILED, RunState.STOPPED) else Who.PARTS
        label = f"{name}{number}: {RunState(part.state).label.lower()}"
        yield step.ref, Span(who, part.begun, part.ended, label)
