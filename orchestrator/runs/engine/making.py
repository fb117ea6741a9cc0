"""The rows of a new run: itself, its steps, and the first entry of its record, in one statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from psycopg.sql import Literal

from audit.chains import Chain, opening
from audit.ids import new_ref
from audit.log import Party, party
from audit.prepared import Prepared, Statement, types_of
from orchestrator.runs.engine.rows import UNMOVED
from orchestrator.runs.models import Run, Step
from orchestrator.workflows.schema import Definition


def make_run(
    followed: Definition, /, *, by: Party, known: Mapping[str, Any], now: datetime | None = None, **fields: Any
) -> Run:
    """A run with all its steps, pending; `fields` are those of its row, `known` what its first entry says besides.

    `now` is the database's time of the caller's transaction, where that is known already.
    """
    ((pk, clock),) = _NEXT.rows()
    now = now or clock
    deadline = now + followed.timeout if followed.timeout else None
    run = Run(pk=pk, created_at=now, wake_at=now, deadline_at=deadline, **fields)
    key = f"run:{run.ref}"
    data = {"run": run.code, "environment": run.environment, "trigger": run.trigger, "input": run.input, **known}
    link = Chain(0, key, 0, b"").link("run.started", actor=by, subject=party(run), data=data, at=now)
    steps = [
        {"ref": str(new_ref()), "key": spec.id, "position": place, "kind": spec.kind, "title": spec.title}
        for place, spec in enumerate(followed.steps)
    ]
    values = {f"run_{column}": getattr(run, name) for column, name in _NAMES.items()}
    _MAKE.first({**values, **link.columns, "key": key, "steps": steps})
    run._state.adding, run._state.db = False, DEFAULT_DB_ALIAS
    return run


_NEXT = Statement("SELECT nextval('runs_run_id_seq'), clock_timestamp()")
_NAMES = {str(field.column): field.attname for field in Run._meta.concrete_fields}


def _making() -> Prepared:
    """The statement that makes a run. What every new step has alike comes from the model and stands in its text."""
    blank = Step()
    rest = [field for field in Step._meta.concrete_fields if field.name not in UNMOVED]
    values = {str(field.column): field.get_db_prep_save(field.pre_save(blank, True), connection) for field in rest}
    same = {column: Literal(value).as_string() for column, value in values.items() if value is not None}
    rows = f"""run AS (
  INSERT INTO runs_run ({", ".join(f'"{column}"' for column in _NAMES)})
  VALUES ({", ".join(f"%(run_{column})s" for column in _NAMES)})
), steps AS (
  INSERT INTO runs_step (run_id, ref, key, position, kind, title, {", ".join(same)})
  SELECT %(run_id)s, step.*, {", ".join(same.values())}
  FROM jsonb_to_recordset(%(steps)s) AS step (ref uuid, key text, position integer, kind text, title text)
)"""  # noqa: S608 - made of the names of columns and of what the model says
    return opening(rows, {f"run_{column}": type for column, type in types_of(Run).items()} | {"steps": "jsonb"})


_MAKE = _making()
