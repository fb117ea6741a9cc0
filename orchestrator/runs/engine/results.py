"""What driving a step can lead to. Values; the engine turns them into rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.runs.engine.work import Work
from orchestrator.workflows.parts import Trouble


@dataclass(frozen=True)
class Execute:
    """A worker has something to do outside."""

    work: Work


@dataclass(frozen=True)
class Park:
    """A person has to act, or something else to happen; look again at `until` at the latest. No worker is held."""

    until: datetime
    person: bool = True


@dataclass(frozen=True)
class Again:
    """Something outside did not answer; try again at this time."""

    at: datetime


@dataclass(frozen=True)
class Done:
    """The step has its output."""

    output: Any


@dataclass(frozen=True)
class Broke:
    """The step cannot go on by itself: it is tried again, or done otherwise, or a person is asked, as its rules say."""

    reason: str
    trouble: Trouble = "failed"


@dataclass(frozen=True)
class Over:
    """The step has failed for good; nobody needs to be asked."""

    reason: str


@dataclass(frozen=True)
class Stop:
    """A person said no, and without this step the run has no point."""

    reason: str


Result = Execute | Park | Again | Done | Broke | Over | Stop
