"""W4: kill -9 in the middle. Which runs go on, after how long, and is anything stored twice?"""

import os
import signal
import time
from collections import Counter

from bench.grounds import BenchFailed, Grounds
from bench.protocol import STEPS
from bench.stage import Stage, pid, stage

KILL_AT = 0.4  # of all steps
DOWN_SECONDS = 0.3
TRIES = 3
ENDED = "SELECT (input ->> 'wf')::int FROM runs_run WHERE state = 'succeeded'"
TWICE = """SELECT count(*) FROM (
  SELECT 1 FROM agents_toolcall WHERE state = 'succeeded' GROUP BY step_ref HAVING count(*) > 1
) AS twice"""


def w4(grounds: Grounds, runs: int, *, restart: bool) -> dict[str, float]:
    """Kill a worker while runs are in its hands. With `restart` it is the only one and is started again; else another
    one is there, and the killed one stays away. Raises BenchFailed when the kill never hit a run in flight.
    """
    for _ in range(TRIES):
        with stage(grounds, "w4", workers=1 if restart else 2) as ground:
            ground.start_clock()
            found = _kill(ground, runs, restart=restart)
            if found["in_flight"]:
                return found
    raise BenchFailed(f"In {TRIES} tries no run was in flight when the worker was killed. Take more runs.")


def _kill(ground: Stage, runs: int, *, restart: bool) -> dict[str, float]:
    driver = ground.start_driver("w1", runs)
    marks, victim = ground.marks, ground.workers[0]
    ground.say(driver, "GO")
    reached = marks.wait(lambda: marks.count["E"] >= KILL_AT * runs * STEPS)
    ground.finish(reached, f"{KILL_AT:.0%} of the steps")
    os.kill(pid(victim), signal.SIGKILL)
    victim.wait_stopped()
    back = time.monotonic_ns()
    time.sleep(DOWN_SECONDS)
    in_flight = _in_flight(ground, pid(victim))
    if restart:
        back = time.monotonic_ns()
        ground.start_worker()
    marks.wait(lambda: len(ground.numbers(ENDED)) >= runs, pause=0.1)
    return _told(ground, runs, in_flight, back, pid(victim))


def _in_flight(ground: Stage, victim: int) -> set[int]:
    """The runs that the killed worker had in its hands.

    PostgreSQL may have stored the end of one although the worker did not live to tell; so its rows are asked.
    """
    ground.marks.poll()
    at_work = {mark.run for mark in ground.marks.of("E") if mark.pid == victim}
    taken_over = {mark.run for mark in ground.marks.of("E") if mark.pid != victim}
    return at_work - (set(ground.numbers(ENDED)) - taken_over)


def _told(ground: Stage, runs: int, in_flight: set[int], back: int, victim: int) -> dict[str, float]:
    """Seconds count from the start of the worker that takes over, or from the kill where it was there already."""
    marks, went_on = ground.marks, dict[int, int]()
    for mark in marks.all:
        if mark.run in in_flight and mark.at > back and mark.pid != victim and mark.kind in {"E", "C"}:
            went_on.setdefault(mark.run, mark.at)
    bodies = Counter((mark.run, mark.step) for mark in marks.of("E"))
    return {
        "in_flight": len(in_flight),
        "resumed": len(went_on),
        "resume_max_s": max(((at - back) / 1e9 for at in went_on.values()), default=0.0),
        "stuck": runs - ground.grounds.verify(),
        "recorded_twice": ground.count(TWICE),
        "reads_repeated": sum(times > 1 for times in bodies.values()),
    }
