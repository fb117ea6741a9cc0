"""The legal desk: a contract is read for its terms, its clauses and its price before somebody signs it."""

from agents.states import Reversibility
from orchestrator.samples.areas.area import ALLOWED, Area, desk, thinker
from orchestrator.samples.company.seed.legal import EVERYDAY, FIRST_EVERYDAY
from orchestrator.samples.contracts import reads, writes
from orchestrator.samples.people import LEGAL
from orchestrator.samples.setup import Case

WORKFLOW = "contract-review"

AGENTS = (
    thinker("contract-terms", "Terms reader", "Reads the commercial terms of contracts.", "get_contract"),
    thinker(
        "contract-clauses",
        "Clause checker",
        "Holds the clauses of contracts against laws and policies.",
        "get_contract",
        "clause_rules",
    ),
    thinker(
        "contract-price",
        "Benchmark analyst",
        "Compares the price of contracts with what others pay.",
        "get_contract",
        "price_benchmark",
    ),
    thinker(
        "contract-merger",
        "Report merger",
        "Makes one report out of the parts of a contract review.",
        "store_review_report",
    ),
    desk(
        "contract-desk",
        "Contract desk",
        "Sends contracts where the lawyers want them.",
        {
            "send_to_signatory": ALLOWED,
            "recall_from_signatory": ALLOWED,
            "return_contract": ALLOWED,
            "send_mail": ALLOWED,
        },
    ),
)

CONTRACTS = {
    "get_contract": reads("Read contract {contract_id}"),
    "price_benchmark": reads("Look up what others pay for {kind} in {currency}"),
    "clause_rules": reads("Read the rules for the clauses of {kind}"),
    "store_review_report": writes(
        "Store a report on contract {contract_id}: {verdict}, {issues|count:issue}",
        "Report on contract {contract_id}",
        Reversibility.REVERSIBLE,
        "A later report replaces it.",
    ),
    "send_to_signatory": writes(
        "Send contract {contract_id} with report {report_id} to the person who signs for Norrland",
        "Send contract {contract_id} for signature",
        Reversibility.COMPENSABLE,
        "recall_from_signatory takes it back as long as it is not signed.",
    ),
    "recall_from_signatory": writes(
        "Recall sending {sending_id} from the signatory, because {reason|quoted}",
        "Recall sending {sending_id}",
        Reversibility.REVERSIBLE,
        "send_to_signatory sends it again.",
    ),
    "return_contract": writes(
        "Return contract {contract_id} to the other side: {reason|quoted}",
        "Return contract {contract_id}",
        Reversibility.COMPENSABLE,
        "The other side has read what has to change. The contract can be taken up again.",
    ),
}

AREA = Area(
    workflow=WORKFLOW,
    team=LEGAL,
    agents=AGENTS,
    contracts=CONTRACTS,
    cases=tuple(Case(WORKFLOW, {"contract_id": f"CT-{FIRST_EVERYDAY + place}"}) for place in range(EVERYDAY)),
)
