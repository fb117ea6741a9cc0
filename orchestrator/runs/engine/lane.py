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
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agents.gateway import Asked, Book, Passage, Read
from audit.chains import Chain, Link
from audit.log import SYSTEM, party
from orchestrator.runs.engine import lane_sql, liveness, planner, resolving
from orchestrator.runs.engine.board import Board, views_of
from orchestrator.runs.models import Run, Step
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
    steps: dict[str, Step]
    chain: Chain
    revision: int
    workflow_ref: Any
    clock: datetime
    started: float = field(default_factory=time.monotonic)
    checked: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """The longest that the lane is held without being renewed."""
        return LEASE.total_seconds()

    def perform(self) -> bool:
        """Do step after step until the run has ended (then True), or the next thing is not for the lane."""
        while self.run.state == RunState.RUNNING:
            plan = planner.plan(self.definition, views_of(self.steps.values()), self.run.input)
            for action in plan.actions:
                if not isinstance(action, planner.Start) or not self._step(action.step_id):
                    return self.run.state == RunState.SUCCEEDED
        return True

    def _now(self) -> datetime:
        """The database's time, by what it was when last heard and how long ago that is."""
        return self.clock + timedelta(seconds=time.monotonic() - self.started)

    def _step(self, key: str) -> bool:
        """Do one step; whether it is stored and the run goes on in the lane."""
        step, spec, at = self.steps[key], self.definition.step(key), self._now()
        passage = passage_for(spec, self.definition, self.run, self.revision)
        if passage is None or passage.is_stopped((self.run.ref, self.workflow_ref), at):
            return False
        assert isinstance(spec, ToolStep)
        try:
            given = resolving.input_of(spec, self.run.input, self._outputs())
        except MissingReference:
            return False
        asked = Asked(self.run.ref, step.ref, (self.workflow_ref,), str(step.attempt), given, at, self.checked)
        read = passage.read(asked)
        return read is not None and self._keep(step, passage, asked, read)

    def _outputs(self) -> dict[str, Any]:
        return planner.outputs_of(self.definition, views_of(self.steps.values()))

    def _keep(self, step: Step, passage: Passage, asked: Asked, read: Read) -> bool:
        """Store the call of a step, and the end of the run where it was the last; whether the lane goes on."""
        before, ended_at = self.chain.seq, self._now()
        ending = None
        if read.error:
            step.state, step.finished_at = StepState.RUNNING, None
        else:
            step.state, step.output, step.finished_at = StepState.SUCCEEDED, read.result, ended_at
            ending = self._ending()
        links = [self._link_of_step(step, passage, asked, read, ended_at)]
        if ending is not None:
            links.append(self._link_of_end(ending, ended_at))
        renewed = self._renewed(ended_at) if ending is None else None
        heard = lane_sql.store(
            lane_sql.Stored(
                revision=self.revision,
                stream_id=self.chain.stream_id,
                before=before,
                links=links,
                call=read.columns | {"finished_at": ended_at},
                step_id=step.pk,
                step_state=step.state,
                finished_at=step.finished_at,
                agent_version_id=passage.version.pk,
                input=asked.arguments,
                started_at=asked.at,
                run_id=self.run.pk,
                output=ending.output if ending is not None else None,
                ended=ending is not None,
                lane_until=renewed,
            )
        )
        if heard is None:
            step.state = StepState.PENDING
            return False
        self.clock, self.started, self.checked = heard, time.monotonic(), time.monotonic()
        if ending is not None:
            self.run.state = RunState.SUCCEEDED
        if ending is not None or renewed is not None:
            self.run.version += 1
            announce_run(self.run)
        return ending is None and not read.error

    def _ending(self) -> planner.Finish | None:
        """The end of the run, when nothing is left to do. That of a part is for the ordinary way."""
        if self.run.parent_id is not None:
            return None
        (action, *_) = planner.plan(self.definition, views_of(self.steps.values()), self.run.input).actions
        return action if isinstance(action, planner.Finish) else None

    def _link_of_step(self, step: Step, passage: Passage, asked: Asked, read: Read, at: datetime) -> Link:
        version = passage.version
        data = {
            "step": str(step.ref),
            "step_title": step.title,
            "kind": step.kind,
            "agent": version.agent.title,
            "agent_version": version.number,
            "began": asked.at.isoformat(),
            **read.told,
        }
        verb = "call.failed" if read.error else "step.read"
        return self.chain.link(verb, actor=passage.actor, subject=party(step), data=data, at=at)

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
    revision, chain = lane_sql.read(board.stream)
    if chain is None or passage_for(spec, board.definition, run, revision) is None:
        return None
    assert revision is not None
    run.state, run.lane_owner, run.lane_until = RunState.RUNNING, liveness.owner(), board.now + LEASE
    run.wake_at = run.lane_until
    workflow = run.workflow_version.workflow.ref
    return Lane(run, board.definition, board.steps, chain, revision, workflow, board.now)


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
