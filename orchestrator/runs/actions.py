"""Starting runs. Everything else about a run is done by the engine."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from agents.contracts import BadArguments, Problem, prepare
from agents.people import Person
from audit.log import party, record
from orchestrator.runs import planner
from orchestrator.runs.models import Batch, Run, Step
from orchestrator.runs.signals import announce_changed_batch, announce_due
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.reading import from_canonical


@transaction.atomic
def start_run(
    *,
    version: WorkflowVersion,
    by: Person,
    values: Mapping[str, Any] | bytes,
    trigger: Run.Trigger,
    environment: str = "",
    batch: Batch | None = None,
) -> Run:
    """A new run with all its steps, pending. The caller has checked that the person may start it.

    Raises BadArguments with a sentence per field when the input does not fit the workflow's input schema.
    """
    definition = from_canonical(version.definition)
    given = prepare(values, definition.input).value
    run = Run.objects.create(
        workflow_version=version,
        title=planner.resolve_title(definition, given)[:300],
        environment=environment or definition.environment,
        trigger=trigger,
        started_by=by,
        batch=batch,
        input=given,
    )
    steps = [
        Step(run=run, key=spec.id, position=place, kind=spec.kind, title=spec.title)
        for place, spec in enumerate(definition.steps)
    ]
    Step.objects.bulk_create(steps)
    record(
        "run.started",
        actor=party(by),
        subject=party(run),
        stream=f"run:{run.ref}",
        data={
            "run": run.code,
            "workflow": version.workflow.name,
            "workflow_version": version.number,
            "definition": version.digest,
            "environment": run.environment,
            "trigger": run.trigger,
            "input": given,
        },
    )
    announce_due(run)
    return run


@transaction.atomic
def start_batch(
    *, version: WorkflowVersion, by: Person, name: str, rows: list[dict[str, Any]], environment: str = ""
) -> Batch:
    """Keep the rows of a file, to be started one by one in the background. Raises BadArguments for an empty file."""
    if not rows:
        raise BadArguments([Problem("", "The file has no rows. Write one run per row, below a row of column names.")])
    definition = from_canonical(version.definition)
    batch = Batch.objects.create(
        workflow_version=version,
        name=name[:200],
        environment=environment or definition.environment,
        rows=rows,
        total=len(rows),
        started_by=by,
    )
    data = {"workflow": version.workflow.name, "workflow_version": version.number, "rows": len(rows)}
    record("batch.started", actor=party(by), subject=party(batch), stream=f"batch:{batch.ref}", data=data)
    announce_changed_batch(batch)
    return batch


@transaction.atomic
def start_next_of(batch_ref: Any) -> bool:
    """Start the next row of a batch; False when none is left or somebody else is at it. One row, one transaction."""
    batch = Batch.objects.select_for_update(skip_locked=True).filter(ref=batch_ref).first()
    if batch is None or batch.done >= batch.total:
        return False
    row, number = batch.rows[batch.done], batch.done + 1
    try:
        start_run(
            version=batch.workflow_version,
            by=batch.started_by,
            values=row,
            trigger=Run.Trigger.CSV,
            environment=batch.environment,
            batch=batch,
        )
    except BadArguments as error:
        sentences = [problem.sentence for problem in error.problems]
        batch.problems = [*batch.problems, {"row": number, "sentences": sentences}]
    batch.done = number
    batch.save(update_fields=["done", "problems"])
    announce_changed_batch(batch)
    return True
