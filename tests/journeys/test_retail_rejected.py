"""The 114 recorded retail cases again, with every write rejected: the shop stays as it was, and every run ends."""

from pathlib import Path

import pytest

from agents.models import ToolCall
from agents.states import CallState, Effect
from approvals.states import Verdict
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from orchestrator.samples.retail.recording import calls_of
from tests.journeys.retail import (
    PARTS,
    WRITES,
    cases_of,
    handle,
    needs_the_shop,
    state_of,
    states,
    untouched,
    writes_of,
)

__all__ = ["states"]
pytestmark = needs_the_shop


@pytest.mark.parametrize("part", range(PARTS))
def test_when_every_write_is_rejected_the_shop_stays_as_it_was(part: int, states: Path) -> None:
    for case_id, case in cases_of(part, states):
        run = handle(case, lambda review, decided: Verdict.REJECT)
        shop, arrived = state_of(states, case_id)
        assert run.state == RunState.SUCCEEDED, run.reason
        assert run.output == {"summary": f"Replayed all {len(calls_of(case_id))} recorded calls of case {case_id}."}
        assert shop == untouched()
        assert [name for name, _ in arrived] == [c["name"] for c in calls_of(case_id) if c["name"] not in WRITES]
    writes = ToolCall.objects.filter(tool_version__effect=Effect.WRITE)
    assert writes.count() == writes_of(part)
    assert set(writes.values_list("state", flat=True)) == {CallState.REJECTED}
    assert not Run.objects.exclude(state=RunState.SUCCEEDED).exists()
