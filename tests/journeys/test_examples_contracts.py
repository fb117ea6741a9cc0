"""The example workflow contract-review: every case of its file, played to its end."""

from pathlib import Path

import pytest

from tests.journeys import examples
from tests.journeys.examples import stage

__all__ = ("stage",)

WORKFLOW = "contract-review"


@pytest.mark.timeout(600)
def test_every_case_ends_as_expected(stage: Path) -> None:
    examples.set_up(WORKFLOW)
    assert examples.differences(WORKFLOW, stage) == []


def test_the_cases_are_many_and_differ() -> None:
    told = examples.expected(WORKFLOW)
    assert len(told) >= 20
    assert len({(case["state"], *case["effects"]) for case in told}) >= 4
    assert any(examples.is_hostile(case) for case in examples.cells_of(WORKFLOW))
