"""What a run waits for, step by step: a person, a time, an event, its parts, its next try."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from approvals.models import Review
from orchestrator.runs.pages.outline import Outline
from orchestrator.runs.pages.steps import StepRow
from orchestrator.runs.pages.tallies import Part, Tally
from orchestrator.runs.states import RUN_ENDED, StepState
from orchestrator.workflows.schema import LoopStep, WaitStep

MOST_LINES = 6


@dataclass(frozen=True)
class Waiting:
    """One thing that is waited for.

    what    "person", "retry", "event", "time", "items", "rounds", "part" or "work".
    until   when it is over, where that is known.
    words   the event's key, or the time as it was given: foreign text.
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


def waiting_for(
    steps: Iterable[StepRow],
    outline: Outline,
    reviews: Iterable[Review],
    tallies: Mapping[int, Tally],
    parts: Iterable[Part],
    inputs: Mapping[int, Any],
    now: datetime,
) -> list[Waiting]:
    """What each step that is going on waits for. `inputs` are those of the steps that wait for a time."""
    asked: dict[object, list[Review]] = {}
    for review in reviews:
        asked.setdefault(review.step_ref, []).append(review)
    latest = {part.step: part for part in parts}
    found: list[Waiting] = []
    for step in steps:
        if not step.going_on or step.pk is None:
            continue
        if step.ref in asked:
            found += [Waiting("person", step, until=review.due_at, review=review) for review in asked[step.ref]]
        elif step.retry_at is not None and step.retry_at > now:
            found.append(_retry(step, outline))
        elif step.pk in tallies:
            found.append(_parts(step, outline, tallies[step.pk], latest.get(step.pk)))
        elif step.kind == "wait" and step.state == StepState.RESTING:
            found.append(_wait(step, outline, inputs.get(step.pk)))
        else:
            found.append(Waiting("work", step))
    return found


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
