"""What a run waits for, step by step: a person, a time, an event, its parts, its next try."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from agents.models import Stop, ToolCall
from agents.stopping import sentence_of, stops_over
from approvals.models import Review
from orchestrator.runs.models import Run
from orchestrator.runs.pages.outline import Outline
from orchestrator.runs.pages.steps import StepRow
from orchestrator.runs.pages.tallies import Part, Tally
from orchestrator.runs.states import RUN_ENDED, StepState
from orchestrator.workflows.schema import LoopStep, WaitStep

MOST_LINES = 6

WORKING = ("agent", "tool", "human")
"""Kinds of steps that rest only while a stop holds them back."""


@dataclass(frozen=True)
class Waiting:
    """One thing that is waited for.

    what    "person", "stop", "retry", "event", "time", "items", "rounds", "part" or "work".
    until   when it is over, where that is known.
    words   the event's key, the time as it was given, or why it is stopped: foreign text.
    of      how many rounds or tries there can be.
    """

    what: str
    step: StepRow
    until: datetime | None = None
    name: str = ""
    words: str = ""
    of: int | None = None
    review: Review | None = None
    tally: Tally | None = None
    part: Part | None = None

    @property
    def next_try(self) -> int:
        """Which try comes next."""
        return self.step.retries + 1


def stopped_steps(run: Run, steps: Iterable[StepRow]) -> dict[UUID, str]:
    """Why steps, or calls of theirs, are held back by a stop that is open. One query, and two where a step rests."""
    kept = ToolCall.objects.filter(run_ref=run.ref, kept_by__isnull=False, kept_by__released_at=None)
    found = {
        call.step_ref: sentence_of(call.kept_by)
        for call in kept.select_related("kept_by__set_by").only("step_ref", "kept_by")
        if call.kept_by is not None
    }
    resting = [step for step in steps if step.state == StepState.RESTING and step.kind in WORKING and step.ref]
    stops = _stops_of(run, [step.pk for step in resting if step.pk]) if resting else []
    held = {step.ref: sentence_of(stops[0]) for step in resting if stops and step.ref is not None}
    return held | found


def _stops_of(run: Run, steps: list[int]) -> list[Stop]:
    """The open stops over a run and the agents that work on these steps."""
    agents = run.steps.filter(pk__in=steps).values_list("agent_version__agent__ref", flat=True)
    return stops_over([run.ref, run.workflow_version.workflow.ref, *(ref for ref in agents if ref is not None)])


@dataclass(frozen=True)
class Known:
    """What is known of the steps of a run that are going on.

    `inputs` are those of the steps that wait for a time; `stopped` says why calls are kept back, by the refs of steps.
    """

    outline: Outline
    reviews: Iterable[Review]
    tallies: Mapping[int, Tally]
    parts: Iterable[Part]
    inputs: Mapping[int, Any]
    stopped: Mapping[UUID, str]
    now: datetime


def waiting_for(steps: Iterable[StepRow], known: Known) -> list[Waiting]:
    """What each step that is going on waits for."""
    asked: dict[object, list[Review]] = {}
    for review in known.reviews:
        asked.setdefault(review.step_ref, []).append(review)
    latest = {part.step: part for part in known.parts}
    found: list[Waiting] = []
    for step in steps:
        if step.ref in asked:
            found += [Waiting("person", step, until=each.due_at, review=each) for each in asked[step.ref]]
        elif step.going_on and step.pk is not None and step.ref is not None:
            found.append(_one(step, step.pk, step.ref, latest.get(step.pk), known))
    return found


def _one(step: StepRow, pk: int, ref: UUID, latest: Part | None, known: Known) -> Waiting:
    """What a step waits for when no person is asked about it."""
    if ref in known.stopped:
        return Waiting("stop", step, words=known.stopped[ref])
    if step.retry_at is not None and step.retry_at > known.now:
        return _retry(step, known.outline)
    if pk in known.tallies:
        return _parts(step, known.outline, known.tallies[pk], latest)
    if step.kind == "wait" and step.state == StepState.RESTING:
        return _wait(step, known.outline, known.inputs.get(pk))
    return Waiting("work", step)


def _retry(step: StepRow, outline: Outline) -> Waiting:
    spec = outline.spec(step.key)
    return Waiting("retry", step, until=step.retry_at, of=spec.retry.attempts if spec and spec.retry else None)


def _parts(step: StepRow, outline: Outline, tally: Tally, latest: Part | None) -> Waiting:
    if step.total is not None:
        return Waiting("items", step, tally=tally)
    part = latest if latest and latest.state not in RUN_ENDED else None
    spec = outline.spec(step.key)
    if isinstance(spec, LoopStep):
        return Waiting("rounds", step, tally=tally, part=part, of=spec.max_rounds)
    return Waiting("part", step, tally=tally, part=part)


def _wait(step: StepRow, outline: Outline, given: Any) -> Waiting:
    spec = outline.spec(step.key)
    given = given if isinstance(given, dict) else {}
    if step.awaited:
        name, _, key = step.awaited.partition(" ")
        return Waiting("event", step, name=name, words=key)
    if isinstance(spec, WaitStep) and spec.duration and step.started_at:
        return Waiting("time", step, until=step.started_at + spec.duration)
    words = str(given.get("until", ""))
    return Waiting("time", step, until=_moment(words), words=words)


def _moment(words: str) -> datetime | None:
    try:
        moment = parse_datetime(words)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
