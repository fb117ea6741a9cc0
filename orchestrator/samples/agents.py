"""The agents of Norrland Group: what each is told, whom it acts for, and what it may do with the company's tools."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from agents.states import GrantEffect
from agents.values import Brief
from orchestrator.samples.people import CARE, CLAIMS

TEXTS = Path(__file__).with_name("instructions")
ALLOWED, REVIEW = GrantEffect.ALLOWED, GrantEffect.REVIEW


@dataclass(frozen=True)
class SampleAgent:
    """One agent. It acts for `team`, which also reviews; `script` is its model unless HOLDSHORT_MODEL names one."""

    name: str
    title: str
    description: str
    team: str
    script: str
    grants: dict[str, GrantEffect]

    @property
    def scripted(self) -> str:
        """The model string of its script."""
        return f"scripted:{self.script}"

    def brief(self) -> Brief:
        """What it is told, and its model: the script, or the real one that whoever runs this has chosen."""
        texts = [(TEXTS / f"{name}.md").read_text(encoding="utf-8").strip() for name in (self.name, "house")]
        return Brief(instructions="\n\n".join(texts), model=settings.HOLDSHORT_MODEL or self.scripted)


AGENTS = (
    SampleAgent(
        name="support",
        title="Support agent",
        description="Answers customers who want money back, and proposes refunds.",
        team=CARE,
        script="support-refund",
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
        team=CLAIMS,
        script="claims-payout",
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
