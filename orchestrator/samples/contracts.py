"""How an admin of Norrland Group has classified the company's tools: what no server may say about itself."""

from agents.states import Effect, Idempotency, Reversibility
from agents.values import Classification


def reads(sentence: str) -> Classification:
    """A tool that changes nothing."""
    return Classification(
        effect=Effect.READ,
        reversibility=Reversibility.REVERSIBLE,
        idempotency=Idempotency.BY_KEY,
        sentence=sentence,
        short_sentence=sentence,
    )


def writes(sentence: str, short: str, reversibility: Reversibility, undo: str, amount: str = "") -> Classification:
    """A tool that changes something. `undo` says how it is made good; `amount` names an argument in euros."""
    return Classification(
        effect=Effect.WRITE,
        reversibility=reversibility,
        undo_note=undo,
        idempotency=Idempotency.BY_KEY,
        sentence=sentence,
        short_sentence=short,
        amount_argument=amount,
        currency="EUR" if amount else "",
    )


CONTRACTS = {
    "find_customer": reads("Look for the customer {query}"),
    "get_order": reads("Read order {order_id}"),
    "list_payments": reads("List the payments of order {order_id}"),
    "sign_in_log": reads("Read the sign-in log of customer {customer_id}"),
    "get_claim": reads("Read claim {claim_id}"),
    "get_policy": reads("Read policy {policy_id}"),
    "list_claim_documents": reads("List the documents of claim {claim_id}"),
    "list_outbox": reads("List mail that was sent"),
    "refund_order": writes(
        "Refund {amount|money:{currency}} to the customer of order {order_id}",
        "Refund order {order_id}",
        Reversibility.COMPENSABLE,
        "The money cannot be pulled back. The customer can be asked to pay it again.",
        amount="amount",
    ),
    "pay_claim": writes(
        "Pay {amount|money:EUR} to {payee_name}, account {payee_account}, to settle claim {claim_id}",
        "Pay {payee_name}, claim {claim_id}",
        Reversibility.IRREVERSIBLE,
        "A SEPA payment cannot be recalled.",
        amount="amount",
    ),
    "set_claim_status": writes(
        "Set the status of claim {claim_id} to {status|quoted}",
        "Set claim {claim_id} to {status}",
        Reversibility.REVERSIBLE,
        "Set the status back to what it was.",
    ),
    "send_mail": writes(
        "Send the mail {subject|quoted} to {to}",
        "Mail to {to}: {subject}",
        Reversibility.IRREVERSIBLE,
        "A mail cannot be taken back.",
    ),
}
