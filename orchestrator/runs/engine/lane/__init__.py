"""The fast lane: what a run does by itself, in this very process, one statement and at most one commit for a step.

Steps that only read, by a tool of this process, and that need nobody; the question to a person; and the person's
answer. None of them has an effect outside, so no intent has to be stored first: a worker that is killed has lost a
read, and the next one reads again. All that a step leaves (its ToolCall or its Review, its entries in the record,
itself) is stored by one statement, which does nothing at all unless

* the run's record is where this worker left it: whoever else moves the run writes to it, so the number of the last
  entry is the fencing token, and
* the rules are as they were when the call was judged or the reviewer chosen (`agents.gateway.passages`): no grant,
  stop, right, agent, team or contract has changed since.

If it does nothing, or anything is not as it should be, the worker leaves the lane and the run goes on in the ordinary
way, from rows alone. Nothing depends on the lane but speed.

`entering` finds the runs that are fit for it, `riding` does one thing after the other, `together` has several runs do
so beside each other, `calling` and `asking` prepare what is stored, and `statements` store it.
"""

from orchestrator.runs.engine.lane.entering import claim, claim_together, enter, get_ready, give_back, resume
from orchestrator.runs.engine.lane.riding import Lane
from orchestrator.runs.engine.lane.together import ride
from orchestrator.runs.engine.lane.turns import turn, turn_together

__all__ = (
    "Lane",
    "claim",
    "claim_together",
    "enter",
    "get_ready",
    "give_back",
    "resume",
    "ride",
    "turn",
    "turn_together",
)
