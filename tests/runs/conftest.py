"""Workflows and a run, as tests of pages need them."""

import pytest
from django.test import Client
from guardian.shortcuts import assign_perm

from audit.log import party
from orchestrator.accounts.models import User
from orchestrator.runs.models import Run
from orchestrator.runs.states import StepState
from orchestrator.workflows.models import WorkflowVersion
from tests.runs import stories
from tests.runs.starting import TEXT, As
from tests.scenes import a_workflow
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


@pytest.fixture
def as_() -> As:
    """A client in which somebody is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def refund(world: World) -> WorkflowVersion:
    """A workflow that Tomás may start."""
    version = a_workflow(TEXT, owner=world.hana)
    assign_perm("workflows.start_workflow", world.tomas, version.workflow)
    return version


@pytest.fixture
def tomas(as_: As, world: World, refund: WorkflowVersion) -> Client:
    """Tomás, who may start refunds, signed in."""
    return as_(world.tomas)
