"""W1: runs of ten trivial steps, each step's output stored before the next begins; and the same without the record."""

import statistics
from dataclasses import dataclass

from bench.grounds import BenchFailed, Grounds
from bench.protocol import STEPS
from bench.stage import Stage, stage

WARM_UP_RUNS = 8


@dataclass(frozen=True)
class Steps:
    """What one measurement of W1 gave, per step where it is not a rate."""

    steps_per_s: float
    commits: float
    statements: float
    cpu_ms: float
    cpu_ms_of: dict[str, float]


def w1(grounds: Grounds, runs: int, *, recorded: bool = True) -> Steps:
    """Start so many runs and wait for the last. Raises BenchFailed when they do not end or the record is not as it was.

    Some runs go before: a worker works out a passage once, and in a long life that is not what a step costs.
    """
    with stage(grounds, "w1", recorded=recorded) as ground:
        _warm_up(ground)
        entries = ground.count("SELECT count(*) FROM audit_entry")
        driver = ground.start_driver("w1", runs)
        before = ground.read()
        began = ground.say(driver, "GO")
        done = ground.marks.wait(lambda: ground.marks.count["C"] >= runs + WARM_UP_RUNS)
        ground.finish(done, f"The end of {runs} runs")
        ended = max(mark.at for mark in ground.marks.of("C"))
        used = ground.read().since(before)
        if not recorded and ground.count("SELECT count(*) FROM audit_entry") > entries:
            raise BenchFailed("Entries were recorded although the record was switched off.")
    if recorded and grounds.verify() != runs + WARM_UP_RUNS:
        raise BenchFailed(f"Not all of {runs} runs ended well.")
    steps = runs * STEPS
    return Steps(
        steps_per_s=steps / ((ended - began) / 1e9),
        commits=used.commits / steps,
        statements=used.statements / steps,
        cpu_ms=used.cpu_seconds * 1e3 / steps,
        cpu_ms_of={name.split()[0]: seconds * 1e3 / steps for name, seconds in used.cpu.items()},
    )


def median_of(taken: list[Steps]) -> Steps:
    """The median of each figure."""

    def middle(name: str) -> float:
        return statistics.median(float(getattr(each, name)) for each in taken)

    shares = {name: statistics.median(each.cpu_ms_of[name] for each in taken) for name in taken[0].cpu_ms_of}
    return Steps(middle("steps_per_s"), middle("commits"), middle("statements"), middle("cpu_ms"), shares)


def _warm_up(ground: Stage) -> None:
    driver = ground.start_driver("w1", WARM_UP_RUNS)
    ground.say(driver, "GO")
    ground.finish(ground.marks.wait_runs("C", WARM_UP_RUNS), "The end of the first runs")
    ground.stop_driver(driver)
