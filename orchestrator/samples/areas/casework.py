"""Claims that come in by themselves: settled, asked about, investigated, or declined."""

from agents.states import Reversibility
from orchestrator.samples.areas.area import ALLOWED, REVIEW, Area, desk, thinker
from orchestrator.samples.company.seed.casework import EVERYDAY, FIRST_EVERYDAY
from orchestrator.samples.contracts import reads, writes
from orchestrator.samples.people import CLAIMS
from orchestrator.samples.setup import Case

WORKFLOW = "insurance-claim"

AGENTS = (
    thinker(
        "casework-intake",
        "Claims intake",
        "Looks at claims first: cover, papers, and what is to be paid.",
        "get_claim",
        "get_policy",
        "list_claim_documents",
    ),
    thinker("casework-contact", "Contact agent", "Writes to customers about their claims.", "request_documents"),
    thinker(
        "casework-fraud",
        "Fraud checker",
        "Looks for signs of fraud on claims.",
        "fraud_indicators",
        "sign_in_log",
    ),
    desk(
        "casework-desk",
        "Claims desk",
        "Files, pays small claims and writes what the claims workflow has decided.",
        {
            "file_documents": ALLOWED,
            "hand_to_investigations": ALLOWED,
            "close_investigation": ALLOWED,
            "pay_claim": ALLOWED,
            "set_claim_status": ALLOWED,
            "send_mail": ALLOWED,
        },
    ),
    desk("casework-cashier", "Claims cashier", "Pays large claims once a person has agreed.", {"pay_claim": REVIEW}),
)

CONTRACTS = {
    "fraud_indicators": reads("Read the signs of fraud on claim {claim_id}"),
    "request_documents": writes(
        "Ask the customer of claim {claim_id} for {kinds|count:paper}",
        "Ask for papers, claim {claim_id}",
        Reversibility.IRREVERSIBLE,
        "A mail cannot be taken back.",
    ),
    "file_documents": writes(
        "Put {documents|count:paper} on the file of claim {claim_id}",
        "File papers, claim {claim_id}",
        Reversibility.REVERSIBLE,
        "They can be taken off the file.",
    ),
    "hand_to_investigations": writes(
        "Have claim {claim_id} investigated: {reason|quoted}",
        "Investigate claim {claim_id}",
        Reversibility.COMPENSABLE,
        "close_investigation takes it back.",
    ),
    "close_investigation": writes(
        "Close investigation {investigation_id}: {finding}",
        "Close investigation {investigation_id}",
        Reversibility.COMPENSABLE,
        "hand_to_investigations opens another one.",
    ),
}

AREA = Area(
    workflow=WORKFLOW,
    team=CLAIMS,
    agents=AGENTS,
    contracts=CONTRACTS,
    cases=tuple(Case(WORKFLOW, {"claim_id": f"IC-{FIRST_EVERYDAY + place}"}) for place in range(EVERYDAY)),
)
