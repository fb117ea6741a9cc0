"""Why a start fails. Each message names what to do."""


class CannotStart(Exception):
    """Holdshort cannot start; the message says why and what to change."""
