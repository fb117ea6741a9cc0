"""The page of one run: its facts, its steps, and the pictures of them.

Every part reads what it shows when its template asks, in a fixed number of queries however long the run is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from agents.models import Agent, AgentVersion
from agents.people import Person
from agents.runtime.models import ModelInfo, describe
from approvals.models import Review
from approvals.states import ReviewState
from audit.models import Stream
from audit.verify import Broken, verify_stream
from orchestrator.runs.access import may_steer, runs_for
from orchestrator.runs.models import Run, Step
from orchestrator.runs.pages import captions, graph, tallies, timeline
from orchestrator.runs.pages.ending import FINISH, EndForm
from orchestrator.runs.pages.memory import Remembered, memory_of
from orchestrator.runs.pages.outline import Outline, outline_of
from orchestrator.runs.pages.parts import place_of
from orchestrator.runs.pages.spans import begun_at, spans_of, step_time
from orchestrator.runs.pages.steps import StepRow, steps_of, window_of
from orchestrator.runs.pages.tallies import Part, Tally
from orchestrator.runs.pages.timeline import Share, Span, StepTime
from orchestrator.runs.pages.waiting import MOST_LINES, Known, Waiting, stopped_steps, waiting_for
from orchestrator.runs.states import RUN_ENDED, StepState
from orchestrator.workflows.windows import Window

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
class Above:
    """What a run is a part of: the run, its step, and which part of it this is."""

    run: Run
    step: Step
    place: str


class RunPage:
    """Everything about one run, read when a template asks for it. `now` is the same for all parts of one answer."""

    def __init__(self, run: Run, user: Person, *, first_step: int | None = None, squeeze: bool = True) -> None:
        self.run = run
        self.user = user
        self.now = timezone.now()
        self.squeeze = squeeze
        self._first_step = first_step
        self._end_form: EndForm | None = None

    @property
    def chosen(self) -> bool:
        """Whether other steps were asked for than those around where a live run is."""
        return self.live and self._first_step is not None

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
    def above(self) -> Above | None:
        """What this run is a part of; None where it is none, or the reader may not see that."""
        if self.run.parent_id is None:
            return None
        rows = Step.objects.select_related("run").only("title", "kind", "total", "ref", "run__ref", "run__title")
        step = rows.filter(pk=self.run.parent_id, run__in=runs_for(self.user)).first()
        return Above(step.run, step, place_of(self.run, step)) if step else None

    @cached_property
    def outline(self) -> Outline:
        """What its definition says of its steps."""
        return outline_of(self.run)

    @cached_property
    def steps(self) -> list[StepRow]:
        """All steps in order: those that exist, then those the definition still has in store."""
        return steps_of(self.run, self.outline)

    @cached_property
    def going_on(self) -> list[StepRow]:
        """The steps that have begun and not ended."""
        return [step for step in self.steps if step.going_on]

    @property
    def current(self) -> StepRow | None:
        """The step to name where there is room for one: one that is worked on, else one that waits for a person."""
        order = (StepState.RUNNING, StepState.WAITING, StepState.RESTING)
        return min(self.going_on, key=lambda step: order.index(step.state), default=None)

    @property
    def at_once(self) -> list[StepRow]:
        """The steps that are in the same state as the current one."""
        return [step for step in self.going_on if self.current and step.state == self.current.state]

    @cached_property
    def window(self) -> Window[StepRow]:
        """The steps to draw: those asked for, else those around where the run is."""
        return window_of(self.steps, self._first_step)

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
    def tallies(self) -> dict[int, Tally]:
        """How the parts of its steps stand."""
        return tallies.tallies_of(self.run)

    @cached_property
    def parts(self) -> list[Part]:
        """Its rounds, plans and runs of other workflows, as far as the reader may see them."""
        return tallies.parts_of(self.run, self.user)

    @cached_property
    def waits(self) -> list[Waiting]:
        """What it waits for."""
        keys = [step.pk for step in self.going_on if step.kind == "wait" and step.pk is not None]
        inputs = dict(self.run.steps.filter(pk__in=keys).values_list("pk", "input")) if keys else {}
        stopped = stopped_steps(self.run, self.going_on)
        known = Known(self.outline, self.open_reviews, self.tallies, self.parts, inputs, stopped, self.now)
        asked = {review.step_ref for review in self.open_reviews}  # also about one that may not begin
        return waiting_for([step for step in self.steps if step.going_on or step.ref in asked], known)

    @property
    def most_waits(self) -> list[Waiting]:
        """As much of what it waits for as is said at its head."""
        return self.waits[:MOST_LINES]

    @property
    def more_waits(self) -> int:
        """How much there is no room for."""
        return max(0, len(self.waits) - MOST_LINES)

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
        return spans_of(self.run, self.steps, self.reviews, self.tallies, self.parts)

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
        steps = [step_time(step, self.spans.get(step.ref, ())) for step in self.window.rows]
        start, end = self._drawn(steps)
        zone = timezone.get_current_timezone()
        return timeline.draw(steps, start=start, end=end, now=self.now, zone=zone, squeeze=self.squeeze)

    def _drawn(self, steps: Sequence[StepTime]) -> tuple[datetime, datetime | None]:
        """From when to when the picture goes: the run, or the steps of the window where that is only a part."""
        if not self.window.partial:
            return self.run.created_at, self.run.finished_at
        begun = [step.started_at for step in steps if step.started_at]
        going_on = any(step.going_on for step in self.window.rows)
        ended = [step.finished_at for step in steps if step.finished_at]
        start = min(begun, default=self.run.created_at)
        return start, None if going_on and self.live else max(ended, default=self.run.finished_at or self.now)

    @cached_property
    def graph(self) -> graph.Graph:
        """The boxes and arrows of the steps in the window."""
        latest = {part.step: part for part in self.parts}
        nodes = [
            captions.node_of(
                step,
                self.outline,
                self.tallies.get(step.pk or 0),
                latest.get(step.pk or 0),
                self.run,
                begun_at(step, self.spans.get(step.ref, ())),
                self.now,
            )
            for step in self.window.rows
        ]
        needs = self.outline.needs(step.key for step in self.steps)
        return graph.draw(nodes, needs, detours=self.outline.detours)

    @cached_property
    def to_come(self) -> list[StepRow]:
        """The next steps that have not started, three at most."""
        return [step for step in self.steps if step.state == StepState.PENDING][:3]

    @cached_property
    def memory(self) -> list[Remembered]:
        """What the steps in the window were given and gave back."""
        return memory_of(self.window.rows, self.tallies)

    @cached_property
    def may_end(self) -> bool:
        """Whether this reader may end the run, or make it end at once."""
        ends_now: Any = (self.run.ending or {}).get("now")
        return self.live and not ends_now and may_steer(self.user, self.run)

    @property
    def end_form(self) -> EndForm:
        """The form that ends it: as it was sent, where it was refused."""
        return self._end_form or EndForm(initial={"mode": "now" if self.run.ending else FINISH})

    def refused(self, form: EndForm) -> "RunPage":
        """This page with a form that was not taken."""
        self._end_form = form
        return self
