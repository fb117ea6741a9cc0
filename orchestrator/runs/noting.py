"""What notes are told about a run: the workflow it belongs to."""

from uuid import UUID

from agents.notes.places import Place
from orchestrator.runs.models import Run


def place_of(run_ref: UUID) -> Place | None:
    """The workflow of a run, and the title of the run; None when there is no such run."""
    names = ("workflow_version__workflow__ref", "workflow_version__workflow__title", "title")
    found = Run.objects.filter(ref=run_ref).values_list(*names).first()
    return Place(*found) if found else None
