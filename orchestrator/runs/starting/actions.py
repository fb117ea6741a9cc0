"""Starting runs. Everything else about a run is done by the engine."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from agents.access import may
from agents.contracts import BadArguments, Problem, prepare
from agents.people import Person
from audit import canonical
from audit.log import party, record
from orchestrator.runs import exceptions
from orchestrator.runs.access import access_upload
from orchestrator.runs.engine.definitions import of_version
from orchestrator.runs.engine.making import make_run
from orchestrator.runs.engine.resolving import title_of
from orchestrator.runs.models import Batch, Run, StartRequest, Upload
from orchestrator.runs.signals import announce_changed_batch, announce_due
from orchestrator.runs.starting.cases import Case, Cases
from orchestrator.workflows.access import START
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.reading import from_canonical

log = logging.getLogger(__name__)
UPLOADS_STAY = timedelta(days=1)
MOST_PREVIEWED, LONGEST_PREVIEWED = 20, 200
HEADER_ROWS = 1  # rows are counted as a spreadsheet shows them


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

    Raises VersionWithdrawn, and BadArguments with a sentence per field when the input does not fit the workflow's input
    schema.
    """
    if version.withdrawn:
        raise exceptions.VersionWithdrawn
    definition = of_version(version)
    given = prepare(values, definition.input).value
    run = make_run(
        definition,
        by=party(by),
        known={
            "workflow": version.workflow.name,
            "workflow_version": version.number,
            "definition": version.digest,
        },
        workflow_version=version,
        title=title_of(definition, given)[:300],
        environment=environment or definition.environment,
        trigger=trigger,
        started_by=by,
        batch=batch,
        input=given,
    )
    announce_due(run)
    return run


@transaction.atomic
def start_once(
    *, key: str, version: WorkflowVersion, by: Person, values: Mapping[str, Any], trigger: Run.Trigger
) -> tuple[Run, bool]:
    """The run that this request starts, or has started before, and whether it is new. Of two at once, one starts it.

    `key` names the request among all of this person. Raises KeyUsed when it asked for something else before, and what
    `start_run` raises; then the key is free again.
    """
    try:
        digest = canonical.digest({"workflow": version.workflow.name, "input": values})
    except canonical.NotCanonical as error:
        raise BadArguments([Problem("", f"The input can't be used. {error}")]) from error
    # The unique key makes the second of two requests wait here until the first has committed.
    asked, is_new = StartRequest.objects.get_or_create(by=by, key=key, defaults={"digest": digest})
    if is_new:
        asked.run = start_run(version=version, by=by, values=values, trigger=trigger)
        asked.save(update_fields=["run"])
    assert asked.run is not None
    if asked.digest != digest:
        raise exceptions.KeyUsed(asked.run)
    return asked.run, is_new


@transaction.atomic
def keep_upload(*, version: WorkflowVersion, by: Person, name: str, cases: Cases) -> Upload:
    """Keep a file that was read, so that somebody can look at it before its runs start. Old ones are cleared away."""
    Upload.objects.filter(created_at__lt=timezone.now() - UPLOADS_STAY).delete()
    bad = [case for case in cases.cases if case.value is None]
    return Upload.objects.create(
        workflow_version=version,
        name=name[:200],
        rows=[case.value for case in cases.cases if case.value is not None],
        uploaded_by=by,
        report={
            "columns": list(cases.columns),
            "preview": [_previewed(case) for case in cases.cases[:MOST_PREVIEWED]],
            "left_out": [{"row": case.row, "sentences": [str(each) for each in case.problems]} for case in bad],
        },
    )


@transaction.atomic
def start_upload(*, ref: UUID, by: Person, good_rows_only: bool = False) -> Batch:
    """Start the runs of a file in the background. Asking twice gives the same batch.

    Raises BadRows unless `good_rows_only`, NoGoodRows when there is none, OtherVersion when the workflow has changed,
    VersionWithdrawn.
    """
    upload = access_upload(by, ref, lock=True)
    if upload.batch is not None:
        return upload.batch
    left_out = upload.report["left_out"]
    if not upload.rows:
        raise exceptions.NoGoodRows
    if left_out and not good_rows_only:
        raise exceptions.BadRows
    if upload.workflow_version_id != upload.workflow_version.workflow.current_id:
        raise exceptions.OtherVersion
    if upload.workflow_version.withdrawn:
        raise exceptions.VersionWithdrawn
    upload.batch = start_batch(
        version=upload.workflow_version, by=by, name=upload.name, rows=upload.rows, left_out=left_out
    )
    upload.rows = []
    upload.save(update_fields=["batch", "rows"])
    return upload.batch


@transaction.atomic
def start_batch(
    *,
    version: WorkflowVersion,
    by: Person,
    name: str,
    rows: list[dict[str, Any]],
    environment: str = "",
    left_out: Sequence[dict[str, Any]] = (),
) -> Batch:
    """Keep the rows of a file, to be started one by one in the background. Raises BadArguments for an empty file.

    `left_out` tells of rows that are not among them: `{"row": number, "sentences": [...]}`.
    """
    if not rows:
        raise BadArguments([Problem("", "The file has no rows. Write one run per row, below a row of column names.")])
    definition = from_canonical(version.definition)
    batch = Batch.objects.create(
        workflow_version=version,
        name=name[:200],
        environment=environment or definition.environment,
        rows=rows,
        total=len(rows),
        problems=list(left_out),
        started_by=by,
    )
    data = {"workflow": version.workflow.name, "workflow_version": version.number, "rows": len(rows)}
    data |= {"left_out": [each["row"] for each in left_out]} if left_out else {}
    record("batch.started", actor=party(by), subject=party(batch), stream=f"batch:{batch.ref}", data=data)
    announce_changed_batch(batch)
    return batch


@transaction.atomic
def start_next_of(batch_ref: Any) -> bool:
    """Start the next row of a batch; False when none is left or somebody else is at it. One row, one transaction.

    A row that cannot be started, for whatever reason, is told of with the batch and does not keep the others waiting.
    """
    batch = Batch.objects.select_for_update(skip_locked=True).defer("rows").filter(ref=batch_ref).first()
    if batch is None or batch.done >= batch.total:
        return False
    problem = _why_not(batch)
    if problem:
        return _give_up(batch, problem)
    # Only this row is fetched: the whole file, again for every row, would be gigabytes for a long one.
    row = Batch.objects.filter(pk=batch.pk).values_list(f"rows__{batch.done}", flat=True).get()
    number = batch.done + 1
    sentences = _start_row(batch, row)
    if sentences:
        batch.problems = [*batch.problems, {"row": number + HEADER_ROWS, "sentences": sentences}]
    batch.done = number
    batch.save(update_fields=["done", "problems"])
    announce_changed_batch(batch)
    return True


def _start_row(batch: Batch, row: dict[str, Any]) -> list[str]:
    """Start a run; why it could not be started, in sentences. Raises only what may be over the next time."""
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
        return [problem.sentence for problem in error.problems]
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("A row of %s could not be started.", batch)
        return ["Holdshort itself made a mistake here. The log of the workers tells more."]
    return []


def _why_not(batch: Batch) -> str:
    """Why no more runs may start, as a clause; a long file is started long after somebody asked for it."""
    if batch.workflow_version.withdrawn:
        return f"version {batch.workflow_version.number} of the workflow was withdrawn."
    if not batch.started_by.is_active or not may(batch.started_by, START, batch.workflow_version.workflow):
        return f"{batch.started_by} may no longer start these runs."
    return ""


def _give_up(batch: Batch, problem: str) -> bool:
    """Leave out everything that is not started yet, and say why."""
    sentence = f"This row and those after it were left out: {problem}"
    batch.problems = [*batch.problems, {"row": batch.done + 1 + HEADER_ROWS, "sentences": [sentence]}]
    batch.done = batch.total
    batch.save(update_fields=["done", "problems"])
    announce_changed_batch(batch)
    return False


def _previewed(case: Case) -> dict[str, Any]:
    cells = [cell[:LONGEST_PREVIEWED] for cell in case.cells]
    return {"row": case.row, "cells": cells, "sentences": [str(each) for each in case.problems]}
