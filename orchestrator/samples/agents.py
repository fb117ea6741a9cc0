"""The agents of Norrland Group: what each is told, and what it may do with the company's tools."""

from pathlib import Path

from agents.states import GrantEffect
from orchestrator.samples.people import CARE, CLAIMS
from orchestrator.samples.setup import SampleAgent

TEXTS = Path(__file__).with_name("instructions")
ALLOWED, REVIEW = GrantEffect.ALLOWED, GrantEffect.REVIEW
TEAM_OF_AGENT = {"support": CARE, "claims": CLAIMS}


def _instructions(*names: str) -> str:
    return "\n\n".join((TEXTS / f"{name}.md").read_text(encoding="utf-8").strip() for name in names)


AGENTS = (
    SampleAgent(
        name="support",
        title="Support agent",
        description="Answers customers who want money back, and proposes refunds.",
        instructions=_instructions("support", "house"),
        model="scripted:support-refund",
        grants={
            "find_customer": ALLOWED,
            "get_order": ALLOWED,
            "list_payments": ALLOWED,
            "refund_order": REVIEW,
            "send_mail": ALLOWED,
        },
    ),
    SampleAgent(
        name="claims",
        title="Claims agent",
        description="Settles insurance claims: checks cover and papers, and proposes payouts.",
        instructions=_instructions("claims", "house"),
        model="scripted:claims-payout",
        grants={
            "get_claim": ALLOWED,
            "get_policy": ALLOWED,
            "list_claim_documents": ALLOWED,
            "sign_in_log": ALLOWED,
            "pay_claim": REVIEW,
            "set_claim_status": ALLOWED,
            "send_mail": REVIEW,
        },
    ),
)
