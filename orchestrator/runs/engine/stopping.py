"""What a stop holds back of a run: nothing new begins, no model is asked. After the release it goes on by itself."""

from datetime import timedelta

from agents.stopping import stops_over
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.results import Park

WHILE_STOPPED = timedelta(seconds=60)
"""When to look again at what a stop holds back. Its release rings; this is for when nobody hears it."""


def held_back(place: Place) -> Park | None:
    """Rest while a stop is open over a run, what it is a part of, its workflow or the agent of the step."""
    version = place.step.agent_version
    refs = [place.run.ref, *place.board.around, *([version.agent.ref] if version else [])]
    return rest(place) if stops_over(refs, began_at=place.step.started_at) else None


def rest(place: Place) -> Park:
    """Wait for the release."""
    return Park(place.board.now + WHILE_STOPPED, person=False)
