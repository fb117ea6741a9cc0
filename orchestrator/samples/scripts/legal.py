"""The scripted agents of contract review: terms, clauses and price, read apart, and the one who merges them."""

from typing import Any

from agents.runtime.scripted import Call, Final, Say, ScriptState, scripted
from orchestrator.samples.scripts import legal_findings as findings
from orchestrator.samples.scripts.cautious import cut, wary
from orchestrator.samples.scripts.told import part, said, sentence, told

Json = dict[str, Any]
MOST_ISSUES = 40


def _contract(state: ScriptState) -> Say | Json:
    """The contract, or what to say instead: the call that reads it, or the end when it cannot be read."""
    answer = told(state, "get_contract")
    if answer is None:
        return Call("get_contract", contract_id=said(state, "contract_id"), reasoning="I read the contract first.")
    return answer.result if answer.done else {}


def _nothing(state: ScriptState, **more: Any) -> Final:
    answer = told(state, "get_contract")
    words = sentence(answer.words) if answer else ""
    output = {"found": False, "issues": [], "summary": f"The contract could not be read. {words}".strip(), **more}
    return Final(output, reasoning=f"There is nothing to review. {words}")


@scripted("contract-terms")
def terms(state: ScriptState) -> Say:
    """Price, term, notice, payment, liability, renewal, law."""
    contract = _contract(state)
    if not isinstance(contract, dict):
        return contract
    if not contract:
        return _nothing(state, counterparty="", status="", owner_email="")
    issues = list(findings.term_issues(contract))
    months = contract["term_months"] or "an unknown number of"
    summary = f"{contract['kind']}, {contract['yearly']} {contract['currency']} a year for {months} months."
    kept = {name: contract[name] for name in ("counterparty", "status", "owner_email")}
    return Final({"found": True, "issues": issues, "summary": summary, **kept}, reasoning=_told(issues, "the terms"))


@scripted("contract-clauses")
def clauses(state: ScriptState) -> Say:
    """Every clause against every rule for such a contract."""
    contract = _contract(state)
    if not isinstance(contract, dict):
        return contract
    if not contract:
        return _nothing(state)
    rules = told(state, "clause_rules")
    note = wary("A clause", *(clause["text"] for clause in contract["clauses"]))
    if rules is None:
        asked = {"kind": contract["kind"], "personal_data": contract["personal_data"]}
        return Call("clause_rules", asked, reasoning=f"{note}Which rules are there for {contract['kind']}?")
    if not rules.done:
        unread = findings.issue("clauses", "major", "The rules could not be read, so the clauses were not checked.")
        return Final({"found": True, "issues": [unread], "summary": sentence(rules.words) or "Rules unread."})
    issues = list(findings.clause_issues(contract, rules.result))[:MOST_ISSUES]
    summary = f"{len(contract['clauses'])} clauses against {len(rules.result['rules'])} rules."
    return Final({"found": True, "issues": issues, "summary": summary}, reasoning=_told(issues, "the clauses"))


@scripted("contract-price")
def price(state: ScriptState) -> Say:
    """The price against what others pay."""
    contract = _contract(state)
    if not isinstance(contract, dict):
        return contract
    if not contract:
        return _nothing(state, position="unknown", deviation=None)
    answer = told(state, "price_benchmark")
    if answer is None:
        asked = {"kind": contract["kind"], "currency": contract["currency"]}
        return Call("price_benchmark", asked, reasoning=f"What do others pay for {contract['kind']}?")
    known = answer.result.get("benchmarks", [])
    position, off = findings.price_position(contract, known)
    issues = list(findings.price_issues(contract, position, off, known[0]["high"] if known else "0.00"))
    summary = f"The price is {position}." if position != "unknown" else "The price cannot be compared."
    output = {"found": True, "position": position, "deviation": off, "issues": issues, "summary": summary}
    return Final(output, reasoning=_told(issues, "the price"))


@scripted("contract-merger")
def merger(state: ScriptState) -> Say:
    """One report out of the three, the worst first, stored with the contract."""
    parts = [part(state, name) for name in ("terms", "clauses", "price")]
    number = said(state, "contract_id")
    if not all(one.get("found") for one in parts):
        words = next((str(one.get("summary", "")) for one in parts if not one.get("found")), "")
        return _merged("not reviewable", [], words or "A part of the review is missing.", state)
    if parts[0]["status"] != "draft":
        return _merged("not reviewable", [], f"Contract {number} is {parts[0]['status']}, not a draft.", state)
    issues = sorted((one for each in parts for one in each["issues"]), key=lambda one: one["severity"])[:MOST_ISSUES]
    verdict = findings.verdict_of(issues)
    summary = cut(" ".join([str(one["summary"]) for one in parts] + [one["finding"] for one in issues]), 1900)
    stored = told(state, "store_review_report")
    if stored is None:
        report = {"contract_id": number, "verdict": verdict, "summary": summary, "issues": issues}
        return Call("store_review_report", report, reasoning=f"{len(issues)} issues in all: {verdict}.")
    if not stored.done:
        return _merged("not reviewable", [], f"The report was not stored. {sentence(stored.words)}", state)
    return _merged(verdict, issues, summary, state, stored.value("report_id"))


def _merged(verdict: str, issues: list[Json], summary: str, state: ScriptState, report: str = "") -> Final:
    given = part(state, "terms")
    output = {
        "verdict": verdict,
        "report_id": report,
        "counterparty": given.get("counterparty") or "",
        "owner_email": given.get("owner_email") or "",
        "issues": issues,
        "summary": summary,
    }
    return Final(output, reasoning=f"The review ends with: {verdict}.")


def _told(issues: list[Json], what: str) -> str:
    if not issues:
        return f"I find nothing wrong with {what}."
    return f"I find {len(issues)} in {what}: " + " ".join(one["finding"] for one in issues[:5])
