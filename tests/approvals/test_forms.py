"""A question to a person is answered with a form that fits, or not at all."""

import pytest

from agents.contracts import BadArguments
from approvals.models import Decision
from approvals.states import Verdict
from orchestrator.runs.states import RunState
from tests.scenes import a_run, a_workflow, drive, open_reviews, say
from tests.world import World

ASK = """
name: ask
title: Ask
steps:
  - id: ask
    title: Ask the desk
    kind: human
    instructions: Is it right?
    reviewers: {team: Refund desk}
    form:
      type: object
      additionalProperties: false
      properties: {right: {type: boolean}}
      required: [right]
"""


@pytest.mark.parametrize("form", [None, {}, {"right": "yes"}, {"right": True, "more": 1}])
def test_an_answer_that_does_not_fit_the_form_is_none(world: World, form: dict[str, object] | None) -> None:
    run = drive(a_run(a_workflow(ASK), world.otto))
    (review,) = open_reviews(run)
    with pytest.raises(BadArguments):
        say(review, world.ines, Verdict.ANSWER, form=form)
    assert not Decision.objects.exists()
    assert drive(run).state == RunState.WAITING


def test_an_answer_that_fits_lets_the_run_go_on_with_it(world: World) -> None:
    run = drive(a_run(a_workflow(ASK), world.otto))
    (review,) = open_reviews(run)
    say(review, world.ines, Verdict.ANSWER, form={"right": True})
    run = drive(run)
    assert (run.state, run.output) == (RunState.SUCCEEDED, {"ask": {"right": True}})
