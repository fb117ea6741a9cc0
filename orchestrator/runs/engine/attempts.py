"""The tries of a step: each has a number, and what it came to stays on record."""

from typing import Final

from orchestrator.runs.engine.board import Place
from orchestrator.runs.models import Attempt, Step

MOST_LOST: Final = 6
"""Workers in a row that may have a step and not come back. A deploy, a lack of memory and kill -9 look the same from
here as a step that kills whoever does it, and are more likely; so this is more than the tries after a mistake."""


def remember_try(place: Place, reason: str) -> None:
    """Keep what this try of a step came to, so that the timeline can show it."""
    step, now = place.step, place.board.now
    begun = step.started_at or now
    Attempt.objects.create(step=step, number=step.attempt, started_at=begun, ended_at=now, reason=reason)


def begin_again(step: Step) -> None:
    """The step as it is before a try, under the number of the next one."""
    step.attempt, step.tries, step.losses, step.hands = step.attempt + 1, 0, 0, []
    step.release()
