"""The rows of a new run: itself, its steps, and the first entry of its record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audit.log import Party, party, record_first
from orchestrator.runs.models import Run, Step
from orchestrator.workflows.schema import Definition


def make_run(followed: Definition, /, *, by: Party, now: datetime, known: Mapping[str, Any], **fields: Any) -> Run:
    """A run with all its steps, pending; `fields` are those of its row, `known` what its first entry says besides."""
    deadline = now + followed.timeout if followed.timeout else None
    run = Run.objects.create(created_at=now, wake_at=now, deadline_at=deadline, **fields)
    Step.objects.bulk_create(
        Step(run=run, key=spec.id, position=place, kind=spec.kind, title=spec.title)
        for place, spec in enumerate(followed.steps)
    )
    data = {"run": run.code, "environment": run.environment, "trigger": run.trigger, "input": run.input, **known}
    record_first("run.started", actor=by, subject=party(run), stream=f"run:{run.ref}", data=data, at=now)
    return run
