"""`manage.py bench engine` with tiny sizes on real servers: every figure is there and can be true."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from audit.prepared import Prepared
from bench import engine, unrecorded
from bench.marks import Marks
from bench.waits import percentile
from tests.servers import manage

PROMISED = {
    *("w1.commits_per_step", "w1.statements_per_step", "w1.cpu_ms_per_step", "w1.steps_per_s"),
    *("w2.decision_p50_ms", "w2.decision_p95_ms", "w2.decision_p99_ms", "w2.rss_growth_mb", "audit.cpu_ratio"),
}


def run_bench(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command as a person starts it, with `folder` as the folder for temporary files."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "orchestrator.settings", "TMPDIR": str(folder)}
    command = manage("bench", "engine", *arguments)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=500, check=False)


@pytest.mark.timeout(540)
def test_the_benchmark_measures_everything_and_leaves_nothing_behind(tmp_path: Path) -> None:
    homes = sorted(settings.HOLDSHORT_HOME.iterdir())
    done = run_bench(tmp_path, "--quick", "--runs", "3", "--json", str(tmp_path / "figures.json"))
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "figures.json").read_text())
    assert found.keys() == engine.NAMES.keys() >= PROMISED
    assert_plausible(found)
    assert all(name in done.stdout for name in found) and "W1: 3 runs of 10 steps" in done.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["figures.json"]
    assert sorted(settings.HOLDSHORT_HOME.iterdir()) == homes, "the folder of the person who ran it was touched"


def assert_plausible(found: dict[str, float]) -> None:
    """What holds on any machine."""
    assert 0.1 < found["w1.commits_per_step"] <= 3  # a run that starts is one; steps of several runs share theirs
    assert 1 <= found["w1.statements_per_step"] <= 20
    assert min(found["w1.steps_per_s"], found["w1.cpu_ms_per_step"], found["audit.cpu_ratio"]) > 0
    assert 0 < found["w2.decision_p50_ms"] <= found["w2.decision_p95_ms"] <= found["w2.decision_p99_ms"]
    assert min(found["w2.pauses_per_s"], found["w2.resumes_per_s"]) > 0
    assert abs(found["w2.rss_growth_mb"]) < found["w2.rss_parked_mb"]
    for case in ("w4.", "w4.other_"):
        assert found[f"{case}in_flight"] == found[f"{case}resumed"] > 0
        assert found[f"{case}stuck"] == found[f"{case}recorded_twice"] == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["--runs", "1"], "must be 2 or more"), (["--json", "/nowhere/figures.json"], "is not there")],
)
def test_what_cannot_be_measured_or_written_is_refused_before_anything_starts(
    arguments: list[str], reason: str, tmp_path: Path
) -> None:
    done = run_bench(tmp_path, *arguments)
    assert done.returncode == 1 and reason in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_lane_that_stores_entries_in_another_way_is_not_measured_as_if_it_stored_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unrecorded, "chains", SimpleNamespace(Chain=SimpleNamespace()))
    kept = [(dict(where), key, entry, instead) for where, key, entry, instead in unrecorded._WRITERS]
    kept[-1][0][kept[-1][1]] = Prepared("INSERT INTO audit_entry VALUES (1)", {})
    monkeypatch.setattr(unrecorded, "_WRITERS", kept)
    with pytest.raises(LookupError):
        unrecorded.switch_off()


def test_marks_are_read_line_by_line_also_when_one_is_only_half_written(tmp_path: Path) -> None:
    path = tmp_path / "marks.txt"
    marks = Marks(path)
    with path.open("a") as told:
        told.write("E 1 0 100 7\nC 1 0 2")
        told.flush()
        marks.poll()
        assert marks.count == {"E": 1}
        told.write("00 7\nE 1 0 300 7\n")
    marks.poll()
    marks.close()
    assert marks.count == {"E": 2, "C": 1}
    assert marks.firsts("E") == {1: 100} and marks.firsts("C") == {1: 200}


def test_percentiles_go_by_the_nearest_rank() -> None:
    values = [float(number) for number in range(101)]
    assert [percentile(values, share) for share in (50, 95, 99)] == [50, 95, 99]
    assert percentile([4.0], 99) == 4.0
