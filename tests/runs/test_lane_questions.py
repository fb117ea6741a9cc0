"""Questions in the fast lane: the same rows and the same record as in the ordinary way, or nothing at all."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from agents.actions import stops
from agents.states import StopMode, StopScope
from approvals.access import decidable_by
from approvals.actions import expire
from approvals.models import Decision, Review
from approvals.states import ReviewState, Verdict
from audit.log import SYSTEM, party, record
from audit.models import Entry
from audit.verify import verify_all
from orchestrator.accounts.models import User
from orchestrator.runs.engine import lane
from orchestrator.runs.engine.advancing import advance
from orchestrator.runs.engine.ending import cancel_run
from orchestrator.runs.models import Run, Step
from orchestrator.runs.states import RunState
from tests.runs.test_lane import leaves
from tests.scenes import a_run, open_reviews, say
from tests.servers import wait_until
from tests.workshop import FAILURES, Workshop, pump, states, step, verbs, words

ASK = """- {id: ask, title: Ask, kind: human, instructions: "Is ${steps.a.output.word} good?",
   form: {type: object, properties: {good: {type: boolean}, why: {type: string}}, additionalProperties: false}}
"""
ASKING = step("a", "${input.word}") + ASK + step("b", "${steps.ask.output.why}") + step("c")
ANSWER = {"good": True, "why": "Because."}


def answer(run: Run, workshop: Workshop) -> Decision:
    """Somebody of the team answers."""
    (review,) = open_reviews(run)
    return say(review, workshop.world.ines, Verdict.ANSWER, form=ANSWER)


def waiting(workshop: Workshop, steps: str = ASKING, **values: Any) -> Run:
    """A run that was asked about in the lane. Another one went before it."""
    version = workshop.workflow(steps)
    answer(pump(a_run(version, workshop.world.otto, **values)), workshop)
    run = a_run(version, workshop.world.otto, **values)
    taken = lane.claim(run.ref)
    assert taken is not None and taken.perform()
    run.refresh_from_db()
    return run


def about(run: Run) -> list[Any]:
    """What a run's questions have left, without what is different each time."""
    left = []
    for review in Review.objects.filter(run_ref=run.ref).order_by("pk"):
        left += [review.kind, review.state, review.version, review.sentence, review.short, review.verdicts, review.team]
        left += [review.workflow_name, review.agent_name, review.started_by, review.form_schema, review.risk_score]
        left += [review.expires_at - review.opened_at, review.due_at - review.opened_at]
        left += [decidable_by(user).filter(pk=review.pk).count() for user in User.objects.filter(groups=review.team)]
        left.append({name: value for name, value in review.dossier.items() if name not in ("run", "story")})
        left += [{**event, "at": ""} for event in review.dossier["story"]]
    return left


def said(run: Run) -> list[Any]:
    """The entries about the question of a run: their verbs, and what they say that is not different each time."""
    found = []
    for entry in Entry.objects.filter(stream__key=f"run:{run.ref}").order_by("seq"):
        data, odd = (
            json.loads(bytes(entry.payload)),
            {"step", "review", "code", "digest", "due", "expires", "dossier", "decision"},
        )
        odd |= {"held_until", "seen_digest"}
        if entry.verb.startswith("review.") or data.get("step_title") == "Ask":
            told = {name: value for name, value in data.items() if name not in odd}
            found.append((entry.verb, sorted(data), told, entry.actor_name, entry.subject_kind, entry.subject_name))
    return found


def test_a_question_in_the_lane_leaves_what_the_ordinary_way_leaves(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [waiting(workshop, word="it")]
    version = runs[0].workflow_version
    monkeypatch.setattr(lane, "enter", lambda board: None)
    monkeypatch.setattr(lane, "claim", lambda ref: None)
    runs.append(pump(a_run(version, workshop.world.otto, word="it")))
    for run in runs:
        (review,) = open_reviews(run)
        assert (run.state, run.wake_at, run.lane_owner, run.troubles) == (RunState.WAITING, review.expires_at, None, 0)
        assert run.steps.get(key="ask").started_at is not None
    fast, slow = runs
    assert about(fast) == about(slow)
    assert fast.title == slow.title and leaves(fast) == leaves(slow)
    for run in runs:
        answer(run, workshop)
    assert said(fast) == said(slow)
    advance(slow.ref)
    taken = lane.resume(fast.ref)
    assert taken is not None and taken.perform()
    for run in runs:
        run.refresh_from_db()
        assert run.state == RunState.SUCCEEDED and run.output == {"c": {"word": "c"}}
        assert Review.objects.get(run_ref=run.ref).delivered_at is not None
    assert said(fast) == said(slow)
    assert leaves(fast) == leaves(slow)
    assert about(fast) == about(slow)
    assert verbs(fast) == [
        *("run.started", "step.read", "step.started", "review.opened", "review.answered"),
        *("step.finished", "step.read", "step.read", "run.finished"),
    ]
    assert [broken for _, broken in verify_all() if broken] == []


def test_asking_and_taking_up_take_a_few_statements_and_one_commit_each(workshop: Workshop) -> None:
    version = waiting(workshop, word="it").workflow_version
    run = a_run(version, workshop.world.otto, word="it")
    with CaptureQueriesContext(connection) as asked:
        taken = lane.claim(run.ref)
        assert taken is not None and taken.perform()
    assert [query["sql"].split()[1] for query in asked] == [
        *("unhurried", "chain"),
        *("nextval('approvals_review_id_seq')", "locked"),
    ]
    answer(run, workshop)
    with CaptureQueriesContext(connection) as taken_up:
        taken = lane.resume(run.ref)
        assert taken is not None and taken.perform()
    assert [query["sql"].split()[1] for query in taken_up] == ["unhurried", "run_locked", "locked"]


def test_an_answer_the_last_call_and_the_end_are_stored_at_once(workshop: Workshop) -> None:
    run = waiting(workshop, step("a", "${input.word}") + ASK + step("b"), word="it")
    answer(run, workshop)
    taken = lane.resume(run.ref)
    assert taken is not None
    with CaptureQueriesContext(connection) as stored:
        assert taken.perform()
    assert len(stored) == 1
    assert verbs(run)[-3:] == ["step.finished", "step.read", "run.finished"]
    assert Run.objects.get(pk=run.pk).state == RunState.SUCCEEDED
    assert [broken for _, broken in verify_all() if broken] == []


def test_a_question_is_not_stored_once_its_reviewers_have_changed(workshop: Workshop) -> None:
    version = waiting(workshop, word="it").workflow_version
    taken = lane.claim(a_run(version, workshop.world.otto, word="it").ref)
    assert taken is not None
    workshop.world.refund_desk.user_set.clear()
    assert not taken.perform()
    run = pump(Run.objects.get(pk=taken.run.pk))
    (review,) = open_reviews(run)
    assert str(review.team) == "Admins"
    again = pump(a_run(version, workshop.world.otto, word="it"))
    assert str(open_reviews(again)[0].team) == "Admins", "nor by the next one, from memory"


def test_a_team_and_a_workflow_are_called_as_they_are_called_now(workshop: Workshop) -> None:
    version = waiting(workshop, word="it").workflow_version
    workshop.world.refund_desk.name = "Refund room"
    workshop.world.refund_desk.save()
    version.workflow.title = "Other work"
    version.workflow.save()
    run = pump(a_run(version, workshop.world.otto, word="it"))
    (review,) = open_reviews(run)
    assert str(review.team) == "Admins", "no team has the name that the definition says"
    assert review.workflow_name == "Other work" == review.dossier["workflow"]["title"]


def test_a_stop_holds_back_a_question_and_what_comes_after_an_answer(workshop: Workshop) -> None:
    run = waiting(workshop, word="it")
    answer(run, workshop)
    stops.stop(by=workshop.world.hana, scope=StopScope.EVERYTHING, ref=None, mode=StopMode.NOW, reason="Look here.")
    before = words()
    taken = lane.resume(run.ref)
    assert taken is None or not taken.perform() or states(run)["b"] == "pending"
    assert pump(run).state == RunState.RESTING
    assert states(run) == {"a": "succeeded", "ask": "succeeded", "b": "resting", "c": "pending"}
    assert words() == before
    new = pump(a_run(run.workflow_version, workshop.world.otto, word="it"))
    assert not Review.objects.filter(run_ref=new.ref).exists()


def test_an_answer_is_taken_up_once_whoever_is_quicker(workshop: Workshop) -> None:
    run = waiting(workshop, word="it")
    answer(run, workshop)
    first, second = lane.resume(run.ref), lane.resume(run.ref)
    assert first is not None and second is None
    assert first.perform()
    assert verbs(run).count("step.finished") == verbs(run).count("run.finished") == 1
    assert lane.resume(run.ref) is None
    assert Run.objects.get(pk=run.pk).state == RunState.SUCCEEDED


def test_the_ordinary_way_and_the_lane_do_not_take_up_an_answer_both(workshop: Workshop) -> None:
    run = waiting(workshop, word="it")
    answer(run, workshop)
    late = lane.resume(run.ref)
    advance(run.ref)
    assert late is not None and not late.perform()
    assert verbs(run).count("step.finished") == 1


def test_a_run_whose_worker_died_with_an_answer_goes_on(workshop: Workshop) -> None:
    run = waiting(workshop, word="it")
    answer(run, workshop)
    taken = lane.resume(run.ref)
    assert taken is not None and taken.heard is not None
    Run.objects.filter(pk=run.pk).update(lane_owner=5)  # nobody holds that lock
    assert pump(run).state == RunState.SUCCEEDED
    assert verbs(run).count("step.finished") == 2, "of the question, and of the one step that is done with care"


@pytest.mark.parametrize("how", ["cancelled", "expired", "not answered", "out of troubles"])
def test_the_lane_takes_nothing_up_that_is_not_simply_an_answer(workshop: Workshop, how: str) -> None:
    run = waiting(workshop, word="it")
    (review,) = open_reviews(run)
    if how == "cancelled":
        answer(run, workshop)
        cancel_run(ref=run.ref, by=workshop.world.otto, reason="Not needed.", now=True)
    elif how == "expired":
        expire(review)
    elif how == "out of troubles":
        answer(run, workshop)
        Run.objects.filter(pk=run.pk).update(troubles=1)
    assert lane.resume(run.ref) is None
    pump(run)
    assert run.state == {"cancelled": RunState.STOPPED, "out of troubles": RunState.SUCCEEDED}.get(how, run.state)


def test_a_run_that_is_cancelled_while_its_answer_is_taken_up_ends(workshop: Workshop) -> None:
    run = waiting(workshop, word="it")
    answer(run, workshop)
    taken = lane.resume(run.ref)
    assert taken is not None
    cancel_run(ref=run.ref, by=workshop.world.otto, reason="Not needed.", now=True)
    assert not taken.perform()
    assert pump(run).state == RunState.STOPPED
    assert "step.finished" not in verbs(run)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", ["runs_run", "approvals_review"])
def test_who_has_the_run_or_its_review_first_never_waits_for_the_lane(workshop: Workshop, held: str) -> None:
    """Run, review, stream: the lane locks in the same order as everybody, so that there is no deadlock."""
    run = waiting(workshop, word="it")
    answer(run, workshop)
    taken = lane.resume(run.ref)
    assert taken is not None
    column = "ref" if held == "runs_run" else "run_ref"
    with ThreadPoolExecutor(1) as apart:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT 1 FROM {held} WHERE {column} = %s FOR NO KEY UPDATE", [run.ref])
            performed = apart.submit(in_another_thread, taken)
            wait_until(somebody_waits)
            record("run.cancelled", actor=SYSTEM, subject=party(run), stream=f"run:{run.ref}")
        assert not performed.result(timeout=10), "somebody else has written to the stream"
    assert [broken for _, broken in verify_all() if broken] == []


def in_another_thread(taken: lane.Lane) -> bool:
    """Go on in a thread with a connection of its own."""
    try:
        return taken.perform()
    finally:
        connections.close_all()


def somebody_waits() -> bool:
    """Whether a statement waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def test_a_question_beside_other_steps_lets_them_go_on(workshop: Workshop) -> None:
    steps = step("a") + ASK.replace("id: ask", "id: ask, needs: [a]") + step("b", needs="[a]") + step("c", needs="[b]")
    version = workshop.workflow(steps)
    for _ in range(2):
        run = pump(a_run(version, workshop.world.otto))
        assert states(run) == {"a": "succeeded", "ask": "waiting", "b": "succeeded", "c": "succeeded"}
        answer(run, workshop)
        assert pump(run).state == RunState.SUCCEEDED


def test_two_questions_in_a_row_tell_of_each_other(workshop: Workshop) -> None:
    second = ASK.replace("id: ask", "id: again").replace("title: Ask", "title: Again")
    run = waiting(workshop, step("a", "${input.word}") + ASK + step("b") + second + step("c"), word="it")
    answer(run, workshop)
    taken = lane.resume(run.ref)
    assert taken is not None and taken.perform()
    (review,) = open_reviews(run)
    assert [event["kind"] for event in review.dossier["story"]] == ["data", "person", "data"]
    answer(run, workshop)
    assert pump(run).state == RunState.SUCCEEDED


def test_a_read_that_fails_after_an_answer_goes_by_its_rules(workshop: Workshop) -> None:
    run = waiting(workshop, word="it")
    answer(run, workshop)
    FAILURES["Because."] = 1
    taken = lane.resume(run.ref)
    assert taken is not None and not taken.perform()
    assert pump(run).state == RunState.WAITING
    assert states(run)["b"] == "waiting" and verbs(run).count("call.failed") == 1


def test_hostile_text_in_a_question_is_stored_as_the_ordinary_way_stores_it(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = waiting(workshop, word="␛ <b>&amp; 7e400")
    monkeypatch.setattr(lane, "enter", lambda board: None)
    monkeypatch.setattr(lane, "claim", lambda ref: None)
    slow = pump(a_run(fast.workflow_version, workshop.world.otto, word="␛ <b>&amp; 7e400"))
    assert about(fast) == about(slow)
    assert Step.objects.get(run=fast, key="ask").input == Step.objects.get(run=slow, key="ask").input
    assert said(fast) == said(slow)
    assert Review.objects.get(run_ref=fast.ref).state == ReviewState.OPEN
