"""What decisions teach: an edit or a rejection that can no longer be taken back becomes a note for an admin to accept.

The note is made of what is stored: who decided what about which action, why, and what they changed. Nothing in it was
written by a model but the values of the arguments, as the reviewer saw them.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.contracts.pointers import shown
from agents.gateway.trail import MASK, masked_arguments, masked_changes
from agents.models import Note, ToolCall
from agents.notes import writing
from agents.notes.places import Place, place_of
from approvals.models import Decision
from approvals.states import ReasonCode, ReviewKind, Verdict
from audit import canonical
from audit.clock import db_now

TEACHING = (Verdict.EDIT, Verdict.REJECT)
LOOK_BACK = timedelta(days=1)
MOST_LOOKED_AT = 1_000
MOST_CHANGES = 10
LONGEST_VALUE = 80


@transaction.atomic
def note_decision(ref: UUID) -> Note | None:
    """The proposed note of a decision, made now unless it is there; None for one that teaches nothing, or not yet."""
    decision = (
        Decision.objects.select_for_update(of=("self",))
        .select_related("review__call__agent_version__agent", "by")
        .filter(ref=ref, verdict__in=TEACHING, undone_at=None, held_until__lte=db_now())
        .filter(review__kind=ReviewKind.ACTION, review__call__agent_version__isnull=False)
        .first()
    )
    place = place_of(decision.review.run_ref) if decision else None
    if decision is None or place is None:
        return None
    call = decision.review.call
    assert call is not None and call.agent_version is not None
    source = writing.Source(
        origin=f"decision:{decision.ref}",
        place=place,
        agent=call.agent_version.agent,
        environment=call.environment,
        run_ref=call.run_ref,
        step_ref=call.step_ref,
    )
    return writing.propose(source, subject_of(call, place), words_of(decision), by=decision.by)


def missed() -> list[UUID]:
    """Recent decisions that teach something and have no note, because a bell was lost. Looks at the newest only."""
    now = db_now()
    recent = Decision.objects.filter(at__gt=now - LOOK_BACK).order_by("-pk")
    newest = list(recent.values_list("ref", "verdict", "undone_at", "held_until")[:MOST_LOOKED_AT])
    due = [ref for ref, verdict, undone, until in newest if verdict in TEACHING and undone is None and until <= now]
    origins = {f"decision:{ref}": ref for ref in due}
    noted = set(Note.objects.filter(origin__in=origins).values_list("origin", flat=True))
    return [ref for origin, ref in origins.items() if origin not in noted]


def subject_of(call: ToolCall, place: Place) -> str:
    """Whom or what a call is about: the customer it names, or else the first thing it names by its number.

    Where it names nothing, the title of the run.
    """
    arguments = masked_arguments(call)
    given = arguments if isinstance(arguments, dict) else {}
    named = {name: str(value) for name, value in given.items() if _names(name, value)}
    first = named.get("customer_id") or next(iter(named.values()), "")
    return first or place.run_title


def words_of(decision: Decision) -> str:
    """A decision in sentences: who decided what, why, and what they changed."""
    short = decision.review.short
    if decision.verdict == Verdict.REJECT:
        said = f"{decision.by} rejected “{short}”: {ReasonCode(decision.reason_code).label}."
    else:
        said = f"{decision.by} changed “{short}” before approving it: {_changes(decision)}."
    return f"{said} {decision.reason}".strip()


def _changes(decision: Decision) -> str:
    assert decision.call is not None
    changes = masked_changes(decision.call)
    said = [
        f"{shown(change['path'])} from {_value(change['before'])} to {_value(change['after'])}"
        for change in changes[:MOST_CHANGES]
    ]
    more = len(changes) - len(said)
    return "; ".join([*said, f"and {more:,} more"] if more > 0 else said)


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    words = value if isinstance(value, str) else canonical.dump(value).decode()
    return f"“{words[:LONGEST_VALUE]}…”" if len(words) > LONGEST_VALUE else f"“{words}”"


def _names(name: str, value: Any) -> bool:
    """Whether an argument names something by its number, and shows it."""
    return name.endswith("_id") and isinstance(value, str | int) and bool(value) and MASK not in str(value)
