"""What is sensitive is seen in full by those who decide, and masked everywhere else: pages, lists and the record."""

from typing import Any

import pytest
from django.test import Client

from agents.models import ToolVersion
from agents.runtime.scripted import Final
from approvals.models import Review
from approvals.states import Verdict
from audit.models import Entry
from tests.runs.test_engine import Use, refunder, waiting_refund
from tests.scenes import Company, arguments_of, drive, say
from tests.world import World, a_contract

SECRET = "Parcel lost."
OTHER = "Stolen from the porch."


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def waiting(company: Company, world: World, script: Use) -> tuple[Any, Review]:
    """A refund that waits, with a reason that is nobody's business but the reviewers'."""
    tool = company.tools["refund_order"]
    before = ToolVersion.objects.get(tool=tool)
    kept = ("input_schema", "output_schema", "server_digest", "amount_argument", "timeout_seconds")
    values = {name: getattr(before, name) for name in kept}
    sentence = "Refund {amount} for order {order_id}: {reason}"
    a_contract(tool, sensitive=["/reason"], sentence=sentence, short_sentence=sentence, **values)
    run, review = waiting_refund(company, world, script)
    script(lambda state: Final({"told": "done"}) if state.turn > 2 else refunder(state))
    return run, review


def seen_by(user: Any, *addresses: str) -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answers = [client.get(address) for address in addresses]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(answer.content.decode() for answer in answers)


def everywhere(run: Any, review: Review) -> tuple[str, ...]:
    return (f"/reviews/{review.ref}/", "/inbox/?scope=all", f"/runs/{run.ref}/", "/audit/")


def test_onlookers_see_it_masked_and_reviewers_in_full(company: Company, world: World, script: Use) -> None:
    run, review = waiting(company, world, script)
    for onlooker in (world.lukas, world.hana):
        page = seen_by(onlooker, *everywhere(run, review))
        assert SECRET not in page
        assert "•••• ost." in page
    starter = seen_by(world.otto, f"/reviews/{review.ref}/", f"/runs/{run.ref}/")
    assert SECRET not in starter
    assert SECRET in seen_by(world.ines, f"/reviews/{review.ref}/")


def test_an_edit_is_masked_too_and_the_record_holds_neither_value(company: Company, world: World, script: Use) -> None:
    run, review = waiting(company, world, script)
    assert review.call is not None
    say(review, world.ines, Verdict.EDIT, arguments={**arguments_of(review.call), "reason": OTHER})
    drive(run)
    assert OTHER in seen_by(world.ines, f"/reviews/{review.ref}/")
    page = seen_by(world.lukas, *everywhere(run, review))
    assert not [value for value in (SECRET, OTHER) if value in page]
    (edited,) = Entry.objects.filter(verb="review.edited")
    assert '"after":"•••• rch.","before":"•••• ost.","path":"/reason"'.encode() in bytes(edited.payload)
    payloads = b"".join(bytes(entry.payload) for entry in Entry.objects.filter(stream__key=f"run:{run.ref}"))
    assert OTHER.encode() not in payloads


def test_an_onlooker_who_sends_the_form_learns_nothing(company: Company, world: World, script: Use) -> None:
    _, review = waiting(company, world, script)
    client = Client()
    client.force_login(world.lukas, backend="django.contrib.auth.backends.ModelBackend")
    seen = {"digest": review.digest, "version": review.version}
    for sent in ({"a-0": "x"}, {**seen, "verdict": "edit"}, {**seen, "verdict": "approve"}):
        for part in ("arguments", "decide"):
            answer = client.post(f"/reviews/{review.ref}/{part}/", sent)
            assert answer.status_code in (200, 422)
            assert SECRET not in answer.content.decode()
