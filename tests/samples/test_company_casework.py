"""The claims desk keeps its promises: papers go where they were missing, and an investigation holds the money."""

from typing import Any

from tests.samples.desks import Desk, desk

__all__ = ("desk",)

ODD = "IC-30112"
LACKING = "IC-30108"


def paper(kind: str = "repair invoice", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "filename": "scan.pdf", "amount": "820.00"} | more


def pay(desk: Desk, claim_id: str) -> dict[str, Any]:
    account = desk.ask("get_claim", claim_id=claim_id)["accounts"][0]
    return {
        "claim_id": claim_id,
        "amount": "10.00",
        "payee_name": account["holder"],
        "payee_account": account["iban"],
        "remittance_text": f"Claim {claim_id}",
    }


def test_nothing_is_paid_while_a_claim_is_investigated(desk: Desk) -> None:
    opened = desk.ask("hand_to_investigations", claim_id=ODD, reason="Two signs")["investigation_id"]
    assert "under investigation" in desk.refusal("pay_claim", **pay(desk, ODD))
    assert "under investigation already" in desk.refusal("hand_to_investigations", claim_id=ODD, reason="Again")
    assert desk.ask("close_investigation", investigation_id=opened, finding="cleared")["state"] == "cleared"
    assert desk.ask("pay_claim", **pay(desk, ODD))["amount"] == "10.00"
    assert "closed already" in desk.refusal("close_investigation", investigation_id=opened, finding="fraud")


def test_papers_that_come_take_the_place_of_those_that_lacked(desk: Desk) -> None:
    asked = desk.ask("request_documents", claim_id=LACKING, kinds=["repair invoice"], message="Please send it.")
    assert asked["sent_to"].endswith(".example")
    assert desk.ask("get_claim", claim_id=LACKING)["status"] == "documents missing"
    desk.ask("file_documents", claim_id=LACKING, documents=[paper()])
    assert desk.ask("get_claim", claim_id=LACKING)["status"] == "reported"
    papers = desk.ask("list_claim_documents", claim_id=LACKING)["documents"]
    assert [(one["state"], one["amount"]) for one in papers if one["kind"] == "repair invoice"] == [
        ("received", "820.00")
    ]


def test_a_paper_that_nobody_asked_for_is_added(desk: Desk) -> None:
    before = len(desk.ask("list_claim_documents", claim_id=LACKING)["documents"])
    desk.ask("file_documents", claim_id=LACKING, documents=[paper("letter", amount=None), paper("photo")])
    assert len(desk.ask("list_claim_documents", claim_id=LACKING)["documents"]) == before + 2


def test_a_claim_that_is_over_is_asked_for_nothing(desk: Desk) -> None:
    refusal = desk.refusal("request_documents", claim_id="IC-30120", kinds=["photo"], message="Please.")
    assert refusal == "Claim IC-30120 is closed, so no more papers are asked for."


def test_signs_weigh_what_they_weigh(desk: Desk) -> None:
    def points(claim_id: str) -> int:
        return sum(one["points"] for one in desk.ask("fraud_indicators", claim_id=claim_id)["signals"])

    assert points(ODD) >= 50 > points("IC-30114") > 0
    assert points("IC-30101") == 0


def test_a_repeated_key_files_and_asks_once(desk: Desk) -> None:
    for _ in range(3):
        desk.ask("file_documents", "k-1", claim_id=LACKING, documents=[paper("letter")])
        desk.ask("request_documents", "k-2", claim_id=LACKING, kinds=["photo"], message="Please.")
    assert desk.effects() == 2
