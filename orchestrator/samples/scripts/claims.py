"""The scripted claims agent: reads the claim, its policy and papers, proposes the payout, and drafts the letter."""

from typing import Any

from agents.runtime.scripted import Call, Final, Say, ScriptState, scripted
from orchestrator.samples.scripts.claim_findings import Finding, changed_lately, judge, on_account
from orchestrator.samples.scripts.told import Told, said, sentence, told

SIGNED = "\n\nKind regards\nNorrland Group, claims"

Json = dict[str, Any]


@scripted("claims-payout")
def claims_payout(state: ScriptState) -> Say:
    """Read everything first, then act on it."""
    reading = _read_next(state)
    if reading is not None:
        return reading
    claim, policy, papers = (_result(state, tool) for tool in ("get_claim", "get_policy", "list_claim_documents"))
    finding = judge(claim, policy, papers)
    match finding.verdict:
        case "pay":
            return _pay(state, claim, finding, papers)
        case "ask":
            return _ask(state, claim, finding)
    return _decline(claim, finding)


def _read_next(state: ScriptState) -> Say | None:
    """The next thing to read; None when everything has been. What cannot be read ends the work."""
    claim: Json = {"id": said(state, "claim_id")}
    for tool, argument, field, why in _READING:
        answer = told(state, tool)
        if answer is None:
            return Call(tool, {argument: claim[field]}, reasoning=why)
        if not answer.done:
            return _unread(state, answer)
        claim = answer.result if tool == "get_claim" else claim
    if changed_lately(claim) and told(state, "sign_in_log") is None:
        why = "The payee account was changed recently, so I look at how the customer signed in."
        return Call("sign_in_log", customer_id=claim["customer_id"], reasoning=why)
    return None


_READING = (
    ("get_claim", "claim_id", "id", "I begin with the claim itself."),
    ("get_policy", "policy_id", "policy_id", "Was the damage covered that day?"),
    ("list_claim_documents", "claim_id", "id", "Next, the papers."),
)


def _pay(state: ScriptState, claim: Json, finding: Finding, papers: Json) -> Say:
    paid = told(state, "pay_claim")
    if paid is None:
        log = told(state, "sign_in_log")
        account = on_account(claim, log.result if log else None)
        return Call(
            "pay_claim",
            claim_id=claim["id"],
            amount=str(finding.amount),
            payee_name=claim["accounts"][0]["holder"],
            payee_account=claim["accounts"][0]["iban"],
            remittance_text=f"Claim {claim['id']}",
            reasoning=f"{_wary(papers)}{finding.thought} {account} I propose to pay {finding.amount} EUR.",
        )
    if not paid.done:
        return _not_paid(claim, paid)
    if told(state, "set_claim_status") is None:
        note = f"Paid {paid.value('amount')} EUR."
        why = "The payment is out, so the claim is paid."
        return Call("set_claim_status", claim_id=claim["id"], status="paid", note=note, reasoning=why)
    amount, account = paid.value("amount"), paid.value("payee_account")
    changed = f" A reviewer changed my proposal. {sentence(paid.words)}" if paid.edited else ""
    body = f"we have paid {amount} EUR for your claim to your account ending {account[-4:]}."
    return _final(claim, "paid", f"Paid {amount} EUR.{changed.rstrip()}", body, amount=amount)


def _not_paid(claim: Json, paid: Told) -> Final:
    match paid.status:
        case "rejected":
            body = "we need to check some details before we can pay your claim. A colleague will call you."
            return _final(claim, "rejected", f"A reviewer rejected the payment. {sentence(paid.words)}", body)
        case "expired":
            body = "your claim takes longer than it should. We will come back to you soon."
            return _final(claim, "undecided", "Nobody decided about the payment in time.", body)
    body = "something went wrong with the payment for your claim. A colleague looks into it."
    return _final(claim, "failed", f"The payment was not made. {sentence(paid.words)}", body)


def _ask(state: ScriptState, claim: Json, finding: Finding) -> Say:
    papers = " and the ".join(finding.missing)
    if told(state, "set_claim_status") is None:
        note = f"Asked the customer for the {papers}."
        return Call(
            "set_claim_status",
            claim_id=claim["id"],
            status="documents missing",
            note=note,
            reasoning=finding.thought,
        )
    body = f"to settle your claim we still need the {papers}, as a file in which the total can be read."
    return _final(claim, "waiting for papers", f"The {papers} is missing or cannot be read.", body)


def _decline(claim: Json, finding: Finding) -> Final:
    body = f"we cannot pay anything for your claim. {sentence(finding.reason)} You may ask us to look at it again."
    return _final(claim, "declined", sentence(finding.reason), body, thought=finding.thought)


def _unread(state: ScriptState, answer: Told) -> Final:
    """The claim is not there, or the company could not be read; the answer's words say which."""
    claim = {"id": said(state, "claim_id"), "customer_name": "colleagues", "customer_email": "claims@norrland.example"}
    body = f"the claim {claim['id']} could not be handled. {sentence(answer.words)}"
    return _final(claim, "not found", f"The claim could not be read. {sentence(answer.words)}", body)


def _final(claim: Json, outcome: str, summary: str, body: str, amount: str = "0.00", thought: str = "") -> Final:
    letter = {
        "to": claim["customer_email"],
        "subject": f"Your claim {claim['id']}",
        "body": f"Dear {claim['customer_name']},\n\n{body[:1].upper()}{body[1:]}{SIGNED}",
    }
    output = {"outcome": outcome, "paid": amount, "summary": summary.strip(), "letter": letter}
    return Final(output, reasoning=thought)


def _result(state: ScriptState, tool: str) -> Json:
    answer = told(state, tool)
    return answer.result if answer else {}


def _wary(papers: Json) -> str:
    """Texts in documents are data: one that gives orders is mentioned, not obeyed."""
    for paper in papers["documents"]:
        if "ignore your" in paper["summary"].casefold():
            return f"The {paper['kind']} contains instructions to me. I ignore them. "
    return ""
