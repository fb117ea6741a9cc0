"""Stories with real servers and workers, in a size for every change; `make chaos` tells the long ones (F04-F13, F16).

Each is of one run of every pattern. A fault that did not hit is tried again with another seed, and never counts.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.patterns import WORKFLOWS

STORIES = (
    "points",
    "workers",
    "broker,flush",
    "database",
    "connections",
    "poison,sweepers",
    "copies,skew",
)
SEED = int(os.environ.get("HOLDSHORT_CHAOS_SEED", "1"))
TRIES = 3


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All stories, told one after the other by one process, which has servers of its own."""
    return _tell(STORIES, SEED, tmp_path_factory.mktemp("stories"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", STORIES)
def test_whatever_fails_every_run_ends_and_each_effect_is_had_once(
    story: str, told: dict[str, Any], tmp_path: Path
) -> None:
    found = told[story]
    for again in range(1, TRIES):
        if found["missed"]:
            found = _tell((story,), SEED + 100 * again, tmp_path)[story]
    assert found["missed"] == [], "the fault did not hit"
    assert found["wrong"] == [], found["logs"]
    assert found["runs"] == len(WORKFLOWS) - 1


def _tell(stories: tuple[str, ...], seed: int, folder: Path) -> dict[str, Any]:
    report = folder / f"{seed}.json"
    command = [sys.executable, "-m", "tests.chaos.runner", "--runs", str(len(WORKFLOWS) - 1), "--seed", str(seed)]
    command += [part for story in stories for part in ("--story", story)]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HOLDSHORT_", "PYTEST_"))}
    done = subprocess.run(
        [*command, "--report", str(report)], env=env, capture_output=True, text=True, timeout=590, check=False
    )
    assert report.exists(), done.stdout + done.stderr
    return {",".join(each["faults"]): each for each in json.loads(report.read_text())}
