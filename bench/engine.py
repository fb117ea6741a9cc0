"""The benchmark of the engine on the embedded servers: its stages one by one, and a table of what they gave."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench import kills, steps, waits
from bench.grounds import Grounds, grounds

Say = Callable[[str], None]
NAMES = {
    "w1.steps_per_s": "steps a second, 1 worker",
    "w1.commits_per_step": "write commits per step",
    "w1.statements_per_step": "SQL statements per step (pg_stat_statements)",
    "w1.cpu_ms_per_step": "CPU ms per step, all processes",
    "w1.cpu_ms_worker": "  of that the worker",
    "w1.cpu_ms_driver": "  of that the process that starts the runs",
    "w1.cpu_ms_postgres": "  of that PostgreSQL",
    "w1.cpu_ms_valkey": "  of that Valkey",
    "audit.cpu_ratio": "CPU with the record over without",
    "w2.pauses_per_s": "runs parked a second",
    "w2.decision_p50_ms": "decision to next step stored, ms, p50",
    "w2.decision_p95_ms": "decision to next step stored, ms, p95",
    "w2.decision_p99_ms": "decision to next step stored, ms, p99",
    "w2.resumes_per_s": "runs resumed a second, in a burst",
    "w2.statements_per_pause": "SQL statements from the start of a run to its wait",
    "w2.statements_per_resume": "SQL statements from a decision to the end of its run",
    "w2.commits_per_resume": "write commits from a decision to the end of its run",
    "w2.cpu_ms_per_resume": "CPU ms from a decision to the end of its run, all processes",
    "w2.rss_parked_mb": "memory of the worker, MiB, while the runs wait",
    "w2.rss_growth_mb": "memory growth, MiB, while ten times as many wait",
    "w4.in_flight": "runs in flight at kill -9",
    "w4.resumed": "of these, gone on by themselves",
    "w4.resume_max_s": "seconds from the worker's new start to the last of them",
    "w4.stuck": "runs stuck",
    "w4.recorded_twice": "steps recorded twice",
    "w4.reads_repeated": "reads made again",
    "w4.other_in_flight": "runs in flight at kill -9, another worker stays",
    "w4.other_resumed": "of these, gone on by themselves",
    "w4.other_resume_max_s": "seconds from the kill to the last of them",
    "w4.other_stuck": "runs stuck",
    "w4.other_recorded_twice": "steps recorded twice",
    "w4.other_reads_repeated": "reads made again",
}


@dataclass(frozen=True)
class Sizes:
    """How much is measured: runs of W1, of W2 and of W4, and how often W1 is repeated."""

    w1: int = 200
    w2: int = 1000
    w4: int = 300
    repeats: int = 3


def measure(sizes: Sizes, say: Say) -> dict[str, float]:
    """Run every stage; the figures by their names in NAMES. `say` gets the progress, a piece of a line at a time.

    Raises BenchFailed, or CannotStart when a server does not start.
    """
    with ExitStack() as held:
        with _line(say, "Servers, tables and scene"):
            ground = held.enter_context(grounds())
            ground.set_scene()
        found = _steps(ground, sizes, say)
        with _line(say, f"W2: {sizes.w2} runs wait, later {waits.GROWN} times as many"):
            found |= {f"w2.{name}": value for name, value in waits.w2(ground, sizes.w2).items()}
        with _line(say, f"W4: kill -9 during {sizes.w4} runs, started again"):
            found |= {f"w4.{name}": value for name, value in kills.w4(ground, sizes.w4, restart=True).items()}
        with _line(say, f"W4: kill -9 during {sizes.w4} runs, another worker stays"):
            found |= {f"w4.other_{name}": value for name, value in kills.w4(ground, sizes.w4, restart=False).items()}
    return found


def _steps(ground: Grounds, sizes: Sizes, say: Say) -> dict[str, float]:
    """W1 with and without the record in turn, so that a change of the machine's mood meets both alike."""
    with_record: list[steps.Steps] = []
    without: list[steps.Steps] = []
    for number in range(1, sizes.repeats + 1):
        for taken, recorded in ((with_record, True), (without, False)):
            told = "" if recorded else ", the record switched off"
            with _line(say, f"W1: {sizes.w1} runs of 10 steps{told} ({number} of {sizes.repeats})"):
                taken.append(steps.w1(ground, sizes.w1, recorded=recorded))
    middle = steps.median_of(with_record)
    return {
        "w1.steps_per_s": middle.steps_per_s,
        "w1.commits_per_step": middle.commits,
        "w1.statements_per_step": middle.statements,
        "w1.cpu_ms_per_step": middle.cpu_ms,
        **{f"w1.cpu_ms_{name}": share for name, share in middle.cpu_ms_of.items()},
        "audit.cpu_ratio": middle.cpu_ms / steps.median_of(without).cpu_ms,
    }


def table(found: Mapping[str, float]) -> Iterator[str]:
    """The figures as lines of text."""
    width = max(map(len, NAMES.values()))
    stage = ""
    for name, meaning in NAMES.items():
        case, _, _ = name.partition(".")
        yield from [] if case == stage else [""]
        stage = case
        yield f"{meaning.ljust(width)}  {_figure(found[name]):>10}  {name}"


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


@contextmanager
def _line(say: Say, name: str) -> Iterator[None]:
    """One line of progress: the name at once, the seconds when it is done."""
    say(f"{name} ".ljust(66, ".") + " ")
    began = time.monotonic()
    try:
        yield
    except BaseException:
        say("not done\n")
        raise
    say(f"{time.monotonic() - began:.1f} s\n")
