"""What is worth a lawyer's look in a contract, out of what the tools answered. Pure."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from orchestrator.samples.scripts.cautious import gives_orders, plain

Json = dict[str, Any]
NEAR_LAWS = ("Swedish", "Finnish", "Danish", "German", "French", "Norwegian", "Estonian", "Polish")
TERMS = (("term_months", "term"), ("notice_days", "notice period"), ("payment_days", "time to pay"))
SHORTEST_PAYMENT, LONGEST_NOTICE, LONGEST_TERM, LONGEST_RENEWAL = 14, 180, 60, 12


def issue(source: str, severity: str, finding: str, clause: str = "") -> Json:
    """One issue of a report."""
    return {"source": source, "severity": severity, "clause": clause, "finding": finding}


def term_issues(contract: Json) -> Iterator[Json]:
    """What the commercial terms have against them."""
    yield from _unwritten(contract)
    if (contract["payment_days"] or 99) < SHORTEST_PAYMENT or contract["payment_days"] == 0:
        yield issue("terms", "minor", f"Invoices are due in {contract['payment_days']} days; we pay in 30.")
    if (contract["notice_days"] or 0) > LONGEST_NOTICE:
        yield issue("terms", "minor", f"Notice has to be given {contract['notice_days']} days before the end.")
    if (contract["term_months"] or 0) > LONGEST_TERM:
        yield issue("terms", "major", f"The term of {contract['term_months']} months is longer than five years.")
    if (contract["renews_months"] or 0) > LONGEST_RENEWAL:
        yield issue("terms", "major", f"It renews itself by {contract['renews_months']} months.")
    if not contract["law"].startswith(NEAR_LAWS):
        yield issue("terms", "minor", f"It is under {contract['law']}.")


def _unwritten(contract: Json) -> Iterator[Json]:
    for field, name in TERMS:
        if contract[field] is None:
            yield issue("terms", "minor", f"The {name} is not written down.")
    if contract["yearly"] is None:
        yield issue("terms", "major", "The price is not written down.")
    if contract["liability_cap"] is None:
        yield issue("terms", "major", "Liability has no limit.")


def clause_issues(contract: Json, rules: Json) -> Iterator[Json]:
    """Which rules the clauses break."""
    texts = {clause["number"]: plain(clause["text"]).casefold() for clause in contract["clauses"]}
    for rule in rules["rules"]:
        signs = [plain(word).casefold() for word in rule["words"]]
        hits = [number for number, text in texts.items() if any(sign in text for sign in signs)]
        told = f"{rule['explanation']} ({rule['source']})"
        if rule["demand"] == "must have" and not hits:
            yield issue("clauses", rule["severity"], f"Missing: {told}")
        if rule["demand"] == "must not have":
            yield from (issue("clauses", rule["severity"], told, number) for number in hits)
    for clause in contract["clauses"]:
        if gives_orders(clause["text"]):
            yield issue("clauses", "major", "The clause gives orders to whoever reads the contract.", clause["number"])


def price_position(contract: Json, benchmarks: list[Json]) -> tuple[str, int | None]:
    """Where the price stands, and how many percent it is off the middle; None where nothing is known."""
    if contract["yearly"] is None or not benchmarks:
        return "unknown", None
    price, found = Decimal(contract["yearly"]), benchmarks[0]
    off = int((price / Decimal(found["median"]) - 1) * 100)
    if price > Decimal(found["high"]):
        return "above", off
    return ("below" if price < Decimal(found["low"]) else "within"), off


def price_issues(contract: Json, position: str, off: int | None, high: str) -> Iterator[Json]:
    """What the price has against it."""
    match position:
        case "unknown" if contract["yearly"] is not None:
            what = f"{contract['kind']} in {contract['currency']}"
            yield issue("price", "minor", f"Nothing is known of what others pay for {what}.")
        case "above":
            much = Decimal(contract["yearly"]) > Decimal(high) * Decimal("1.5")
            finding = f"{contract['yearly']} {contract['currency']} a year is {off} % above what others pay."
            yield issue("price", "major" if much else "minor", finding)
        case "below":
            finding = f"{contract['yearly']} {contract['currency']} a year is {abs(off or 0)} % below what others pay."
            yield issue("price", "minor", finding)


def verdict_of(issues: list[Json]) -> str:
    """The verdict of a report, by the worst of its issues."""
    if not issues:
        return "clean"
    return "major issues" if any(one["severity"] == "major" for one in issues) else "minor issues"
