"""W2: runs that wait for a person, decisions, and what follows them; and the memory of a worker while many wait."""

from functools import partial

from bench import meter
from bench.grounds import Grounds
from bench.stage import Stage, pid, stage

PACE_SECONDS = 0.02
FIRST_PACED = 200
STEP_AFTER = 2  # counted from 0: the step after the question
GROWN = 10  # how many times as many runs wait at the second look at the memory
WAITING = "SELECT count(*) FROM runs_run WHERE state = 'waiting'"


def w2(grounds: Grounds, parked: int) -> dict[str, float]:
    """Park so many runs, decide some of them at 50 a second, the rest in a burst; then look at the memory.

    Milliseconds go from before the decision is recorded, in the process that decides, to the next step being stored.
    """
    paced = min(FIRST_PACED, parked // 2)
    with stage(grounds, "w2") as ground:
        driver = ground.start_driver("w2", parked)
        marks, before = ground.marks, ground.read()
        began = ground.say(driver, "GO")
        ground.finish(marks.wait_runs("K", parked), f"That {parked} runs wait")
        parks = ground.read().since(before)
        found = {
            "pauses_per_s": parked / ((max(marks.firsts("K").values()) - began) / 1e9),
            "statements_per_pause": parks.statements / parked,
        }
        ground.say(driver, f"DECIDE 0 {paced} {PACE_SECONDS}")
        ground.finish(marks.wait_runs("C", paced), f"The end of {paced} runs that were decided")
        found |= _latency(ground, paced)
        before = ground.read()
        began = ground.say(driver, f"DECIDE {paced} {parked} 0")
        ground.finish(marks.wait_runs("C", parked), f"The end of {parked} runs that were decided")
        burst = ground.read().since(before)
        rest = parked - paced
        found |= {
            "resumes_per_s": rest / ((max(mark.at for mark in marks.of("C")) - began) / 1e9),
            "statements_per_resume": burst.statements / rest,
            "commits_per_resume": burst.commits / rest,
            "cpu_ms_per_resume": burst.cpu_seconds * 1e3 / rest,
        }
        ground.stop_driver(driver)
        return found | _memory(ground, parked)


def _latency(ground: Stage, paced: int) -> dict[str, float]:
    decided, stored = ground.marks.firsts("D"), ground.marks.firsts("R", STEP_AFTER)
    taken = sorted((stored[run] - decided[run]) / 1e6 for run in range(paced))
    return {f"decision_p{share}_ms": percentile(taken, share) for share in (50, 95, 99)}


def _as_many_wait(ground: Stage, wanted: int) -> bool:
    return ground.count(WAITING) >= wanted


def percentile(ordered: list[float], share: int) -> float:
    """The value below or at which `share` percent of them lie, by the nearest rank."""
    return ordered[min(len(ordered) - 1, round(share / 100 * (len(ordered) - 1)))]


def _memory(ground: Stage, parked: int) -> dict[str, float]:
    """The same worker, with everything loaded: its memory while `parked` runs wait, and while ten times as many do."""
    (worker,) = ground.workers
    held = []
    for number in (parked, parked * (GROWN - 1)):
        driver = ground.start_driver("w2", number)
        wanted = ground.count(WAITING) + number
        ground.say(driver, "GO")
        done = ground.marks.wait(partial(_as_many_wait, ground, wanted), pause=0.2)
        ground.finish(done, f"That {wanted} runs wait")
        ground.stop_driver(driver)
        held.append(meter.resident_mb(pid(worker)))
    return {"rss_parked_mb": held[0], "rss_growth_mb": held[1] - held[0]}
