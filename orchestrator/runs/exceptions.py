"""Why nothing was started. Each message is what people read."""

from inspect import getdoc

from agents.contracts import BadArguments, Problem
from agents.exceptions import NotChanged
from orchestrator.runs.models import Run


class VersionWithdrawn(BadArguments):
    """The current version of this workflow was withdrawn, so no run of it can start. Publish a new version first."""

    def __init__(self) -> None:
        self.message = getdoc(self) or ""
        super().__init__([Problem("", self.message)])


class KeyUsed(NotChanged):
    """This was already sent once, with other content, and has started a run."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run


class EventIdUsed(NotChanged):
    """Another event was told of under this id. Give every event an id of its own."""


class BadRows(NotChanged):
    """Some rows cannot be started. Put them right and choose the file again, or start the good rows only."""


class NoGoodRows(NotChanged):
    """No row of this file can be started. Put them right and choose the file again."""


class OtherVersion(NotChanged):
    """A new version of the workflow was published since you chose the file. Choose the file again."""


class ReasonMissing(NotChanged):
    """Say why the run is to end. The reason stands in the record, and on the page of the run."""


class AlreadyEnded(NotChanged):
    """This run has ended already."""
