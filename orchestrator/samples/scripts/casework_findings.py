"""What is to be done about a claim that came in by itself. Pure."""

from decimal import Decimal
from typing import Any

from orchestrator.samples.scripts.claim_findings import ZERO, Finding, judge

Json = dict[str, Any]
BILLS = ("repair invoice", "receipts")
SUSPICIOUS_FROM = 50


def look(claim: Json, policy: Json, documents: Json) -> Finding:
    """Settle, ask for papers, or decline. A bill whose total cannot be read is as good as missing."""
    if Decimal(claim["claimed"]) == ZERO:
        return Finding("decline", reason="Nothing was claimed", thought="The claim is over 0.00 EUR.")
    found = judge(claim, policy, documents)
    if found.verdict != "pay":
        return found
    papers = documents["documents"]
    unread = tuple(one["kind"] for one in papers if one["kind"] in BILLS and one["amount"] is None)
    missing = unread if papers else ("claim form",)
    if missing:
        words = ", ".join(f"{one['kind']}: {one['summary']}" for one in papers if one["kind"] in unread)
        return Finding("ask", thought=f"I cannot read a total in euros. {words}".strip(), missing=missing)
    return found


def suspicion(signals: list[Json]) -> tuple[int, list[str]]:
    """Points in all, and the signs in words."""
    return sum(one["points"] for one in signals), [f"{one['points']}: {one['detail']}" for one in signals]
