"""The scripted agents over every sample case, against the company's own books, with every kind of answer by people."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from agents.runtime.scripted import Call, Final, Result, Script, ScriptState
from orchestrator.samples.cases import CLAIM, REFUND, cases, key_of
from orchestrator.samples.company import ledger
from orchestrator.samples.company.database import open_company
from orchestrator.samples.company.rows import Refused
from orchestrator.samples.company.tools import TOOLS
from orchestrator.samples.scripts.claims import claims_payout
from orchestrator.samples.scripts.refund import support_refund
from orchestrator.samples.setup import Case
from orchestrator.workflows.reading import read
from orchestrator.workflows.schema import AgentStep

WORKFLOWS = Path(__file__).resolve().parents[2] / "orchestrator" / "samples" / "workflows"
SCRIPTS: dict[str, Script] = {REFUND: support_refund, CLAIM: claims_payout}
HELD = ("refund_order", "pay_claim")
MOST_TURNS = 8

Answer = dict[str, Any]
People = Callable[[Call, Callable[[Call], Answer]], Answer]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_company(tmp_path / "company.sqlite")
    yield connection
    connection.close()


def do(books: sqlite3.Connection, call: Call) -> Answer:
    """What the engine tells an agent about a call that the company was asked to do."""
    tool = TOOLS[call.tool]
    try:
        result, _ = ledger.answer(books, tool, tool.asks.model_validate(call.arguments, strict=True), None)
    except Refused as refusal:
        return {"status": "failed", "error": str(refusal)}
    return {"status": "executed", "result": result}


def approve(call: Call, act: Callable[[Call], Answer]) -> Answer:
    return act(call)


def edit(call: Call, act: Callable[[Call], Answer]) -> Answer:
    change = {"argument": "/amount", "from": call.arguments["amount"], "to": "1.00"}
    return act(Call(call.tool, call.arguments | {"amount": "1.00"})) | {
        "edited": True,
        "changes": [change],
        "note": "Only the part that is proven",
    }


def reject(call: Call, act: Callable[[Call], Answer]) -> Answer:
    return {"status": "rejected", "reason_code": "verify", "reason": "Call the customer first"}


def expire(call: Call, act: Callable[[Call], Answer]) -> Answer:
    return {"status": "expired", "reason": "Nobody decided in time; it was not done."}


def play(script: Script, task: dict[str, Any], answer: Callable[[Call], Answer]) -> tuple[Final, list[Call]]:
    """A conversation from the task to the end."""
    results: tuple[Result, ...] = ()
    calls: list[Call] = []
    for turn in range(1, MOST_TURNS + 1):
        say = script(ScriptState(task, tuple(TOOLS), turn, results, results[-1:]))
        if isinstance(say, Final):
            return say, calls
        assert isinstance(say, Call)
        assert say.reasoning, f"{say.tool} is called without a reason"
        calls.append(say)
        results = (*results, Result(say.tool, say.arguments, answer(say)))
    raise AssertionError(f"No end after {MOST_TURNS} turns: {[call.tool for call in calls]}")


def run(books: sqlite3.Connection, case: Case, people: People) -> tuple[dict[str, Any], list[Call]]:
    def answer(call: Call) -> Answer:
        return people(call, lambda one: do(books, one)) if call.tool in HELD else do(books, call)

    final, calls = play(SCRIPTS[case.workflow], {"task": "…", **case.input}, answer)
    return final.output, calls


def output_schema(workflow: str) -> dict[str, Any]:
    step = read((WORKFLOWS / f"{workflow}.yaml").read_bytes()).steps[0]
    assert isinstance(step, AgentStep)
    assert step.output
    return step.output


@pytest.mark.parametrize(
    ("people", "ends"),
    [
        (approve, {"refunded", "paid"}),
        (edit, {"refunded", "paid"}),
        (reject, {"rejected"}),
        (expire, {"undecided"}),
    ],
)
def test_every_case_ends_with_an_output_that_fits_and_a_mail_that_can_be_sent(
    books: sqlite3.Connection, people: People, ends: set[str]
) -> None:
    fits = {name: jsonschema_rs.validator_for(output_schema(name)) for name in SCRIPTS}
    seen = set()
    for case in cases():
        output, _ = run(books, case, people)
        fits[case.workflow].validate(output)
        mail = output.get("reply") or output["letter"]
        TOOLS["send_mail"].asks.model_validate(mail, strict=True)
        seen.add(output["outcome"])
    assert seen == ends | {"declined", "waiting for papers"}


def test_what_is_proposed_is_never_refused_by_the_company(books: sqlite3.Connection) -> None:
    for case in cases():
        output, calls = run(books, case, approve)
        if any(call.tool in HELD for call in calls):
            assert output["outcome"] in ("refunded", "paid"), (key_of(case), output)


def test_about_two_of_three_cases_need_a_person(books: sqlite3.Connection) -> None:
    held = [case for case in cases() if any(call.tool in HELD for call in run(books, case, reject)[1])]
    assert 0.5 < len(held) / len(cases()) < 0.9


def test_a_rejection_is_not_argued_with(books: sqlite3.Connection) -> None:
    for case in cases()[:20]:
        output, calls = run(books, case, reject)
        assert sum(call.tool in HELD for call in calls) <= 1
        if output["outcome"] == "rejected":
            assert "Call the customer first" in output["summary"]
            assert "Call the customer first" not in (output.get("reply") or output["letter"])["body"]


def test_an_edit_is_told_as_it_was_done_not_as_it_was_asked(books: sqlite3.Connection) -> None:
    case = next(case for case in cases() if key_of(case) == "88-10392")
    output, _ = run(books, case, edit)
    assert output["refunded"] == "1.00"
    assert "1.00 EUR" in output["reply"]["body"]
    assert "Only the part that is proven" in output["summary"]


def test_the_amounts_of_the_design_are_proposed(books: sqlite3.Connection) -> None:
    wanted = {
        "88-10392": "642.10",
        "88-10377": "89.00",
        "88-10355": "64.20",
        "MC-20417": "18450.00",
        "MC-20433": "2310.00",
    }
    for case in cases()[: len(wanted)]:
        _, calls = run(books, case, reject)
        proposed = next(call for call in calls if call.tool in HELD)
        assert proposed.arguments["amount"] == wanted[key_of(case)]


def test_the_claims_agent_says_something_that_its_data_do_not_support(books: sqlite3.Connection) -> None:
    """So that a reviewer has a reason to look at the data and not only at the reasoning."""
    case = next(case for case in cases() if key_of(case) == "MC-20417")
    _, calls = run(books, case, reject)
    proposed = next(call for call in calls if call.tool == "pay_claim")
    assert "confirmed the new account with strong authentication" in proposed.reasoning
    log = do(books, Call("sign_in_log", customer_id="KM-778120"))["result"]["sign_ins"]
    assert log[0]["method"] == "password"


@pytest.mark.parametrize(
    ("task", "outcome"),
    [
        ({"customer_email": "greta.holm.121@post.se.example", "order_id": None, "message": "?"}, "refunded"),
        ({"customer_email": "nobody@example.com", "order_id": "", "message": "?"}, "not found"),
        ({"customer_email": "nobody@example.com", "order_id": "88-1", "message": "?"}, "not found"),
        ("a text that is no JSON", "not found"),
    ],
)
def test_a_case_of_ones_own_comes_to_an_end_too(books: sqlite3.Connection, task: Any, outcome: str) -> None:
    final, _ = play(support_refund, task, lambda call: do(books, call))
    assert final.output["outcome"] == outcome


def test_a_payment_that_a_person_looked_up_counts_with_the_amount_that_was_asked(books: sqlite3.Connection) -> None:
    case = next(case for case in cases() if key_of(case) == "88-10392")
    found = {"status": "executed", "result": {"looked_up_by": "Ines Moreau", "note": "It is on the bank statement"}}
    output, _ = run(books, case, lambda call, act: found)
    assert (output["outcome"], output["refunded"]) == ("refunded", "642.10")


@pytest.mark.parametrize("broken", [{"status": "denied", "reason": "paused"}, "<html>502</html>", None, []])
@pytest.mark.parametrize("script", [support_refund, claims_payout])
def test_an_answer_of_the_wrong_shape_ends_the_work_instead_of_the_worker(script: Script, broken: Any) -> None:
    task = {"order_id": "88-10392", "claim_id": "MC-20417", "customer_email": "greta.holm.121@post.se.example"}
    final, _ = play(script, task, lambda call: broken if broken is not None else {"status": "executed"})
    assert final.output["outcome"] in ("not found", "failed")
