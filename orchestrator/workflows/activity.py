"""How busy workflows are. Runs lie above workflows, so they say at start how they are counted."""

from collections.abc import Callable, Collection, Mapping

from agents.people import Person

ByState = Mapping[str, int]
"""How many runs are in each state."""
Counter = Callable[[Person, Collection[int]], Mapping[int, ByState]]
_counters: list[Counter] = []


def register(counter: Counter) -> None:
    """Let `counter(person, keys of workflows)` count, by workflow, the recent runs which that person may see."""
    _counters[:] = [counter]


def recent_runs(user: Person, workflows: Collection[int]) -> Mapping[int, ByState]:
    """The recent runs of workflows that a person may see, by workflow and state."""
    return _counters[0](user, workflows) if _counters and workflows else {}
