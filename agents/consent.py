"""Where a person's consent to a call comes from.

The approvals app fills this registry at start; the gateway only asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from agents.models import ToolCall


@dataclass(frozen=True)
class Consent:
    """One person's approval of one call at one digest. `problem` says why it does not count; empty when it does."""

    ref: UUID
    digest: str
    by: str
    problem: str = ""


Finder = Callable[[ToolCall], Consent | None]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Say who knows about consents. Called once, by the approvals app."""
    _finders[:] = [finder]


def find(call: ToolCall) -> Consent | None:
    """The consent to a call, its row locked, or None. Must run inside the transaction that commits the intent."""
    return _finders[0](call) if _finders else None
