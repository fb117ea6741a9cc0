"""Runs of all patterns, and faults among them, until everything has ended; then the whole world is checked.

    make chaos RUNS=10000 SEED=7
    python -m tests.chaos.runner --runs 17 --seed 7 --story broker --story copies,skew

A story is about 25 runs with one to three faults, all chosen by its seed; story k of SEED has the seed SEED + k, so a
failure is played again by `make chaos RUNS=25 SEED=<its seed>`. Chance in what happens at the same time stays chance.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.pop("HOLDSHORT_TEST_HOME", None)  # servers of its own, that nobody else stands on
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from orchestrator.runs.models import Event, Run  # noqa: E402
from orchestrator.runs.starting.events import receive_event  # noqa: E402
from orchestrator.runs.states import RUN_ENDED  # noqa: E402
from orchestrator.workflows.models import WorkflowVersion  # noqa: E402
from tests.chaos import patterns, shop  # noqa: E402
from tests.chaos.arena import Arena, persist  # noqa: E402
from tests.chaos.faults import FAULTS, Fault  # noqa: E402
from tests.chaos.people import decide_all  # noqa: E402
from tests.chaos.shop import Outside  # noqa: E402
from tests.chaos.world_check import problems  # noqa: E402
from tests.scenes import a_run  # noqa: E402
from tests.world import a_world  # noqa: E402

RUNS_IN_STORY = 25
LONGEST_STORY = 150.0
STARTING = 2.0
"""Seconds over which the runs of a story are started, so that a fault finds them at different places."""


@dataclass(frozen=True)
class Told:
    """How a story ended: what was wrong, and which of its faults have not hit."""

    seed: int
    faults: tuple[str, ...]
    runs: int
    seconds: float
    missed: tuple[str, ...]
    wrong: tuple[str, ...]
    logs: str = ""


class Story:
    """Some runs, and what goes wrong around them."""

    def __init__(self, arena: Arena, seed: int, runs: int, faults: Sequence[Fault]) -> None:
        self.arena, self.seed, self.runs, self.faults = arena, seed, runs, faults
        self.choice = random.Random(seed)
        self.started = 0
        arena.new_story()
        self.outside: Outside = shop.an_outside(a_world())
        self.versions: dict[str, WorkflowVersion] = {name: patterns.publish(name) for name in patterns.WORKFLOWS}
        names = [name for name in patterns.WORKFLOWS if name != "inner"]
        self.names = [names[place % len(names)] for place in range(runs)]
        self.choice.shuffle(self.names)

    def tell(self) -> Told:
        """Play it to its end."""
        began = time.monotonic()
        self._set_up()
        missed = self._begin_and_break()
        wrong = self._wait_for_the_end(began + LONGEST_STORY)
        missed += [fault.name for fault in self.faults if not fault.seen(self.arena)]
        wrong = wrong or list(problems(self.outside, at_rest=True))
        logs = self.arena.logs() if wrong else ""
        names = tuple(fault.name for fault in self.faults)
        return Told(self.seed, names, self.started, time.monotonic() - began, tuple(missed), tuple(wrong), logs)

    def _set_up(self) -> None:
        for plans in zip(*(fault.workers(self.choice) for fault in self.faults), strict=True):
            self.arena.worker(**{name: value for plan in plans for name, value in plan.items()})
        for _ in range(max(fault.sweepers for fault in self.faults)):
            self.arena.sweeper()

    def _begin_and_break(self) -> list[str]:
        """Start the runs, and let each fault happen among them; the names of those that hit nothing."""
        missed, left = list[str](), list(self.faults)
        self._start(self.runs // 2)
        self._until_something_moves()
        while left or self.started < self.runs:
            self._start(max(1, self.runs // 10))
            time.sleep(self.choice.random() * STARTING / 5)
            if left:
                fault = left.pop()
                missed += [] if fault.inject(self.arena, self.choice) else [fault.name]
            self._go_on()
        return missed

    def _until_something_moves(self) -> None:
        """Wait until the workers are up: a fault that comes before them hits nothing."""
        deadline = time.monotonic() + 60
        while not persist(lambda: Run.objects.filter(version__gt=0).exists()) and time.monotonic() < deadline:
            self.arena.revive()
            time.sleep(0.05)
        time.sleep(self.choice.random() / 2)

    def _start(self, count: int) -> None:
        for name in self.names[self.started : self.started + count]:
            given = patterns.input_of(name, self.started, self.choice)
            version = self.versions[name]
            persist(lambda version=version, given=given: a_run(version, self.outside.world.otto, **given))  # type: ignore[misc]
            self.started += 1

    def _go_on(self) -> None:
        """What happens all the time: people decide, papers come in, dead workers are started again."""
        self.arena.revive()
        persist(lambda: decide_all(self.outside, self.choice))
        persist(self._send_papers)

    def _send_papers(self) -> None:
        hearing = Run.objects.filter(workflow_version=self.versions["hears"]).exclude(state__in=RUN_ENDED)
        for word in hearing.values_list("input__word", flat=True):
            if not Event.objects.filter(key=word).exists():
                receive_event(by=self.outside.world.hana, sent_id=word, name="papers", key=word, data={"pages": 1})

    def _wait_for_the_end(self, deadline: float) -> list[str]:
        """Until every run has ended and nothing is due; what has not, as sentences."""
        while time.monotonic() < deadline:
            self._go_on()
            if persist(lambda: not Run.objects.exclude(state__in=RUN_ENDED).exists()):
                return []
            time.sleep(0.1)
        left = Run.objects.exclude(state__in=RUN_ENDED).order_by("pk")
        steps = [f"{run.code} {run.title} {run.state}: {dict(run.steps.values_list('key', 'state'))}" for run in left]
        return [f"I3: after {LONGEST_STORY:.0f} s these have not ended:", *steps, *problems(self.outside)]


def chosen(seed: int) -> list[Fault]:
    """One to three faults that go together, by chance."""
    choice = random.Random(f"faults {seed}")
    return choice.sample(list(FAULTS.values()), choice.randint(1, 3))


def tell_all(runs: int, seed: int, stories: Sequence[str], report: Path | None) -> int:
    """Tell these stories, each of so many runs, or others by chance until there were so many; how many went wrong."""
    arena, told = Arena(), list[Told]()
    try:
        arena.start()
        while len(told) < len(stories) if stories else sum(story.runs for story in told) < runs:
            own = seed + len(told)
            faults = [FAULTS[name] for name in stories[len(told)].split(",")] if stories else chosen(own)
            size = runs if stories else min(RUNS_IN_STORY, runs)
            told.append(Story(arena, own, size, faults).tell())
            _say(told, runs * (len(stories) or 1))
            if report is not None:
                report.write_text(json.dumps([vars(story) for story in told], indent=1))
    finally:
        connection.close()
        arena.stop()
    return sum(bool(story.wrong) for story in told)


def _say(told: Sequence[Told], runs: int) -> None:
    """One line of progress, and for a story that went wrong all there is to know."""
    last = told[-1]
    done, bad = sum(each.runs for each in told), sum(bool(each.wrong) for each in told)
    missed = sum(bool(each.missed) for each in told)
    print(
        f"{done} of {runs} runs · {bad} stories wrong · {missed} where a fault did not hit · "
        f"seed {last.seed}: {', '.join(last.faults)}, {last.seconds:.0f} s",
        flush=True,
    )
    if last.wrong:
        print("\n".join([*last.wrong, last.logs]), flush=True)
        print(f"Play it again: make chaos RUNS={last.runs} SEED={last.seed}", flush=True)


def main() -> None:
    """Read the options, tell the stories, and end with 1 when one of them went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--story", action="append", default=[], help="faults with commas; then --runs is for each")
    parser.add_argument("--report", type=Path)
    asked = parser.parse_args()
    print(f"SEED={asked.seed}", flush=True)
    sys.exit(bool(tell_all(asked.runs, asked.seed, asked.story, asked.report)))


if __name__ == "__main__":
    main()
