"""One review, one verdict; it counts only at exactly what was seen (THREATS T01, T06, T08, T14, T16, F17)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from agents.models import ToolCall, ToolVersion
from agents.states import CallState, GrantEffect
from approvals.actions import Answer, decide, undo
from approvals.exceptions import (
    AlreadyDecided,
    CannotUndo,
    Conflict,
    ContentChanged,
    DutiesNotSeparated,
    NotYours,
    ReasonMissing,
    TooLate,
)
from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from audit.models import Entry
from orchestrator.accounts.models import User
from tests.runs.test_engine import Use, waiting_refund
from tests.scenes import Company, a_paid_order, a_run, a_workflow, drive, open_reviews, say, told
from tests.world import World

ROUNDS = 20


@pytest.fixture(autouse=True)
def _no_hold(settings: Any) -> None:
    settings.HOLDSHORT_HOLD_SECONDS = 0


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Run actions in threads that start together; what each returned, or the exception it raised."""
    barrier = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place] = action()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def answer_to(review: Review, verdict: Verdict = Verdict.APPROVE, **more: Any) -> Answer:
    return Answer(verdict=verdict, digest=review.digest, version=review.version, **more)


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_the_same_instant_give_exactly_one_verdict(
    company: Company, world: World, script: Use
) -> None:
    _, review = waiting_refund(company, world, script)
    rejection = answer_to(review, Verdict.REJECT, reason_code="data", reason="Wrong order.")
    for _ in range(ROUNDS):
        results = at_once(
            lambda: decide(user=world.ines, ref=review.ref, answer=answer_to(review)),
            lambda: decide(user=world.tomas, ref=review.ref, answer=rejection),
        )
        won = [result for result in results if isinstance(result, Decision)]
        lost = [result for result in results if isinstance(result, Conflict)]
        assert (len(won), len(lost)) == (1, 1), results
        with transaction.atomic():
            Decision.objects.filter(pk=won[0].pk).update(undone_at=timezone.now())
            Review.objects.filter(pk=review.pk).update(state=ReviewState.OPEN, closed_at=None, version=review.version)
    assert Decision.objects.count() == ROUNDS


@pytest.mark.django_db(transaction=True)
def test_undo_and_execution_at_the_same_instant_never_both_win(
    company: Company, world: World, script: Use, settings: Any
) -> None:
    script(_refund_at_once)
    order, _ = a_paid_order(company)
    version = a_workflow()
    for _ in range(6):
        settings.HOLDSHORT_HOLD_SECONDS = 1
        run = drive(a_run(version, world.otto, order_id=order, amount="1.00"))
        (review,) = open_reviews(run)
        before = company.effects()
        decision = say(review, world.ines, Verdict.APPROVE)
        threading.Event().wait(max(0.0, (decision.held_until - timezone.now()).total_seconds() - 0.02))
        undone, _ = at_once(partial(undo, user=world.ines, ref=decision.ref), partial(drive, run))
        drive(run)
        happened = company.effects() - before
        assert happened == (1 if isinstance(undone, CannotUndo) else 0) or happened == 0
        if isinstance(undone, Review):
            assert happened == 0


def _refund_at_once(state: Any) -> Any:
    from agents.runtime.scripted import Call, Final

    if state.turn == 1:
        order, amount = state.task["order_id"], state.task["amount"]
        return Call("refund_order", order_id=order, amount=amount, currency="EUR", reason="Parcel lost.")
    return Final({"told": state.of("refund_order")})


def test_a_verdict_at_other_content_is_a_conflict_and_is_not_recorded(
    company: Company, world: World, script: Use
) -> None:
    _, review = waiting_refund(company, world, script)
    for stale in (
        Answer(Verdict.APPROVE, digest="0" * 64, version=review.version),
        Answer(Verdict.APPROVE, digest=review.digest, version=review.version + 1),
    ):
        with pytest.raises(ContentChanged):
            decide(user=world.ines, ref=review.ref, answer=stale)
    assert not Decision.objects.exists()


def test_the_starter_and_onlookers_do_not_decide_but_a_candidate_does(
    company: Company, world: World, script: Use
) -> None:
    script(_refund_at_once)
    order, _ = a_paid_order(company)
    run = drive(a_run(a_workflow(), world.tomas, order_id=order, amount="1.00"))
    (review,) = open_reviews(run)
    with pytest.raises(DutiesNotSeparated):
        say(review, world.tomas, Verdict.APPROVE)
    with pytest.raises(NotYours):
        say(review, world.hana, Verdict.APPROVE)
    tried = Entry.objects.filter(verb="review.refused", subject_ref=str(review.ref)).order_by("seq")
    assert [entry.actor_name for entry in tried] == ["Tomás Abreu", "Hana Sato"]
    assert say(review, world.ines, Verdict.APPROVE).by == world.ines


def test_a_rejection_needs_a_code_and_words(company: Company, world: World, script: Use) -> None:
    _, review = waiting_refund(company, world, script)
    for reason in ({"reason_code": "data"}, {"reason": "No."}, {"reason_code": "nonsense", "reason": "No."}):
        with pytest.raises(ReasonMissing):
            say(review, world.ines, Verdict.REJECT, **reason)
    assert say(review, world.ines, Verdict.REJECT, reason_code="data", reason="No.")


def test_an_expired_review_is_not_approved_and_the_agent_is_told(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    Review.objects.filter(pk=review.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(TooLate):
        say(review, world.ines, Verdict.APPROVE)
    run = drive(run)
    assert company.effects() == 0
    assert told(run)["status"] == "expired"


def test_who_comes_second_is_told_and_changes_nothing(company: Company, world: World, script: Use) -> None:
    _, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    with pytest.raises(AlreadyDecided):
        say(review, world.tomas, Verdict.REJECT, reason_code="data", reason="No.")


def call_of(review: Review) -> ToolCall:
    """The call a review is about."""
    assert review.call is not None
    return review.call


def edited_arguments(call: ToolCall) -> bytes:
    return bytes(call.arguments).replace(b'"amount":"', b'"amount":"9')


def _change_arguments(review: Review, world: World) -> None:
    assert review.call is not None
    ToolCall.objects.filter(pk=call_of(review).pk).update(arguments=edited_arguments(review.call))


def _change_arguments_and_digest(review: Review, world: World) -> None:
    from agents.gateway.propose import digest_of

    assert review.call is not None
    call = ToolCall.objects.get(pk=call_of(review).pk)
    call.arguments = edited_arguments(call)
    ToolCall.objects.filter(pk=call.pk).update(arguments=call.arguments, digest=digest_of(call))


def _change_everything_but_the_record(review: Review, world: World) -> None:
    _change_arguments_and_digest(review, world)
    digest = ToolCall.objects.get(pk=call_of(review).pk).digest
    Review.objects.filter(pk=review.pk).update(digest=digest)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE approvals_decision DISABLE TRIGGER ALL")
        cursor.execute("UPDATE approvals_decision SET call_digest = %s, seen_digest = %s", [digest, digest])
        cursor.execute("ALTER TABLE approvals_decision ENABLE TRIGGER ALL")


def _move_to_sandbox(review: Review, world: World) -> None:
    ToolCall.objects.filter(pk=call_of(review).pk).update(environment="sandbox")


def _take_the_grant(review: Review, world: World) -> None:
    assert review.call is not None and review.call.tool_version is not None
    review.call.tool_version.tool.grants.update(effect=GrantEffect.FORBIDDEN)


def _take_the_represented_persons_right(review: Review, world: World) -> None:
    from guardian.models import GroupObjectPermission

    GroupObjectPermission.objects.all().delete()


def _take_the_reviewer_out_of_the_team(review: Review, world: World) -> None:
    world.ines.groups.remove(world.refund_desk)


def _deactivate_the_reviewer(review: Review, world: World) -> None:
    User.objects.filter(pk=world.ines.pk).update(is_active=False)


def _new_contract(review: Review, world: World) -> None:
    from tests.world import a_contract

    assert review.call is not None and review.call.tool_version is not None
    a_contract(review.call.tool_version.tool, description="Now pays twice.")


def _another_address(review: Review, world: World) -> None:
    assert review.call is not None and review.call.tool_version is not None
    connection_row = review.call.tool_version.tool.connection
    type(connection_row).objects.filter(pk=connection_row.pk).update(server="other")


DRIFTS = [
    _change_arguments,
    _change_arguments_and_digest,
    _change_everything_but_the_record,
    _move_to_sandbox,
    _take_the_grant,
    _take_the_represented_persons_right,
    _take_the_reviewer_out_of_the_team,
    _deactivate_the_reviewer,
    _new_contract,
    _another_address,
]


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.__name__.strip("_"))
def test_what_changed_behind_the_products_back_after_approval_has_no_effect_and_an_entry_says_why(
    drift: Callable[[Review, World], None], company: Company, world: World, script: Use
) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    review.refresh_from_db()
    drift(review, world)
    run = drive(run)
    assert company.effects() == 0
    assert ToolCall.objects.get(pk=call_of(review).pk).state == CallState.DENIED
    (entry,) = Entry.objects.filter(verb="call.refused")
    assert b'"reason":"' in bytes(entry.payload)


def test_without_any_drift_the_same_approval_has_its_effect(company: Company, world: World, script: Use) -> None:
    run, review = waiting_refund(company, world, script)
    say(review, world.ines, Verdict.APPROVE)
    drive(run)
    assert company.effects() == 1


def test_what_can_no_longer_be_read_cannot_be_approved(company: Company, world: World, script: Use) -> None:
    _, review = waiting_refund(company, world, script)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE agents_toolversion DISABLE TRIGGER ALL")
    ToolVersion.objects.update(output_schema={"maximum": 2**60})
    with pytest.raises(ContentChanged):
        say(review, world.ines, Verdict.APPROVE)
