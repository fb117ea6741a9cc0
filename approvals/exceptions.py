"""Why a verdict was not taken. Each docstring is the message people read; nothing was executed when one is raised."""

from inspect import getdoc

from approvals.models import Review


class NotDecided(Exception):
    """Nothing was decided."""

    field = ""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or getdoc(self))

    @property
    def message(self) -> str:
        """The sentence that is shown."""
        return str(self.args[0])


class Conflict(NotDecided):
    """The review is not what it was when you opened it."""

    def __init__(self, review: Review, message: str = "") -> None:
        super().__init__(message)
        self.review = review


class AlreadyDecided(Conflict):
    """Someone decided this review before you."""


class ContentChanged(Conflict):
    """What you saw has changed since. Look at it again before you decide."""


class TooLate(Conflict):
    """The time to decide this review is over."""


class NotYours(NotDecided):
    """You may read this review, but it is for somebody else to decide."""


class DutiesNotSeparated(NotDecided):
    """You started this run, so somebody else must decide about its actions."""


class VerdictNotOffered(NotDecided):
    """This review cannot be answered like that."""

    field = "verdict"


class ReasonMissing(NotDecided):
    """Say why: choose a reason and add a sentence. The agent and the auditors read it."""

    field = "reason"


class NothingEdited(NotDecided):
    """You changed nothing. Approve it as it is, or change an argument first."""

    field = "arguments"


class EditNotAllowed(NotDecided):
    """With these arguments the agent may not do this."""

    field = "arguments"


class CannotUndo(NotDecided):
    """This can no longer be undone: the hold is over, or it was somebody else's decision."""


class EmptyComment(NotDecided):
    """Write something first."""

    field = "body"
