"""Runs that are parts of a step: made for it, told of when they end, and ended with it.

A part has its own row, lease, stream and page, so many of them can go on at once and one that fails asks a person by
itself. The step they belong to only counts them. For it a part is over once its run has taken up how it ended (`told`):
one that ends while the run is being driven is over at the next transition.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from audit.log import SYSTEM, party, record
from orchestrator.runs.engine.board import Board, Place
from orchestrator.runs.engine.definitions import inner_scope, of_version
from orchestrator.runs.engine.making import make_run
from orchestrator.runs.engine.resolving import title_of
from orchestrator.runs.models import Run, Step
from orchestrator.runs.signals import announce_due
from orchestrator.runs.states import RUN_ENDED, RunState, StepState
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.reading import to_canonical
from orchestrator.workflows.schema import Definition

KINDS = ("workflow", "loop", "plan")
"""The kinds of steps that always have parts; a step with `for_each` has them too."""
MOST_DEEP = 20
TITLE = 300
OVER = Q(state__in=RUN_ENDED, told=True)


@dataclass(frozen=True)
class Tally:
    """How the parts of one attempt of a step stand."""

    made: int
    active: int
    succeeded: int
    failed: int
    stopped: int


def count(step: Step) -> Tally:
    """One query, however many parts there are."""
    parts = Run.objects.filter(parent=step, parent_attempt=step.attempt)
    found = parts.aggregate(
        made=Count("pk"),
        active=Count("pk", filter=~OVER),
        succeeded=Count("pk", filter=OVER & Q(state=RunState.SUCCEEDED)),
        failed=Count("pk", filter=OVER & Q(state=RunState.FAILED)),
        stopped=Count("pk", filter=OVER & Q(state=RunState.STOPPED)),
    )
    return Tally(**found)


def latest(step: Step) -> Run | None:
    """The newest part of this attempt."""
    parts = Run.objects.filter(parent=step, parent_attempt=step.attempt)
    return parts.select_related("workflow_version").order_by("-index").first()


def done_items(step: Step) -> list[dict[str, Any]]:
    """The items of a step that worked out, in whichever attempt, the latest first: `{"item", "index", "output"}`."""
    items = (step.input or {}).get("items", [])
    done = Run.objects.filter(parent=step, state=RunState.SUCCEEDED).order_by("-finished_at", "-index")
    return [
        {"item": items[index], "index": index, "output": (output or {}).get(step.key)}
        for index, output in done.values_list("index", "output")
    ]


def is_over(part: Run) -> bool:
    """Whether a part has ended and its run knows of it."""
    return part.told and part.state in RUN_ENDED


def highest(step: Step) -> int:
    """The number of the newest part of this attempt; -1 when there is none."""
    found = Run.objects.filter(parent=step, parent_attempt=step.attempt).aggregate(highest=Max("index"))["highest"]
    return -1 if found is None else int(found)


def make_part(place: Place, index: int, values: Mapping[str, Any], *, what: str = "") -> Run:
    """One round or item of a step: a run of that part of the definition."""
    definition = place.board.definition.scope(place.step.key)
    version = place.run.workflow_version
    title = f"{place.run.title} · {what or place.step.title}"
    scope = inner_scope(place.run, place.step.key, item=place.step.total is not None)
    stored = to_canonical(definition) if place.run.definition is not None else None  # a plan is no part of the version
    return _make(place, index, version, definition, values, title=title, scope=scope, definition=stored)


def make_planned(place: Place, index: int, definition: Definition) -> Run:
    """A run of what a plan has come to."""
    values = {key: value for key, value in (place.step.input or {}).items() if key != "plan"}
    title = f"{place.run.title} · {place.step.title}"
    return _make(
        place, index, place.run.workflow_version, definition, values, title=title, definition=to_canonical(definition)
    )


def make_other(place: Place, index: int, version: WorkflowVersion, values: Mapping[str, Any]) -> Run:
    """A run of another workflow."""
    definition = of_version(version)
    return _make(place, index, version, definition, values, title=title_of(definition, values))


def depth_of(run: Run) -> int:
    """How many runs this one is a part of, one inside the other."""
    depth, parent = 0, run.parent_id
    while parent is not None and depth <= MOST_DEEP:
        parent = Step.objects.filter(pk=parent).values_list("run__parent_id", flat=True).get()
        depth += 1
    return depth


def take_up(board: Board) -> None:
    """Note the parts of this run that have ended: they are known of now, and what they cost is part of what it costs.

    Rounds, plans and other workflows are told of in the run's own record. Items are not: there may be thousands.
    """
    waiting = {step.pk: step for step in board.going_on() if step.kind in KINDS or step.total is not None}
    if not waiting:
        return
    parts = list(_untold(waiting).defer("input", "output").order_by("pk"))
    for part in parts:
        run, step = board.run, waiting[part.parent_id or 0]
        run.input_tokens += part.input_tokens
        run.output_tokens += part.output_tokens
        run.cost += part.cost
        run.cost_known = run.cost_known and part.cost_known
        if step.total is None:
            _record_end(board, step, part)
    Run.objects.filter(pk__in=[part.pk for part in parts]).update(told=True)
    transaction.on_commit(lambda: _look_again(board.run, waiting))


def announce_end(part: Run) -> None:
    """Ring for the run that a part belongs to, once the part's end is committed."""
    if part.parent_id is not None:
        announce_due(Run.objects.only("ref").get(steps=part.parent_id))


def _look_again(run: Run, steps: Collection[int]) -> None:
    """Ring once more when parts have ended meanwhile: whoever was rung for them found this run locked and went away."""
    if _untold(steps).exists():
        announce_due(run)


def _untold(steps: Collection[int]) -> QuerySet[Run]:
    """The parts of these steps that have ended without their run knowing of it."""
    return Run.objects.filter(parent__in=steps, told=False, state__in=RUN_ENDED)


def _record_end(board: Board, step: Step, part: Run) -> None:
    data = {"step": str(step.ref), "step_title": step.title, "number": part.index + 1, "part": str(part.ref)}
    data |= {"run": part.code, "state": part.state, "reason": part.reason}
    record("step.part_ended", actor=SYSTEM, subject=party(part), stream=board.stream, data=data)


def end_parts(step: Step, ending: Mapping[str, Any]) -> None:
    """Have the parts of a step end as it does: each does so itself, in order."""
    parts = Run.objects.select_for_update(no_key=True).filter(parent=step).exclude(state__in=RUN_ENDED)
    for part in parts.order_by("pk"):
        if part.ending is None:
            part.ending = dict(ending)
            part.wake_at = part.created_at
            part.save(update_fields=["ending", "wake_at"])
            announce_due(part)


def going_on(step: Step) -> bool:
    """Whether a part of this step, of whichever attempt, has not ended."""
    return Run.objects.filter(parent=step).exclude(OVER).exists()


def _make(
    place: Place,
    index: int,
    version: WorkflowVersion,
    followed: Definition,
    values: Mapping[str, Any],
    *,
    title: str,
    **fields: Any,
) -> Run:
    run, step = place.run, place.step
    part = make_run(
        followed,
        by=SYSTEM,
        now=place.board.now,
        known={"part_of": str(run.ref), "step": str(step.ref), "index": index},
        workflow_version=version,
        title=title[:TITLE],
        environment=run.environment,
        trigger=Run.Trigger.PART,
        started_by=run.started_by,
        parent=step,
        parent_attempt=step.attempt,
        index=index,
        input=dict(values),
        **fields,
    )
    step.state = StepState.RESTING
    announce_due(part)
    return part
