"""A workflow and a run of it, as tests of pages need them."""

import pytest

from audit.log import party
from orchestrator.runs.models import Run
from orchestrator.runs.states import StepState
from orchestrator.workflows.models import WorkflowVersion
from tests.runs import stories
from tests.world import World


@pytest.fixture
def version(world: World) -> WorkflowVersion:
    """A workflow of Hana's with three steps."""
    return stories.a_version(world.hana)


@pytest.fixture
def run(world: World, version: WorkflowVersion) -> Run:
    """A run of Otto's that waits for Ines."""
    run = stories.a_told_run(version, world.otto)
    step = stories.a_told_step(run)
    stories.a_told_turn(step)
    stories.a_told_call(step)
    asked = stories.a_told_step(run, 2, state=StepState.WAITING, kind="human", title="Ask the customer")
    stories.a_told_review(run, asked, world.ines)
    stories.tell(run, "run.started", actor=party(world.otto), input={"order_id": "O-1042"})
    return run
