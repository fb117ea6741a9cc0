"""What a tool reads may be odd in any way: the question about what follows is asked all the same (F23, T76)."""

from typing import Any

import pytest

from agents.connectors import Reply, connector_for
from agents.gateway import execute
from approvals.states import Verdict
from audit import canonical
from audit.models import Entry
from orchestrator.runs.states import RunState
from tests.runs.test_engine import Use, waiting_refund
from tests.scenes import Company, drive, say
from tests.world import World

ODD: list[Any] = [
    {"id": 2**70, "ids": [-(2**60)]},
    {"sum": 1e22, "rate": -1e300, "tiny": 5e-324, "zero": -0.0, "whole": 5.0},
    {"text": "\x00\ud800␛", "": {"": [None, True, {}]}},
    "x" * 300_000,
    [[[[[[[[[[1]]]]]]]]]],
]


@pytest.mark.parametrize("answer", ODD, ids=["huge numbers", "floats", "text", "long", "deep"])
def test_the_question_is_asked_and_the_record_reads_the_same_before_and_after(
    answer: Any, company: Company, world: World, script: Use, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0

    class Odd:
        def call(self, target: Any, tool: str, *args: Any, **given: Any) -> Reply:
            if tool == "get_order":
                return Reply(ok=True, value=answer)
            return connector_for("mcp").call(target, tool, *args, **given)

    monkeypatch.setattr(execute, "connector_for", lambda kind: Odd())
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    assert drive(run).state == RunState.SUCCEEDED
    digests = [
        canonical.parse(bytes(entry.payload))["dossier"]
        for entry in Entry.objects.filter(verb__in=("review.opened", "review.approved"))
    ]
    assert len(digests) == 2
    assert digests[0] == digests[1]
    for entry in Entry.objects.all():
        canonical.parse(bytes(entry.payload))
