"""How busy workflows are: their runs of the last days, by state."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from agents.people import Person
from orchestrator.runs.access import runs_for
from orchestrator.runs.states import RunState
from orchestrator.workflows.activity import ByState, register

RECENT = timedelta(days=7)


def register_activity() -> None:
    """Let the pages of workflows show this."""
    register(recent_by_state)


def recent_by_state(user: Person, workflows: Collection[int]) -> dict[int, ByState]:
    """The runs a person may see that began in the last seven days, by workflow and state. One query."""
    found = runs_for(user).filter(
        parent=None, workflow_version__workflow__in=workflows, ref__gte=_first_ref(timezone.now() - RECENT)
    )
    counted = found.order_by().values_list("workflow_version__workflow", "state").annotate(number=Count("pk"))
    by_workflow: dict[int, dict[str, int]] = {}
    for workflow, state, number in counted:
        by_workflow.setdefault(workflow, {})[state] = number
    return {key: {state: states[state] for state in RunState if state in states} for key, states in by_workflow.items()}


def _first_ref(moment: datetime) -> UUID:
    """The smallest ref that could have been made at a moment: a UUIDv7 begins with its milliseconds (RFC 9562, 5.7).

    Refs have an index in every database; the time at which a run was made has none.
    """
    return UUID(int=int(moment.timestamp() * 1000) << 80)
