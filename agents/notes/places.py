"""Which workflow a run belongs to. The app that knows runs fills this registry at start; notes only ask."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Place:
    """The workflow a run belongs to, and what the run is called."""

    workflow_ref: UUID
    workflow_name: str
    run_title: str


Finder = Callable[[UUID], Place | None]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Say who knows about runs. Called once, by the app of the runs."""
    _finders[:] = [finder]


def place_of(run_ref: UUID) -> Place | None:
    """The place of a run, or None when nobody knows it."""
    return _finders[0](run_ref) if _finders else None
