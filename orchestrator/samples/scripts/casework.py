"""The scripted agents of claims: the one who looks first, the one who writes to customers, and the fraud checker."""

from typing import Any

from agents.runtime.scripted import Call, Final, Say, ScriptState, scripted
from orchestrator.samples.scripts.casework_findings import SUSPICIOUS_FROM, look, suspicion
from orchestrator.samples.scripts.cautious import cut, wary
from orchestrator.samples.scripts.claim_findings import ZERO, Finding
from orchestrator.samples.scripts.told import part, said, sentence, told

Json = dict[str, Any]
SIGNED = "\n\nKind regards\nNorrland Group, claims"
READING = (
    ("get_claim", "claim_id", "id", "I begin with the claim itself."),
    ("get_policy", "policy_id", "policy_id", "Was the damage covered that day?"),
    ("list_claim_documents", "claim_id", "id", "Next, the papers."),
)


@scripted("casework-intake")
def intake(state: ScriptState) -> Say:
    """Read claim, policy and papers, and say what is to be done."""
    claim: Json = {"id": said(state, "claim_id")}
    for tool, argument, field, why in READING:
        answer = told(state, tool)
        if answer is None:
            return Call(tool, {argument: claim[field]}, reasoning=why)
        if not answer.done:
            return _looked({}, Finding("decline", reason=answer.words), "unknown")
        claim = answer.result if tool == "get_claim" else claim
    policy, papers = (told(state, tool) for tool in ("get_policy", "list_claim_documents"))
    assert policy and papers
    found = look(claim, policy.result, papers.result)
    note = wary("A paper", *(paper["summary"] for paper in papers.result["documents"]))
    decision = {"pay": "settle", "ask": "ask", "decline": "decline"}[found.verdict]
    return _looked(claim, found, decision, note)


def _looked(claim: Json, found: Finding, decision: str, note: str = "") -> Final:
    account: Json = next(iter(claim.get("accounts", [])), {})
    output = {
        "decision": decision,
        "amount": str(found.amount if found.amount > ZERO else ZERO),
        "missing": list(found.missing),
        "reason": cut(found.reason or found.thought, 500),
        "customer_id": claim.get("customer_id", ""),
        "customer_name": claim.get("customer_name", ""),
        "customer_email": claim.get("customer_email", ""),
        "payee_name": account.get("holder", ""),
        "payee_account": account.get("iban", ""),
    }
    return Final(output, reasoning=f"{note}{found.thought or found.reason}")


@scripted("casework-fraud")
def fraud(state: ScriptState) -> Say:
    """Add up the signs of fraud; with signs, look at how the customer signed in as well."""
    signals, log = told(state, "fraud_indicators"), told(state, "sign_in_log")
    if signals is None:
        return Call("fraud_indicators", claim_id=said(state, "claim_id"), reasoning="What does the bureau have on it?")
    found = signals.result.get("signals", [])
    if found and log is None:
        why = "There are signs, so I also look at how the customer signed in."
        return Call("sign_in_log", customer_id=said(state, "customer_id"), reasoning=why)
    if not signals.done:
        words = f"The signs could not be read. {sentence(signals.words)}"
        return _checked(True, 0, [words], "Without them I do not call it clean.")
    points, signs = suspicion(found)
    times = len(log.result.get("sign_ins", [])) if log else 0
    seen = f" The log has {times} sign-ins." if log else ""
    return _checked(points >= SUSPICIOUS_FROM, points, signs, f"{points} points of {SUSPICIOUS_FROM}.{seen}")


def _checked(suspicious: bool, points: int, signs: list[str], thought: str) -> Final:
    summary = cut(" ".join(signs) or "No signs of fraud.", 1500)
    output = {"suspicious": suspicious, "points": points, "signs": signs, "summary": summary}
    return Final(output, reasoning=thought)


@scripted("casework-contact")
def contact(state: ScriptState) -> Say:
    """Write to the customer: for papers, or with the result."""
    if said(state, "purpose") == "ask for papers":
        return _ask(state)
    return _letter(state)


def _ask(state: ScriptState) -> Say:
    claim, answer = part(state, "claim"), told(state, "request_documents")
    kinds = [str(kind) for kind in claim.get("missing", [])]
    papers = " and the ".join(kinds)
    if answer is None:
        message = (
            f"Dear {claim.get('customer_name')},\n\nTo settle your claim we still need the {papers}, as a file in which"
            f" the total in euros can be read. You can upload it in the portal.{SIGNED}"
        )
        asked = {"claim_id": said(state, "claim_id"), "kinds": kinds, "message": message}
        return Call("request_documents", asked, reasoning=f"The {papers} is missing, so I ask for it.")
    outcome = f"Asked for: {papers}." if answer.done else f"It was not asked for. {sentence(answer.words)}"
    return Final({"asked": answer.done, "request_id": answer.value("request_id"), "summary": outcome})


def _letter(state: ScriptState) -> Final:
    claim, number = part(state, "claim"), said(state, "claim_id")
    paid = said(state, "paid") or said(state, "paid_after_review")
    if paid:
        outcome, body = "paid", f"we have paid {paid} EUR for your claim to your account."
    elif said(state, "verdict") == "fraud":
        outcome, body = "refused", "we cannot pay anything for your claim. You may ask us to look at it again."
    else:
        reason = sentence(str(claim.get("reason") or ""))
        outcome, body = (
            "declined",
            f"we cannot pay anything for your claim. {reason} You may ask us to look at it again.",
        )
    text = f"Dear {claim.get('customer_name')},\n\n{body[:1].upper()}{body[1:]}{SIGNED}"
    letter = {"to": claim.get("customer_email", ""), "subject": f"Your claim {number}", "body": text}
    return Final({"outcome": outcome, "letter": letter}, reasoning=f"The claim is {outcome}, and the customer is told.")
