"""The words in the boxes of a run's graph, and what the boxes link to."""

from datetime import datetime

from django.urls import reverse

from orchestrator.runs.models import Run
from orchestrator.runs.pages.graph import Node
from orchestrator.runs.pages.outline import Outline
from orchestrator.runs.pages.steps import StepRow
from orchestrator.runs.pages.tallies import Part, Tally
from orchestrator.runs.states import StepState
from orchestrator.wording import clock, stopwatch
from orchestrator.workflows.schema import LoopStep, WaitStep

STACKED = ("workflow", "loop", "plan")
MOST_NAME = 18


def node_of(
    step: StepRow,
    outline: Outline,
    tally: Tally | None,
    latest: Part | None,
    run: Run,
    begun: datetime | None,
    now: datetime,
) -> Node:
    """The box of one step."""
    spec = outline.spec(step.key)
    each = step.total is not None or getattr(spec, "for_each", None) is not None
    progress = tally.done / step.total if tally and step.total else None
    return Node(
        key=step.key,
        number=step.number,
        title=step.title,
        kind=step.kind,
        state=step.state,
        caption=_caption(step, outline, tally, begun, now),
        role="undo" if step.undoes else "fallback" if step.key in outline.detours else "",
        href=_href(step, tally, latest, run),
        stacked=each or step.kind in STACKED,
        progress=progress,
    )


def _href(step: StepRow, tally: Tally | None, latest: Part | None, run: Run) -> str:
    """Where the parts of a step are found; a run of another workflow or of a plan is its only part."""
    if step.kind in ("workflow", "plan") and step.total is None:
        return reverse("run", args=[latest.ref]) if latest else ""
    return reverse("run-step", args=[run.ref, step.ref]) + "#parts" if tally and step.ref else ""


def _caption(step: StepRow, outline: Outline, tally: Tally | None, begun: datetime | None, now: datetime) -> str:
    if step.state == StepState.PENDING:
        return _not_started(step, outline)
    if step.state == StepState.SKIPPED or begun is None:
        return step.state.label.lower()
    took = stopwatch(((step.finished_at or now) - begun).total_seconds())
    took += f", try {step.attempt}" if step.attempt > 1 else ""
    telling = _telling(step, outline, tally, now)
    if telling:
        return f"{telling}, {took}" if step.ended else telling
    return took if step.state == StepState.SUCCEEDED else f"{_word(step)}, {took}"


def _not_started(step: StepRow, outline: Outline) -> str:
    primary = outline.detours.get(step.key)
    spec = outline.spec(step.key)
    if primary is not None:
        return "only on failure"
    return "on a condition" if spec is not None and spec.when else "not started"


def _telling(step: StepRow, outline: Outline, tally: Tally | None, now: datetime) -> str:
    """What says more about a step than its state; empty where nothing does."""
    if step.retry_at is not None and step.retry_at > now:
        what = f"try {step.retries + 1}" if step.retries else "again"
        return f"{what} at {clock(step.retry_at, seconds=True)}"
    if step.total is not None:
        done, failed = (tally.done, tally.failed) if tally else (0, 0)
        return f"{done:,} of {step.total:,}" + (f", {failed:,} failed" if failed else "")
    spec = outline.spec(step.key)
    if isinstance(spec, LoopStep) and tally:
        return f"{tally.rounds} round{'' if tally.rounds == 1 else 's'}" if step.ended else _round(spec, tally)
    if step.kind == "wait" and step.going_on:
        return _awaited(step, spec if isinstance(spec, WaitStep) else None)
    return ""


def _round(spec: LoopStep, tally: Tally) -> str:
    return f"round {tally.rounds} of {spec.max_rounds}"


def _awaited(step: StepRow, spec: WaitStep | None) -> str:
    if step.awaited:
        return f"for {step.awaited.partition(' ')[0][:MOST_NAME]}"
    if spec is not None and spec.duration and step.started_at:
        return f"until {clock(step.started_at + spec.duration)}"
    return "waiting"


def _word(step: StepRow) -> str:
    """The state in a word that fits into a box."""
    return "waiting" if step.state == StepState.RESTING else step.state.value
