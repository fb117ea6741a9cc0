"""The legal desk keeps its promises: only a reviewed draft goes for signature, and it can be taken back."""

from typing import Any

from tests.samples.desks import Desk, desk

__all__ = ("desk",)

ISSUE = {"source": "price", "severity": "minor", "clause": "", "finding": "It is dear."}


def a_report(desk: Desk, contract: str = "CT-4101", **more: Any) -> str:
    given = {"contract_id": contract, "verdict": "clean", "summary": "Nothing found.", "issues": []} | more
    return str(desk.ask("store_review_report", **given)["report_id"])


def test_every_contract_can_be_read(desk: Desk) -> None:
    numbers = [row["id"] for row in desk.books.execute("SELECT id FROM contracts")]
    contracts = [desk.ask("get_contract", contract_id=number) for number in numbers]
    assert len(contracts) >= 30
    assert all(contract["clauses"] for contract in contracts)
    assert len({contract["currency"] for contract in contracts}) >= 4
    assert desk.refusal("get_contract", contract_id="CT-1") == "There is no contract CT-1."


def test_a_contract_goes_for_signature_only_with_its_latest_report(desk: Desk) -> None:
    asked = {"contract_id": "CT-4101"}
    assert "is not the latest report" in desk.refusal("send_to_signatory", **asked, report_id="RR-1")
    first, second = a_report(desk), a_report(desk)
    assert "is not the latest report" in desk.refusal("send_to_signatory", **asked, report_id=first)
    sent = desk.ask("send_to_signatory", **asked, report_id=second)
    assert sent["sent_to"] == "margareta.ohlsson@norrland.example"
    assert "only a draft is sent" in desk.refusal("send_to_signatory", **asked, report_id=second)
    assert "only a draft is returned" in desk.refusal("return_contract", **asked, reason="Too late")


def test_a_contract_is_recalled_once_and_is_a_draft_again(desk: Desk) -> None:
    report = a_report(desk)
    sending = desk.ask("send_to_signatory", contract_id="CT-4101", report_id=report)["sending_id"]
    assert desk.ask("recall_from_signatory", sending_id=sending, reason="Not yet")["status"] == "draft"
    assert "recalled already" in desk.refusal("recall_from_signatory", sending_id=sending, reason="Not yet")
    assert desk.ask("send_to_signatory", contract_id="CT-4101", report_id=report)["sending_id"] != sending


def test_a_report_with_issues_is_not_clean(desk: Desk) -> None:
    refusal = desk.refusal(
        "store_review_report", contract_id="CT-4101", verdict="clean", summary="Fine.", issues=[ISSUE]
    )
    assert "1 issues is not clean" in refusal
    assert a_report(desk, verdict="minor issues", issues=[ISSUE])
    assert desk.effects() == 1


def test_a_signed_contract_stays_signed(desk: Desk) -> None:
    report = a_report(desk, "CT-4123")
    assert "is signed" in desk.refusal("send_to_signatory", contract_id="CT-4123", report_id=report)


def test_rules_depend_on_the_kind_and_on_personal_data(desk: Desk) -> None:
    def codes(kind: str, personal: bool) -> set[str]:
        return {rule["code"] for rule in desk.ask("clause_rules", kind=kind, personal_data=personal)["rules"]}

    assert codes("cloud hosting", True) - codes("cloud hosting", False) == {"C-01"}
    assert codes("cloud hosting", False) - codes("cleaning", False) == {"C-02"}


def test_prices_are_compared_in_one_currency(desk: Desk) -> None:
    def found(kind: str, currency: str) -> int:
        return len(desk.ask("price_benchmark", kind=kind, currency=currency)["benchmarks"])

    assert found("cloud hosting", "EUR") == found("cloud hosting", "USD") == 1
    assert found("cloud hosting", "JPY") == found("pet care", "EUR") == 0
