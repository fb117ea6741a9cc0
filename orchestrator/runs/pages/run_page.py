"""The page of one run: its facts, its steps, and the pictures of them.

Every part reads what it shows when its template asks, in a fixed number of queries however long the run is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone

from agents.models import Agent, AgentVersion, ToolCall
from agents.runtime.models import ModelInfo, describe
from approvals.models import Review
from approvals.states import ReviewState
from audit.models import Stream
from audit.verify import Broken, verify_stream
from orchestrator.runs.models import Attempt, Run, Turn
from orchestrator.runs.pages import graph, timeline
from orchestrator.runs.pages.timeline import Share, Span, StepTime, Who
from orchestrator.runs.states import RUN_ENDED, STEP_ENDED, StepState
from orchestrator.wording import stopwatch

STEPS_SHOWN = 60
QUICK = 300  # entries that are verified while a page waits


@dataclass(frozen=True)
class Record:
    """How many entries a run has. `known` says whether they were verified; `broken` is then the first bad one."""

    total: int
    known: bool
    broken: Broken | None = None

    @property
    def long(self) -> bool:
        """Whether verifying takes so long that the page asks for it by itself, after it is shown."""
        return self.total > QUICK


def record_of(run: Run, *, most: int | None = None) -> Record:
    """The state of a run's record. A chain longer than `most` is only counted."""
    stream = Stream.objects.filter(key=f"run:{run.ref}").first()
    if stream is None:
        return Record(0, known=True)
    if most is not None and stream.seq > most:
        return Record(stream.seq, known=False)
    return Record(stream.seq, known=True, broken=verify_stream(stream))


@dataclass(frozen=True)
class StepRow:
    """A step of a run, or one that its definition still has in store. `number` counts from 1."""

    number: int
    key: str
    title: str
    kind: str
    state: StepState
    ref: UUID | None = None
    pk: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempt: int = 1


@dataclass(frozen=True)
class Window:
    """The steps that the pictures show: all of them, or those around `first` in a long run."""

    steps: Sequence[StepRow]
    first: int
    total: int

    @property
    def partial(self) -> bool:
        """Whether there are more steps than are shown."""
        return len(self.steps) < self.total

    @property
    def last(self) -> int:
        """The number of the last step shown."""
        return self.first + len(self.steps) - 1

    @property
    def earlier(self) -> int | None:
        """Where the window before this one begins."""
        return max(1, self.first - STEPS_SHOWN) if self.first > 1 else None

    @property
    def later(self) -> int | None:
        """Where the window after this one begins."""
        return self.last + 1 if self.last < self.total else None


class RunPage:
    """Everything about one run, read when a template asks for it. `now` is the same for all parts of one answer."""

    def __init__(self, run: Run, *, first_step: int | None = None, squeeze: bool = True) -> None:
        self.run = run
        self.now = timezone.now()
        self.squeeze = squeeze
        self._first_step = first_step

    @property
    def live(self) -> bool:
        """Whether the run can still change."""
        return self.run.state not in RUN_ENDED

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return ((self.run.finished_at or self.now) - self.run.created_at).total_seconds()

    @property
    def tokens(self) -> int:
        """Tokens read and written by models."""
        return self.run.input_tokens + self.run.output_tokens

    @cached_property
    def record(self) -> Record:
        """Whether the record is intact, as far as that is quickly said."""
        return record_of(self.run, most=QUICK)

    @cached_property
    def steps(self) -> list[StepRow]:
        """All steps in order: those that exist, then those the definition still has in store."""
        found = ("key", "title", "kind", "state", "ref", "pk", "started_at", "finished_at", "attempt")
        rows = list(self.run.steps.order_by("position").values_list(*found))
        steps = [
            StepRow(number, key, title, kind, StepState(state), *rest)
            for number, (key, title, kind, state, *rest) in enumerate(rows, start=1)
        ]
        known = {step.key for step in steps}
        to_come = [spec for spec in _specs(self.run) if spec["id"] not in known]
        for number, spec in enumerate(to_come, start=len(steps) + 1):
            steps.append(StepRow(number, spec["id"], spec["title"], spec["kind"], StepState.PENDING))
        return steps

    @cached_property
    def current(self) -> StepRow | None:
        """The first step that is going on."""
        return next((step for step in self.steps if step.state in (StepState.RUNNING, StepState.WAITING)), None)

    @cached_property
    def window(self) -> Window:
        """The steps to draw: those asked for, else those around where the run is."""
        total = len(self.steps)
        if total <= STEPS_SHOWN:
            return Window(self.steps, 1, total)
        first = self._first_step or (self.current.number - 10 if self.current else 1)
        first = max(1, min(first, total - STEPS_SHOWN + 1))
        return Window(self.steps[first - 1 : first - 1 + STEPS_SHOWN], first, total)

    @cached_property
    def reviews(self) -> list[Review]:
        """The questions to people, in the order they were asked."""
        reviews = Review.objects.filter(run_ref=self.run.ref).select_related("person", "team")
        wanted = ("ref", "step_ref", "state", "kind", "opened_at", "closed_at", "due_at", "person__name", "team__name")
        return list(reviews.only(*wanted).order_by("pk"))

    @cached_property
    def open_reviews(self) -> list[Review]:
        """The questions that nobody has answered yet."""
        return [review for review in self.reviews if review.state == ReviewState.OPEN]

    @cached_property
    def versions(self) -> list[AgentVersion]:
        """The versions of agents that worked in this run."""
        versions = AgentVersion.objects.filter(steps__run=self.run).distinct().order_by("pk")
        return list(versions.select_related("agent__acts_for_user", "agent__acts_for_team"))

    @property
    def agents(self) -> list[Agent]:
        """The agents that worked in this run, each once."""
        return list({version.agent_id: version.agent for version in self.versions}.values())

    @property
    def acts_for(self) -> list[str]:
        """Whom its agents act for, each once."""
        return list(dict.fromkeys(agent.represents for agent in self.agents))

    @property
    def models(self) -> list[ModelInfo]:
        """The models its agents use, each once."""
        return [describe(name) for name in dict.fromkeys(version.model for version in self.versions)]

    @cached_property
    def spans(self) -> dict[object, list[Span]]:
        """Who was busy when, by the ref of the step."""
        by_step: dict[object, list[Span]] = {}
        for ref, span in (*_turns(self.run), *_calls(self.run), *_asked(self.reviews), *_failed(self.run)):
            by_step.setdefault(ref, []).append(span)
        return by_step

    @cached_property
    def shares(self) -> dict[str, Share]:
        """How long agents, tools and people were busy, over the whole run."""
        spans = [span for spans in self.spans.values() for span in spans]
        ended = self.run.finished_at or self.now
        return {
            who.value: share for who, share in timeline.shares(spans, ended - self.run.created_at, self.now).items()
        }

    @cached_property
    def timeline(self) -> timeline.Timeline:
        """The bars of the steps in the window."""
        steps = [_step_time(step, self.spans.get(step.ref, ())) for step in self.window.steps]
        start, end = self._drawn(steps)
        zone = timezone.get_current_timezone()
        return timeline.draw(steps, start=start, end=end, now=self.now, zone=zone, squeeze=self.squeeze)

    def _drawn(self, steps: Sequence[StepTime]) -> tuple[datetime, datetime | None]:
        """From when to when the picture goes: the run, or the steps of the window where that is only a part."""
        if not self.window.partial:
            return self.run.created_at, self.run.finished_at
        begun = [step.started_at for step in steps if step.started_at]
        going_on = any(step.started_at and step.state not in STEP_ENDED for step in steps)
        ended = [step.finished_at for step in steps if step.finished_at]
        start = min(begun, default=self.run.created_at)
        return start, None if going_on and self.live else max(ended, default=self.run.finished_at or self.now)

    @cached_property
    def graph(self) -> graph.Graph:
        """The boxes and arrows of the steps in the window."""
        nodes = [
            graph.Node(step.key, step.number, step.title, step.kind, step.state, self._caption(step))
            for step in self.window.steps
        ]
        return graph.draw(nodes, needs_of(self.steps))

    def _caption(self, step: StepRow) -> str:
        """The second line of a box."""
        begun = _begun(step, self.spans.get(step.ref, ()))
        if step.state == StepState.PENDING:
            return "not started"
        if begun is None:
            return step.state.label.lower()
        took = stopwatch(((step.finished_at or self.now) - begun).total_seconds())
        took += f", try {step.attempt}" if step.attempt > 1 else ""
        return took if step.state == StepState.SUCCEEDED else f"{step.state.value}, {took}"

    @cached_property
    def to_come(self) -> list[StepRow]:
        """The next steps that have not started, three at most."""
        return [step for step in self.steps if step.state == StepState.PENDING][:3]


def needs_of(steps: Sequence[StepRow]) -> dict[str, tuple[str, ...]]:
    """What each step needs: today the one before it."""
    return {step.key: (before.key,) if before else () for before, step in zip((None, *steps), steps, strict=False)}


def _specs(run: Run) -> list[dict[str, str]]:
    """The steps of the run's definition, as far as they can be shown."""
    definition: Any = run.workflow_version.definition
    steps = definition.get("steps", []) if isinstance(definition, dict) else []
    return [spec for spec in steps if isinstance(spec, dict) and {"id", "title", "kind"} <= spec.keys()]


def _turns(run: Run) -> Iterable[tuple[UUID, Span]]:
    rows = Turn.objects.filter(step__run=run).values_list("step__ref", "number", "started_at", "ended_at")
    for ref, number, start, end in rows:
        yield ref, Span(Who.AGENT, start, end, f"Turn {number}")


def _calls(run: Run) -> Iterable[tuple[UUID, Span]]:
    calls = ToolCall.objects.filter(run_ref=run.ref, intent_at__isnull=False)
    for ref, tool, start, end in calls.values_list("step_ref", "tool_name", "intent_at", "finished_at"):
        if start is not None:
            yield ref, Span(Who.TOOL, start, end, tool, tool)


def _asked(reviews: Iterable[Review]) -> Iterable[tuple[UUID, Span]]:
    for review in reviews:
        verb = "Waited" if review.closed_at else "Waiting"
        span = Span(Who.PERSON, review.opened_at, review.closed_at, f"{verb} for {review.reviewer}", review.reviewer)
        yield review.step_ref, span


def _failed(run: Run) -> Iterable[tuple[UUID, Span]]:
    rows = Attempt.objects.filter(step__run=run).values_list("step__ref", "number", "started_at", "ended_at", "reason")
    for ref, number, start, end, reason in rows:
        yield ref, Span(Who.FAILED, start, end, f"Try {number} failed: {reason[:200]}")


def _step_time(step: StepRow, spans: Sequence[Span]) -> StepTime:
    """The step as it is drawn."""
    begun = _begun(step, spans)
    return StepTime(step.number, step.key, step.title, step.kind, step.state, begun, step.finished_at, spans)


def _begun(step: StepRow, spans: Sequence[Span]) -> datetime | None:
    """When a step began. One that was tried again began with its first try."""
    return min([span.start for span in spans] + ([step.started_at] if step.started_at else []), default=None)
