"""Taking runs into the fast lane: new ones, those whose next step is for it, and those whose question was answered.

The first run of each workflow goes the ordinary way, and this process remembers what it found of it.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import F

from audit.chains import Chain
from audit.clock import db_now
from orchestrator.runs.engine import liveness, planner
from orchestrator.runs.engine.board import Board
from orchestrator.runs.engine.lane import calling, statements
from orchestrator.runs.engine.lane.riding import LEASE, Lane
from orchestrator.runs.engine.rows import MANY, Brief
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.workflows.schema import Definition, HumanStep

APART_SECONDS = 60.0


@dataclass(frozen=True)
class _Known:
    """A workflow version some runs of which were in the lane."""

    definition: Definition
    around: tuple[UUID, ...]

    @cached_property
    def begins_here(self) -> bool:
        """Whether its first step is for the lane."""
        return calling.is_plain(self.definition.steps[0])

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The questions that may be asked in the lane."""
        steps = self.definition.steps
        return tuple(step.id for step in steps if isinstance(step, HumanStep) and calling.is_plain(step))

    @cached_property
    def goes_on_here(self) -> bool:
        """Whether a call for the lane may come after a question. Runs of many steps are not read at once."""
        after = [behind for key in self.asked for behind in self.definition.needed_by.get(key, ())]
        calls = [key for key in after if calling.is_call(self.definition.step(key))]
        return bool(calls) and len(self.definition.steps) <= MANY


_known: dict[int, _Known] = {}
_slow: dict[int, float] = {}
"""Versions whose steps take so long that others should not ride with them, and until when."""


def get_ready() -> None:
    """Do in this thread what is slow only once: open its connection, and have the lane's statements planned."""
    liveness.owner()
    statements.try_out()


def claim(ref: UUID) -> Lane | None:
    """Take a run that has just been started straight into the lane, when its workflow begins with a step for it."""
    return next(iter(_claim([ref], but=())), None)


def claim_together(refs: Sequence[UUID]) -> list[Lane]:
    """Take such of these runs into the lane as nobody has to wait for. All of them in one commit."""
    now = time.monotonic()
    return _claim(refs, but=[version for version, until in list(_slow.items()) if now < until])


def keep_apart(lanes: Iterable[Lane]) -> None:
    """Remember for a minute that runs of these versions keep others waiting."""
    until = time.monotonic() + APART_SECONDS
    _slow.update((lane.run.workflow_version_id, until) for lane in lanes)


def give_back(lanes: Sequence[Lane]) -> None:
    """Let others have these runs, as far as this worker still has them."""
    mine = Run.objects.filter(pk__in=[lane.run.pk for lane in lanes], lane_owner=liveness.owner())
    mine.update(lane_owner=None, lane_until=None, wake_at=db_now(), version=F("version") + 1)


def _claim(refs: Sequence[UUID], but: Collection[int]) -> list[Lane]:
    versions = [version for version, known in _known.items() if known.begins_here and version not in but]
    found = statements.claim(refs, versions, liveness.owner(), LEASE.total_seconds()) if versions else []
    lanes = [_lane_of(each) for each in found if each["revision"] is not None]
    for lane in lanes:
        lane.story = [] if _known[lane.run.workflow_version_id].asked else None
    return lanes


def resume(ref: UUID) -> Lane | None:
    """Take a run whose one question was answered, when what comes next is for the lane."""
    versions = [version for version, known in _known.items() if known.goes_on_here]
    found = statements.resume(ref, versions, liveness.owner(), LEASE.total_seconds()) if versions else None
    if found is None or found["revision"] is None:
        return None
    lane = _lane_of(found, but=found["heard"])
    lane.graph.succeed(found["heard"], found["answer"])
    lane.heard = statements.Answer(found["review"], lane.steps[found["heard"]].id, found["answer"])
    return lane if _is_next(lane.graph, lane.run, lane.revision) else None


def enter(board: Board) -> Lane | None:
    """Take a run into the fast lane, when the next thing it needs is for it. In the transaction that has its row."""
    run = board.run
    if run.troubles or run.ending or run.deadline_at or board.going_on():
        return None
    graph = planner.Graph(board.definition, board.views())
    action = graph.plan(run.input).actions[0]
    if not isinstance(action, planner.Start) or not calling.is_call(board.definition.step(action.step_id)):
        return None
    # Later than every entry of this transaction.
    revision, chain, clock = statements.read(board.stream, run.workflow_version_id)
    if revision is None or chain is None or not _is_next(graph, run, revision):
        return None
    run.state, run.lane_owner, run.lane_until = RunState.RUNNING, liveness.owner(), board.now + LEASE
    run.wake_at = run.lane_until
    if run.parent_id is None and run.definition is None:
        _known[run.workflow_version_id] = _Known(board.definition, board.around)
    steps = {brief.key: brief for brief in board.steps.briefs()}
    return Lane(run, graph, steps, chain, revision, board.around, clock)


def _is_next(graph: planner.Graph, run: Run, revision: int) -> bool:
    """Whether the next thing of a run is a call that may be made in the lane."""
    action = graph.plan(run.input).actions[0]
    if not isinstance(action, planner.Start):
        return False
    spec = graph.definition.step(action.step_id)
    return calling.passage_for(spec, graph.definition, run, revision) is not None


def _lane_of(found: dict[str, Any], but: str = "") -> Lane:
    """The lane of a run as one statement has found it, all of its steps but one taken up."""
    row = found["run"]
    ref = UUID(row["ref"])
    odd = {"ref": ref, "lane_until": datetime.fromisoformat(row["lane_until"]), "cost": Decimal(row["cost"])}
    known, run = _known[row["workflow_version_id"]], Run(**row | odd)
    chain = Chain(found["stream"], f"run:{ref}", found["seq"], bytes.fromhex(found["head"]))
    steps = {each["key"]: Brief(**each["brief"] | {"ref": UUID(each["brief"]["ref"])}) for each in found["steps"]}
    views = {each["key"]: _view_of(each["became"]) for each in found["steps"] if "became" in each}
    views.pop(but, None)
    clock = datetime.fromisoformat(found["clock"])
    return Lane(run, planner.Graph(known.definition, views), steps, chain, found["revision"], known.around, clock)


def _view_of(became: dict[str, Any]) -> planner.StepView:
    ended = datetime.fromisoformat(became["ended"]) if became["ended"] else None
    return planner.StepView(planner.STATES[became["state"]], became["output"], became["reason"], ended)
