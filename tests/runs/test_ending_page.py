"""A run is ended on its page: with a reason, by whoever may, and what was typed is kept when that is not possible."""

import pytest
from django.urls import reverse

from orchestrator.accounts.models import User
from orchestrator.runs.models import Run
from orchestrator.runs.states import RunState
from tests.reading import page, signed_in
from tests.runs.test_parts_page import HOLD
from tests.workshop import Workshop, pump, step


def end(client_of: User, run: Run, **fields: str) -> tuple[int, str]:
    """What ending a run answers."""
    answer = signed_in(client_of).post(reverse("run-end", args=[run.ref]), fields)
    return answer.status_code, answer.content.decode()


def test_a_run_is_ended_with_a_reason_by_whoever_may(workshop: Workshop) -> None:
    run = workshop.run(HOLD)
    assert "End the run" in page(workshop.world.otto, run)
    status, html = end(workshop.world.otto, run, mode="now", reason="   ")
    assert status == 422
    assert "Say why the run is to end." in html
    assert 'value="now"' in html.split("checked")[0][-300:]
    status, _ = end(workshop.world.otto, run, mode="finish", reason="The customer withdrew.")
    assert status == 302
    assert "It ends when the steps that have begun are finished" in page(workshop.world.otto, run)
    assert end(workshop.world.otto, run, mode="now", reason="At once, then.")[0] == 302
    assert pump(run).state == RunState.STOPPED
    html = page(workshop.world.otto, run)
    assert "At once, then." in html
    assert 'id="end"' not in html
    assert "asked for the run to end" in html


def test_who_may_not_end_a_run_gets_no_form_and_a_refusal(workshop: Workshop) -> None:
    run = workshop.run(HOLD)
    assert 'id="end"' not in page(workshop.world.lukas, run)
    assert end(workshop.world.lukas, run, mode="now", reason="x")[0] == 403
    assert end(workshop.world.lukas, run, mode="now")[0] == 403
    assert end(workshop.world.tomas, run, mode="now", reason="")[0] in (403, 404)
    assert Run.objects.get(pk=run.pk).ending is None


def test_a_run_that_has_ended_meanwhile_says_so_and_keeps_what_was_typed(workshop: Workshop) -> None:
    run = workshop.run(step("first"))
    status, html = end(workshop.world.otto, run, mode="now", reason="Typed with care.")
    assert status == 409
    assert "This run has ended already." in html
    assert "Typed with care." in html


@pytest.mark.parametrize("fields", [{}, {"mode": "x", "reason": "y"}, {"reason": "z" * 3000, "mode": "now"}])
def test_what_is_no_answer_to_the_form_is_refused_with_a_sentence(workshop: Workshop, fields: dict[str, str]) -> None:
    run = workshop.run(HOLD)
    assert end(workshop.world.otto, run, **fields)[0] == 422
    assert Run.objects.get(pk=run.pk).ending is None
