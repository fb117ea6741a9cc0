"""Why a change to an account was not made. Each message is what people read."""

from agents.exceptions import NotChanged


class UnknownTimeZone(NotChanged):
    """There is no time zone of this name. Choose one from the list."""

    field = "time_zone"


class NoTokenName(NotChanged):
    """Give the token a name that says which program uses it."""

    field = "name"


class TokenNameTaken(NotChanged):
    """You already have a token of this name. Choose another, or revoke the old one first."""

    field = "name"


class TooManyTokens(NotChanged):
    """You have as many tokens as one person may have. Revoke one that is no longer used."""

    field = "name"
