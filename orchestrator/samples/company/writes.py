"""What the tools change. Each function runs inside the caller's write transaction or refuses in a sentence."""

import sqlite3

from orchestrator.samples.company import reads, shapes
from orchestrator.samples.company.casework.desk import refuse_under_investigation
from orchestrator.samples.company.clock import now
from orchestrator.samples.company.money import CURRENCY, to_cents, to_text
from orchestrator.samples.company.rows import Refused, next_id


def refund_order(books: sqlite3.Connection, asked: shapes.RefundOrder) -> shapes.RefundMade:
    """Pay money back to the card or account an order was paid with; never more than was paid."""
    order = reads.get_order(books, shapes.ByOrder(order_id=asked.order_id))
    cents, left = to_cents(asked.amount), to_cents(order.refundable)
    if asked.currency != CURRENCY:
        raise Refused(f"Order {order.id} was paid in {CURRENCY}, so it cannot be refunded in {asked.currency}.")
    if cents == 0:
        raise Refused("A refund has to be more than 0.00.")
    if cents > left:
        raise Refused(
            f"Order {order.id} was paid {order.paid} {CURRENCY} and {order.refunded} {CURRENCY} of it is refunded,"
            f" so at most {order.refundable} {CURRENCY} can be refunded; {asked.amount} {CURRENCY} was asked for."
        )
    refund, at = next_id(books, "refunds", "R-"), now()
    books.execute(
        "INSERT INTO refunds (id, order_id, at, amount_cents, reason, made_by) VALUES (?, ?, ?, ?, ?, ?)",
        [refund, order.id, at, cents, asked.reason, "refund_order"],
    )
    return shapes.RefundMade(
        refund_id=refund,
        order_id=order.id,
        amount=asked.amount,
        currency=CURRENCY,
        refunded=to_text(to_cents(order.refunded) + cents),
        refundable=to_text(left - cents),
        at=at,
    )


def pay_claim(books: sqlite3.Connection, asked: shapes.PayClaim) -> shapes.ClaimPaid:
    """Pay a claim to an account registered for its customer, up to what the policy covers. Cannot be recalled."""
    claim = reads.get_claim(books, shapes.ByClaim(claim_id=asked.claim_id))
    policy = reads.get_policy(books, shapes.ByPolicy(policy_id=claim.policy_id))
    _check_payable(claim, asked)
    refuse_under_investigation(books, claim.id)
    cents, left = to_cents(asked.amount), to_cents(policy.limit) - to_cents(claim.paid)
    if cents == 0:
        raise Refused("A payout has to be more than 0.00.")
    if cents > left:
        raise Refused(
            f"Policy {policy.id} covers up to {policy.limit} {CURRENCY} and {claim.paid} {CURRENCY} of it is paid on"
            f" claim {claim.id}, so at most {to_text(left)} {CURRENCY} can be paid; {asked.amount} {CURRENCY} was"
            " asked for."
        )
    payout, at = next_id(books, "payouts", "PO-"), now()
    books.execute(
        "INSERT INTO payouts (id, claim_id, at, amount_cents, payee_account, remittance_text)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [payout, claim.id, at, cents, asked.payee_account, asked.remittance_text],
    )
    return shapes.ClaimPaid(
        payout_id=payout,
        claim_id=claim.id,
        amount=asked.amount,
        currency=CURRENCY,
        payee_name=asked.payee_name,
        payee_account=asked.payee_account,
        remittance_text=asked.remittance_text,
        at=at,
    )


def set_claim_status(books: sqlite3.Connection, asked: shapes.SetClaimStatus) -> shapes.StatusSet:
    """Set where a claim stands. "paid" is only true once something was paid; a closed claim stays closed."""
    claim = reads.get_claim(books, shapes.ByClaim(claim_id=asked.claim_id))
    if claim.status == "closed" and asked.status != "closed":
        raise Refused(f"Claim {claim.id} is closed and stays closed.")
    if asked.status == "paid" and not claim.payouts:
        raise Refused(f"Nothing has been paid on claim {claim.id}, so its status cannot be paid.")
    note = "\n".join(filter(None, [claim.note, asked.note]))
    books.execute("UPDATE claims SET status = ?, note = ? WHERE id = ?", [asked.status, note, claim.id])
    return shapes.StatusSet.model_validate({"claim_id": claim.id, "status": asked.status, "previous": claim.status})


def send_mail(books: sqlite3.Connection, asked: shapes.SendMail) -> shapes.MailSent:
    """Put a mail into the outbox, from where it leaves at once."""
    mail, at = next_id(books, "outbox", "M-"), now()
    books.execute(
        "INSERT INTO outbox (id, at, recipient, subject, body) VALUES (?, ?, ?, ?, ?)",
        [mail, at, asked.to, asked.subject, asked.body],
    )
    return shapes.MailSent(mail_id=mail, to=asked.to, subject=asked.subject, at=at)


def _check_payable(claim: shapes.Claim, asked: shapes.PayClaim) -> None:
    """The payee is verified as banks do for SEPA payments: name and account must belong together."""
    if claim.status in ("paid", "declined", "closed"):
        raise Refused(f"Claim {claim.id} is {claim.status}, so nothing more is paid on it.")
    holder = next((account.holder for account in claim.accounts if account.iban == asked.payee_account), None)
    if holder is None:
        raise Refused(
            f"Account {asked.payee_account} is not registered for {claim.customer_name}, whose claim {claim.id} is."
        )
    if asked.payee_name != holder:
        raise Refused(f"Account {asked.payee_account} is held by {holder}, not by {asked.payee_name}.")
