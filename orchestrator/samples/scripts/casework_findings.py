"""What is to be done about a claim that came in by itself. Pure."""

from decimal import Decimal
from typing import Any

from orchestrator.samples.scripts.claim_findings import ZERO, Finding, judge

Json = dict[str, Any]
SUSPICIOUS_FROM = 50


def look(claim: Json, policy: Json, documents: Json) -> Finding:
    """Settle, ask for papers, or decline. A bill without a total in euros is as good as missing."""
    if Decimal(claim["claimed"]) == ZERO:
        return Finding("decline", reason="Nothing was claimed", thought="The claim is over 0.00 EUR.")
    found = judge(claim, policy, documents)
    if found.verdict != "pay":
        return found
    papers = documents["documents"]
    bill = "receipts" if policy["kind"] == "travel" else "repair invoice"
    readable = {one["kind"] for one in papers if one["kind"] != bill or one["amount"] is not None}
    missing = tuple(kind for kind in ("claim form", bill) if kind not in readable)
    if missing:
        words = " ".join(f"{one['kind']}: {one['summary']}" for one in papers if one["kind"] in missing)
        return Finding("ask", thought=f"I lack: {', '.join(missing)}. {words}".strip(), missing=missing)
    return found


def suspicion(signals: list[Json]) -> tuple[int, list[str]]:
    """Points in all, and the signs in words."""
    return sum(one["points"] for one in signals), [f"{one['points']}: {one['detail']}" for one in signals]
