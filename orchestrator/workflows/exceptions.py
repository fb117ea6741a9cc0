"""Why a change to a workflow was not made. Each message is what people read."""

from agents.exceptions import NotChanged


class NobodyNamed(NotChanged):
    """Choose an active person or a team."""

    field = "who"


class MayNotStart(NotChanged):
    """Runs are started in this person's name, so it must be an active person who may start runs of this workflow."""

    field = "runs_as"


class AlreadyWithdrawn(NotChanged):
    """This version was withdrawn before."""


class WhyWithdrawn(NotChanged):
    """Say why nobody shall go on by this version. Whoever decides about its runs reads it."""

    field = "reason"


class NameTaken(NotChanged):
    """This workflow has a trigger of this name. Choose another."""

    field = "name"


class TooManyTriggers(NotChanged):
    """This workflow has as many triggers as it can have. Use one of them."""


class NoEvent(NotChanged):
    """Write the name of the event that starts runs, like documents-received."""

    field = "event"


class NoSchedule(NotChanged):
    """This is no schedule."""

    field = "cron"


class BadMapping(NotChanged):
    """The mapping does not fit the input of the workflow."""

    field = "mapping"
