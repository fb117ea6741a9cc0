"""What follows when a step cannot go on by itself: it is tried again, another step is done instead, a person is asked,
or it ends, as its definition says. Never nothing.
"""

import random
from datetime import timedelta

from audit.log import SYSTEM, party, record
from orchestrator.runs.engine.attempts import begin_again, remember_try
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.endings import abandon, end_step
from orchestrator.runs.engine.escalating import escalate
from orchestrator.runs.engine.results import Broke
from orchestrator.runs.states import StepState
from orchestrator.workflows.kinds import TERMINATE
from orchestrator.workflows.parts import Retry


def fail(place: Place, broke: Broke) -> None:
    """Do what the definition says about this failure. Tries come first, then the other rules."""
    if _tries_left(place, broke):
        _try_again(place, broke)
    elif place.spec.fallback is not None or place.spec.on_failure == TERMINATE:
        abandon(place.board, why="The step has failed.", step=place.step)
        end_step(place.board, place.step, StepState.FAILED, reason=broke.reason)
    else:
        escalate(place, broke.reason)


def pause(retry: Retry, tries: int) -> timedelta:
    """How long to wait before try number `tries` + 1: doubled each time, and between half and all of that by chance.

    Jitter keeps many runs that broke together from coming back together (AWS Architecture Blog, "Exponential Backoff
    And Jitter").
    """
    longest: timedelta = min(retry.first * 2 ** min(tries - 1, 20), retry.most)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret


def _tries_left(place: Place, broke: Broke) -> bool:
    retry = place.spec.retry
    return retry is not None and broke.trouble in retry.on and place.step.retries + 1 < retry.attempts


def _try_again(place: Place, broke: Broke) -> None:
    step, retry = place.step, place.spec.retry
    assert retry is not None
    abandon(place.board, why="The step is tried again.", step=step)
    remember_try(place, broke.reason)
    step.retries += 1
    begin_again(step)
    step.state, step.retry_at = StepState.RUNNING, place.board.now + pause(retry, step.retries)
    step.deadline_at = step.retry_at + place.spec.timeout if place.spec.timeout else None
    record(
        "step.retried",
        actor=SYSTEM,
        subject=party(step),
        stream=place.board.stream,
        data={
            "step": str(step.ref),
            "step_title": step.title,
            "attempt": step.attempt,
            "reason": broke.reason,
            "at": step.retry_at.isoformat(),
        },
    )
    place.board.touch(step)
