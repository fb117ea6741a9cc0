"""114 recorded customer cases of a third party's shop, replayed through Holdshort against the third party's own server.

Every write is held until a person decides, none reaches the server before, and the shop ends as if Holdshort had not
been there. That nothing changes when every write is rejected is shown in `test_retail_rejected`.
"""

from pathlib import Path

import pytest
from django.core.management import call_command

from agents.models import Connection, Grant, Tool
from agents.states import GrantEffect, ToolState
from approvals.models import Review
from approvals.states import ReviewState, Verdict
from orchestrator.runs.states import RunState
from orchestrator.samples.retail.recording import calls_of, recorded_cases
from tests.journeys.retail import PARTS, WRITES, cases_of, handle, needs_the_shop, replayed, state_of, states, writes_of

__all__ = ["states"]
pytestmark = needs_the_shop


def test_the_package_is_what_the_promise_speaks_of() -> None:
    names = [call["name"] for case_id in recorded_cases() for call in calls_of(case_id)]
    assert len(recorded_cases()) == 114
    assert sum(name in WRITES - {"transfer_to_human_agents"} for name in names) == 176
    assert names.count("transfer_to_human_agents") == 4
    assert sum(writes_of(part) for part in range(PARTS)) == 180


def test_the_tools_that_control_the_servers_tests_are_never_granted(states: Path) -> None:
    control = Tool.objects.filter(name__in=("reset_state", "get_call_log"))
    assert {tool.state for tool in control} == {ToolState.NEW}
    assert not Grant.objects.filter(tool__in=control).exists()
    granted = dict(Grant.objects.values_list("tool__name", "effect"))
    assert {name for name, effect in granted.items() if effect == GrantEffect.REVIEW} == WRITES
    assert Connection.objects.get().problem == ""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_write_waits_for_a_person_and_the_shop_ends_as_without_holdshort(part: int, states: Path) -> None:
    for case_id, case in cases_of(part, states):
        recorded = [(call["name"], call["arguments"]) for call in calls_of(case_id)]

        def approve(review: Review, decided: int, case_id: str = case_id) -> Verdict:
            arrived = [name for name, _ in state_of(states, case_id)[1] if name in WRITES]
            assert len(arrived) == decided, f"Case {case_id}: a write was sent before its decision"
            return Verdict.APPROVE

        run = handle(case, approve)
        shop, arrived = state_of(states, case_id)
        assert run.state == RunState.SUCCEEDED, run.reason
        assert arrived == recorded
        assert shop == replayed(case_id)
    assert Review.objects.filter(state=ReviewState.APPROVED).count() == writes_of(part)
    call_command("verify_audit", verbosity=0)
