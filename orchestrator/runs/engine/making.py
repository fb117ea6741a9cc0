"""The rows of a new run: itself, its steps, and the first entry of its record."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from audit.fixed import FixedInsert
from audit.ids import new_ref
from audit.log import Party, party, record_first
from audit.prepared import Statement
from orchestrator.runs.engine.rows import UNMOVED
from orchestrator.runs.models import Run, Step
from orchestrator.workflows.schema import Definition


def make_run(followed: Definition, /, *, by: Party, now: datetime, known: Mapping[str, Any], **fields: Any) -> Run:
    """A run with all its steps, pending; `fields` are those of its row, `known` what its first entry says besides."""
    deadline = now + followed.timeout if followed.timeout else None
    run = _INSERT(Run(created_at=now, wake_at=now, deadline_at=deadline, **fields))
    _make_steps(run, followed)
    data = {"run": run.code, "environment": run.environment, "trigger": run.trigger, "input": run.input, **known}
    record_first("run.started", actor=by, subject=party(run), stream=f"run:{run.ref}", data=data, at=now)
    return run


def _make_steps(run: Run, followed: Definition) -> None:
    """All steps of a run in one statement: what is the same in each is sent once, which `bulk_create` cannot."""
    steps = [
        {"ref": str(new_ref()), "key": spec.id, "position": place, "kind": spec.kind, "title": spec.title}
        for place, spec in enumerate(followed.steps)
    ]
    statement, same = _making()
    statement.count((run.pk, json.dumps(steps), *same))


@cache
def _making() -> tuple[Statement, tuple[Any, ...]]:
    """The statement that makes the steps of a run, and what the model gives each of them alike."""
    blank = Step()
    rest = [field for field in Step._meta.concrete_fields if field.name not in UNMOVED]
    values = {str(field.column): field.get_db_prep_save(field.pre_save(blank, True), connection) for field in rest}
    same = {column: value for column, value in values.items() if value is not None}
    numbers = ", ".join(f"${place}" for place in range(3, len(same) + 3))
    text = f"""
INSERT INTO runs_step (run_id, ref, key, position, kind, title, {", ".join(same)})
SELECT $1, step.*, {numbers}
FROM json_to_recordset($2) AS step (ref uuid, key text, position integer, kind text, title text)
"""  # noqa: S608 - made of the names of columns
    return Statement(text), tuple(same.values())


_INSERT = FixedInsert(Run)
