"""`manage.py bench engine`: what a step, a wait and a kill -9 cost on this machine, on servers of its own."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestrator.supervisor.exceptions import CannotStart

RUNS, QUICK_RUNS = 200, 20
FEWEST_TO_KILL = 40  # with fewer, all have often ended before the kill


class Command(BaseCommand):
    """Measures the real engine with everything on, on embedded servers in a temporary folder. See bench/README.md."""

    help = "Measure the engine on servers of its own in a temporary folder; --quick takes a minute or two."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to measure, how much of it, and where to write the figures."""
        parser.add_argument("what", choices=["engine"])
        parser.add_argument("--runs", type=int, help=f"runs of ten steps (default {RUNS}); the other stages scale")
        parser.add_argument(
            "--quick", action="store_true", help=f"once, with {QUICK_RUNS} runs unless --runs says else"
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")

    def handle(self, *args: Any, runs: int | None, quick: bool, json: Path | None, **options: Any) -> None:
        """Measure and print. Raises CommandError with what to change when something cannot be measured."""
        runs = (QUICK_RUNS if quick else RUNS) if runs is None else runs
        if runs < 2:
            raise CommandError(f"--runs is {runs}, but must be 2 or more.")
        if json is not None and not json.parent.is_dir():
            raise CommandError(f"The folder of --json, {json.parent}, is not there.")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        found = self._measure(runs, 1 if quick else 3)
        if json is not None:
            _write(json, found)

    def _measure(self, runs: int, repeats: int) -> dict[str, float]:
        try:
            from bench import engine
            from bench.grounds import BenchFailed
        except ModuleNotFoundError as missing:
            raise CommandError(f"{missing.name} is not installed. Install requirements-dev.txt.") from None
        sizes = engine.Sizes(runs, runs * 5, max(runs * 3 // 2, FEWEST_TO_KILL), repeats)
        try:
            found = engine.measure(sizes, self._say)
        except (BenchFailed, CannotStart) as reason:
            raise CommandError(str(reason)) from None
        for line in engine.table(found):
            self.stdout.write(line)
        return found

    def _say(self, words: str) -> None:
        self.stdout.write(words, ending="")
        self.stdout.flush()


def _write(file: Path, found: dict[str, float]) -> None:
    """The figures as one JSON object, its keys as in the table."""
    file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
