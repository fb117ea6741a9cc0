"""The example workflow insurance-claim: every case of its file, played to its end."""

from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.runs.models import Step
from orchestrator.runs.states import StepState
from orchestrator.samples import portal
from tests.journeys import examples
from tests.journeys.examples import stage

__all__ = ("stage",)

WORKFLOW = "insurance-claim"


@pytest.mark.timeout(600)
def test_every_case_ends_as_expected(stage: Path) -> None:
    examples.set_up(WORKFLOW)
    assert examples.differences(WORKFLOW, stage) == []


def test_the_cases_are_many_and_differ() -> None:
    told = examples.expected(WORKFLOW)
    assert len(told) >= 20
    assert len({(case["state"], *case["effects"]) for case in told}) >= 4
    assert any(examples.is_hostile(case) for case in examples.cells_of(WORKFLOW))


def test_a_customer_of_the_demonstration_sends_the_paper_after_a_while(stage: Path) -> None:
    examples.set_up(WORKFLOW)
    run = examples.start(WORKFLOW, {"claim_id": "IC-30203"})
    examples.drive()
    waiting = Step.objects.get(awaited="claim-documents IC-30203", state=StepState.RESTING)
    assert not portal.answer_one()
    assert waiting.started_at
    Step.objects.filter(pk=waiting.pk).update(started_at=waiting.started_at - 2 * timedelta(minutes=2))
    assert portal.answer_one()
    examples.drive()
    assert not portal.answer_one()
    output = run.steps.get(key="papers").output
    assert output and output["decision"] == "settle"
