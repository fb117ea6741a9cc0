"""The fast lane: steps that only read, in this very process, and need nobody, one commit and one statement each.

Such a step has no effect outside, so no intent has to be stored before it: a worker that is killed has lost a read, and
the next one reads again. All that a step leaves (its ToolCall, its entry in the record, itself) is stored by one
statement, which does nothing at all unless

* the run's record is where this worker left it: whoever else moves the run writes to it, so the number of the last
  entry is the fencing token, and
* the rules are as they were when the call was judged (`agents.gateway.passages`): no grant, stop, right, agent or
  contract has changed since.

If it does nothing, or anything is not as it should be, the worker leaves the lane and the run goes on in the ordinary
way, from rows alone. Nothing depends on the lane but speed.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from agents.gateway import Asked, Book, Passage, Read
from audit.chains import Chain, Link
from audit.log import SYSTEM, Party, party
from orchestrator.runs.engine import lane_sql, leaving, liveness, planner, resolving
from orchestrator.runs.engine.board import Board
from orchestrator.runs.engine.definitions import is_item
from orchestrator.runs.engine.rows import Brief
from orchestrator.runs.models import Run
from orchestrator.runs.signals import announce_run
from orchestrator.runs.states import RunState, StepState
from orchestrator.workflows.references import MissingReference
from orchestrator.workflows.schema import Definition, StepSpec, ToolStep

LEASE = timedelta(seconds=10)
RENEW = timedelta(seconds=5)
_book = Book()


@dataclass
class Lane:
    """A run that this worker drives alone for a while. `perform` goes on until the lane ends."""

    run: Run
    definition: Definition
    steps: Mapping[str, Brief]
    views: Mapping[str, planner.View]
    chain: Chain
    revision: int | None
    around: tuple[UUID, ...]
    clock: datetime
    started: float = field(default_factory=time.monotonic)
    checked: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """The longest that the lane is held without being renewed."""
        return LEASE.total_seconds()

    def perform(self) -> bool:
        """Do step after step until the run has ended (then True), or the next thing is not for the lane."""
        graph = planner.Graph(self.definition, self.views)
        (action, *_) = graph.plan(self.run.input).actions
        while isinstance(action, planner.Start) and not leaving.is_leaving():
            done = self._step(action.step_id, graph.outputs())
            if done is None:
                return False
            graph.succeed(action.step_id, done.read.result)
            (action, *_) = graph.plan(self.run.input).actions
            ended = action if isinstance(action, planner.Finish) and self.run.parent_id is None else None
            if not self._keep(done, ended):
                return False
            if ended is not None:
                return True
        return False

    def _now(self) -> datetime:
        """The database's time, by what it was when last heard and how long ago that is."""
        return self.clock + timedelta(seconds=time.monotonic() - self.started)

    def _step(self, key: str, outputs: Mapping[str, Any]) -> "_Done | None":
        """Make the call of a step; None where it has to go the ordinary way."""
        step, spec, at = self.steps[key], self.definition.step(key), self._now()
        passage = passage_for(spec, self.definition, self.run, self.revision)
        if passage is None or passage.is_stopped((self.run.ref, *self.around), at):
            return None
        try:
            given = dict(self.run.input) if is_item(self.run) else resolving.input_of(spec, self.run.input, outputs)
        except MissingReference:
            return None
        asked = Asked(self.run.ref, step.ref, self.around, str(step.attempt), given, at, self.checked)
        read = passage.read(asked)
        return None if read is None else _Done(step, passage, asked, read)

    def _keep(self, done: "_Done", ended: planner.Finish | None) -> bool:
        """Store the call of a step, and the end of the run where it was the last; whether all that went well."""
        step, read, before, at = done.step, done.read, self.chain.seq, self._now()
        failed = bool(read.error)
        links = [self._link_of_step(done, at)]
        if ended is not None and not failed:
            links.append(self._link_of_end(ended, at))
        renewed = self._renewed(at) if len(links) == 1 else None
        heard = lane_sql.store(
            lane_sql.Stored(
                revision=done.passage.revision,
                stream_id=self.chain.stream_id,
                before=before,
                at=at,
                links=links,
                call=read.columns,
                step_id=step.id,
                step_state=StepState.RUNNING if failed else StepState.SUCCEEDED,
                finished_at=None if failed else at,
                input=done.asked.arguments,
                run_id=self.run.pk,
                output=ended.output if ended is not None else None,
                ended=len(links) > 1,
                lane_until=renewed,
            )
        )
        if heard is None:
            return False
        self.clock, self.started, self.checked = heard, time.monotonic(), time.monotonic()
        if len(links) > 1:
            self.run.state = RunState.SUCCEEDED
        if len(links) > 1 or renewed is not None:
            self.run.version += 1
            announce_run(self.run)
        return not failed

    def _link_of_step(self, done: "_Done", at: datetime) -> Link:
        step, version = done.step, done.passage.version
        data = {
            "step": str(step.ref),
            "step_title": step.title,
            "kind": step.kind,
            "agent": version.agent.title,
            "agent_version": version.number,
            "began": done.asked.at.isoformat(),
            **done.read.told,
        }
        verb = "call.failed" if done.read.error else "step.read"
        subject = Party("step", str(step.ref), step.title)
        return self.chain.link(verb, actor=done.passage.actor, subject=subject, data=data, at=at)

    def _link_of_end(self, ending: planner.Finish, at: datetime) -> Link:
        data = {"output": ending.output, "reason": "", "tokens": self.run.input_tokens + self.run.output_tokens}
        return self.chain.link("run.finished", actor=SYSTEM, subject=party(self.run), data=data, at=at)

    def _renewed(self, now: datetime) -> datetime | None:
        """The new end of the lease, when the old one comes near."""
        assert self.run.lane_until is not None
        if self.run.lane_until - now > RENEW:
            return None
        self.run.lane_until = now + LEASE
        return self.run.lane_until


@dataclass(frozen=True)
class _Done:
    """A step whose call was made, and what came of it. Nothing of it is stored yet."""

    step: Brief
    passage: Passage
    asked: Asked
    read: Read


def claim(ref: UUID) -> Lane | None:
    """Take a run that has just been started straight into the lane, when its workflow begins with a step for it.

    The first run of each workflow goes the ordinary way, and this process remembers what it found.
    """
    if not _plain:
        return None
    found = lane_sql.claim(ref, tuple(_plain), liveness.owner(), LEASE.total_seconds())
    if found is None:
        return None
    row = found["run"]
    run = Run(**row | {"ref": ref, "lane_until": datetime.fromisoformat(row["lane_until"])})
    chain = Chain(found["stream"], f"run:{ref}", found["seq"], bytes.fromhex(found["head"]))
    known = _plain[run.workflow_version_id]
    steps = {each["key"]: Brief(**each | {"ref": UUID(each["ref"])}) for each in found["steps"]}
    clock = datetime.fromisoformat(found["clock"])
    return Lane(run, known.definition, steps, {}, chain, found["revision"], known.around, clock)


@dataclass(frozen=True)
class _Known:
    """A workflow version that begins with a step for the lane."""

    definition: Definition
    around: tuple[UUID, ...]


_plain: dict[int, _Known] = {}


def enter(board: Board) -> Lane | None:
    """Take a run into the fast lane, when the next thing it needs is for it. In the transaction that has its row."""
    run = board.run
    if run.troubles or run.ending or run.deadline_at or board.going_on():
        return None
    plan = planner.plan(board.definition, board.views(), run.input)
    first = plan.actions[0]
    if not isinstance(first, planner.Start):
        return None
    spec = board.definition.step(first.step_id)
    if not _is_plain(spec):
        return None
    # Later than every entry of this transaction.
    revision, chain, clock = lane_sql.read(board.stream, run.workflow_version_id)
    if chain is None or passage_for(spec, board.definition, run, revision) is None:
        return None
    assert revision is not None
    run.state, run.lane_owner, run.lane_until = RunState.RUNNING, liveness.owner(), board.now + LEASE
    run.wake_at = run.lane_until
    if run.parent_id is None:
        _plain[run.workflow_version_id] = _Known(board.definition, board.around)
    steps = {brief.key: brief for brief in board.steps.briefs()}
    return Lane(run, board.definition, steps, board.views(), chain, revision, board.around, clock)


def passage_for(spec: StepSpec, definition: Definition, run: Run, revision: int | None) -> Passage | None:
    """Leave to do this step in the lane; None where it has to go the ordinary way."""
    if not _is_plain(spec):
        return None
    assert isinstance(spec, ToolStep)
    review_from = definition.risk.review_from
    return _book.passage(
        revision, agent=spec.agent, tool=spec.tool, environment=run.environment, review_from=review_from
    )


def _is_plain(spec: StepSpec) -> bool:
    """Whether a step is one call of a tool and nothing else, with no time-out to watch."""
    return isinstance(spec, ToolStep) and spec.for_each is None and spec.timeout is None
