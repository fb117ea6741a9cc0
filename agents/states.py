"""States of the permission side, and which may follow which. Pure values."""

from django.db.models import TextChoices


class Environment(TextChoices):
    """Where a call has its effect. A run is born in one and never leaves it."""

    SANDBOX = "sandbox", "Sandbox"
    PRODUCTION = "production", "Production"


class Effect(TextChoices):
    """What a tool does to the world outside."""

    READ = "read", "Reads"
    WRITE = "write", "Changes data"


class Reversibility(TextChoices):
    """What can be done once a write has happened."""

    REVERSIBLE = "reversible", "Can be undone"
    COMPENSABLE = "compensable", "Can be made good"
    IRREVERSIBLE = "irreversible", "Irreversible"
    UNKNOWN = "unknown", "Not known whether it can be undone"


class Idempotency(TextChoices):
    """What is safe when nobody knows whether a call arrived."""

    BY_KEY = "by_key", "Repeats with the same key have one effect"
    QUERYABLE = "queryable", "The outcome can be looked up"
    NEITHER = "neither", "Neither: a person must look it up"


class GrantEffect(TextChoices):
    """What an agent may do with a tool. Without a grant: forbidden."""

    ALLOWED = "allowed", "Allowed"
    REVIEW = "review", "Needs review"
    FORBIDDEN = "forbidden", "Forbidden"


class ToolState(TextChoices):
    """Whether a tool can be called as it was classified."""

    NEW = "new", "New, not classified"
    READY = "ready", "Ready"
    CHANGED = "changed", "Changed on the server"
    MISSING = "missing", "Missing on the server"


class NoteState(TextChoices):
    """Whether agents may read a note. Only what a person accepted or corrected, or a granted call wrote, is read."""

    PROPOSED = "proposed", "Proposed"
    ACCEPTED = "accepted", "Accepted"
    CORRECTED = "corrected", "Corrected"
    DELETED = "deleted", "Deleted"


NOTE_USABLE = (NoteState.ACCEPTED, NoteState.CORRECTED)


class CallState(TextChoices):
    """The life of one proposed call."""

    ALLOWED = "allowed", "Allowed, not sent yet"
    HELD = "held", "Waiting for a person"
    EXECUTING = "executing", "Being sent"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    OUTCOME_UNKNOWN = "outcome_unknown", "Outcome unknown"
    INVALID = "invalid", "Invalid arguments"
    DENIED = "denied", "Refused"
    REJECTED = "rejected", "Rejected by a person"
    EXPIRED = "expired", "Not decided in time"
    SUPERSEDED = "superseded", "Replaced by an edited call"
    WITHDRAWN = "withdrawn", "Withdrawn"


class StopScope(TextChoices):
    """What a stop holds back."""

    EVERYTHING = "everything", "Everything"
    WORKFLOW = "workflow", "Workflow"
    RUN = "run", "Run"
    AGENT = "agent", "Agent"
    TOOL = "tool", "Tool"
    CONNECTION = "connection", "Connection"


class StopMode(TextChoices):
    """What may still happen once a stop is set."""

    FINISH = "finish", "Finish steps under way"
    NOW = "now", "Stop now"


CALL_MOVES: dict[CallState, frozenset[CallState]] = {
    CallState.ALLOWED: frozenset({CallState.EXECUTING, CallState.DENIED, CallState.WITHDRAWN}),
    CallState.HELD: frozenset(
        {
            CallState.EXECUTING,
            CallState.DENIED,
            CallState.REJECTED,
            CallState.EXPIRED,
            CallState.SUPERSEDED,
            CallState.WITHDRAWN,
        }
    ),
    CallState.SUPERSEDED: frozenset({CallState.HELD}),
    CallState.EXECUTING: frozenset(
        {
            CallState.SUCCEEDED,
            CallState.FAILED,
            CallState.OUTCOME_UNKNOWN,
            CallState.ALLOWED,  # back to where it was: it was surely not sent
            CallState.HELD,
        }
    ),
    CallState.OUTCOME_UNKNOWN: frozenset({CallState.SUCCEEDED, CallState.FAILED, CallState.EXECUTING}),
}
CALL_OPEN = frozenset({CallState.ALLOWED, CallState.HELD, CallState.EXECUTING, CallState.OUTCOME_UNKNOWN})


def call_can_move(old: CallState, new: CallState) -> bool:
    """Whether a call in state `old` may go to `new`.

    Ended calls never move; a superseded one may, while an edit can be undone.
    """
    return new in CALL_MOVES.get(old, frozenset())
