"""Driving a run in the fast lane: one step after the other, each stored before the next one begins."""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from agents.gateway import Asked
from approvals.signals import announce, review_opened
from audit.chains import Chain, Link
from audit.log import SYSTEM, Party, party
from orchestrator.runs.engine import leaving, planner
from orchestrator.runs.engine.lane import asking, calling, statements
from orchestrator.runs.engine.lane.calling import Called
from orchestrator.runs.engine.lane.statements import Answer, Asking, Stored
from orchestrator.runs.engine.rows import Brief
from orchestrator.runs.models import Run
from orchestrator.runs.signals import announce_run
from orchestrator.runs.states import RunState, StepState
from orchestrator.workflows.schema import Definition, HumanStep

LEASE = timedelta(seconds=10)
RENEW = timedelta(seconds=5)

Way = Generator[Stored | Asking, datetime | None, bool]
"""A way through the lane: it says what is to be stored, and is told the database's time, or None for not stored."""


@dataclass
class Lane:
    """A run that this worker drives alone for a while. `perform` goes on until the lane ends.

    `heard` is an answer that is taken up with the next call. Once it is `given_up`, no step begins any more. `story`
    are all calls of the run so far, with when they were stored; None where those have to be read.
    """

    run: Run
    graph: planner.Graph
    steps: Mapping[str, Brief]
    chain: Chain
    revision: int
    around: tuple[UUID, ...]
    clock: datetime
    story: asking.Story | None = None
    heard: Answer | None = None
    given_up: bool = False
    started: float = field(default_factory=time.monotonic)
    checked: float = field(default_factory=time.monotonic)

    @property
    def definition(self) -> Definition:
        """What the run follows."""
        return self.graph.definition

    def perform(self) -> bool:
        """Go on until the run has ended or waits for a person (then True), or the next thing is not for the lane."""
        way, clock = self.ride(), None
        while True:
            try:
                change = way.send(clock)
            except StopIteration as end:
                return bool(end.value)
            (clock,) = statements.store([change])

    def ride(self) -> Way:
        """The same, for somebody who stores what comes up: in the end it gives what `perform` returns."""
        actions = self.graph.plan(self.run.input).actions
        while isinstance(actions[0], planner.Start) and not self.given_up and not leaving.is_leaving():
            key = actions[0].step_id
            if isinstance(self.definition.step(key), HumanStep):
                return len(actions) == 1 and (yield from self._ask(key))
            done = self._call(key)
            if done is None:
                return False
            self.graph.succeed(key, done.read.result)
            actions = self.graph.plan(self.run.input).actions
            last = actions[0]
            ended = last if isinstance(last, planner.Finish) and self.run.parent_id is None else None
            if not (yield from self._keep(done, ended)):
                return False
            if ended is not None:
                return True
        return False

    def _now(self) -> datetime:
        """The database's time, by what it was when last heard and how long ago that is."""
        return self.clock + timedelta(seconds=time.monotonic() - self.started)

    def _call(self, key: str) -> Called | None:
        """Make the call of a step; None where it has to go the ordinary way."""
        step, spec, at = self.steps[key], self.definition.step(key), self._now()
        passage = calling.passage_for(spec, self.definition, self.run, self.revision)
        given = calling.given_to(self.run, spec, self.graph.outputs())
        if passage is None or given is None or passage.is_stopped((self.run.ref, *self.around), at):
            return None
        asked = Asked(self.run.ref, step.ref, self.around, str(step.attempt), given, at, self.checked)
        read = passage.read(asked)
        return None if read is None else Called(step, passage, asked, read)

    def _keep(self, done: Called, ended: planner.Finish | None) -> Way:
        """Store the call of a step, and the end of the run where it was the last; whether all that went well."""
        at, failed = self._now(), bool(done.read.error)
        before, ending = self.chain.seq, ended is not None and not failed
        links = [*self._link_of_answer(at), calling.link_of(done, self.chain, at)]
        if ended is not None and ending:
            tokens = self.run.input_tokens + self.run.output_tokens
            data = {"output": ended.output, "reason": "", "tokens": tokens}
            links.append(self.chain.link("run.finished", actor=SYSTEM, subject=party(self.run), data=data, at=at))
        renewed = None if ending else self._renewed(at)
        clock = yield Stored(
            revision=done.passage.revision,
            stream_id=self.chain.stream_id,
            before=before,
            at=at,
            links=links,
            call=done.read.columns,
            step_id=done.step.id,
            step_state=StepState.RUNNING if failed else StepState.SUCCEEDED,
            finished_at=None if failed else at,
            input=done.asked.arguments,
            run_id=self.run.pk,
            output=ended.output if ended is not None else None,
            ended=ending,
            lane_until=renewed,
            answer=self.heard,
        )
        if not self._went_on(clock):
            return False
        if self.story is not None:
            self.story.append((done.read, at))
        if ending:
            self.run.state = RunState.SUCCEEDED
        if ending or renewed is not None:
            self.run.version += 1
        if ending or renewed is not None or self.heard is not None:
            announce_run(self.run)
        self.heard = None
        return not failed

    def _link_of_answer(self, at: datetime) -> list[Link]:
        """The entry of the answer that is to be taken up, if there is one."""
        if self.heard is None:
            return []
        (step,) = [brief for brief in self.steps.values() if brief.id == self.heard.step_id]
        data = {"step": str(step.ref), "step_title": step.title, "output": self.heard.output, "reason": ""}
        subject = Party("step", str(step.ref), step.title)
        return [self.chain.link("step.finished", actor=SYSTEM, subject=subject, data=data, at=at)]

    def _ask(self, key: str) -> Way:
        """Put the question of a step before a person and let the run wait; whether that was stored."""
        at = self._now()
        question = asking.question_of(
            self.run,
            self.graph,
            self.steps,
            key,
            revision=self.revision,
            around=self.around,
            story=self.story,
            at=at,
        )
        if question is None:
            return False
        before = self.chain.seq
        links = [self.chain.link(verb, at=at, **told) for verb, told in question.entries]
        clock = yield Asking(
            revision=self.revision,
            stream_id=self.chain.stream_id,
            before=before,
            at=at,
            links=links,
            step_id=self.steps[key].id,
            input=question.given,
            run_id=self.run.pk,
            review=question.review,
            dossier=question.dossier,
        )
        if not self._went_on(clock):
            return False
        self.run.state, self.run.version = RunState.WAITING, self.run.version + 1
        announce(review_opened, question.review)
        announce_run(self.run)
        return True

    def _went_on(self, clock: datetime | None) -> bool:
        """Set the clock by what a statement has said, if it has stored anything."""
        if clock is None:
            return False
        self.clock, self.started, self.checked = clock, time.monotonic(), time.monotonic()
        return True

    def _renewed(self, now: datetime) -> datetime | None:
        """The new end of the lease, when the old one comes near."""
        assert self.run.lane_until is not None
        if self.run.lane_until - now > RENEW:
            return None
        self.run.lane_until = now + LEASE
        return self.run.lane_until
