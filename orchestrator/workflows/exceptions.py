"""Why a change to a workflow was not made. Each message is what people read."""

from agents.exceptions import NotChanged


class NobodyNamed(NotChanged):
    """Choose an active person or a team."""

    field = "who"
