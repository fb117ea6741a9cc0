"""What the company's tools read. The SQL names its columns as the answer's shape does; nothing here changes a row."""

import sqlite3

from orchestrator.samples.company import shapes
from orchestrator.samples.company.money import CURRENCY
from orchestrator.samples.company.rows import all_rows, one_row

FOUND_AT_MOST = 10


def find_customer(books: sqlite3.Connection, asked: shapes.FindCustomer) -> shapes.Customers:
    """The customers whose number or address is the query, or whose name contains it."""
    found = all_rows(
        books,
        "SELECT * FROM customers WHERE id = :q OR fold(email) = fold(:q) OR instr(fold(name), fold(:q))"
        " ORDER BY id = :q DESC, name LIMIT :most",
        {"q": asked.query.strip(), "most": FOUND_AT_MOST + 1},
    )
    for customer in found:
        customer["order_ids"] = _ids(books, "orders", customer["id"], "placed_on")
        customer["claim_ids"] = _ids(books, "claims", customer["id"], "reported_on")
    return shapes.Customers.model_validate({"customers": found[:FOUND_AT_MOST], "more": len(found) > FOUND_AT_MOST})


def get_order(books: sqlite3.Connection, asked: shapes.ByOrder) -> shapes.Order:
    """An order with its lines and what was paid and refunded."""
    order = one_row(
        books,
        "SELECT o.id, customer_id, c.name AS customer_name, email AS customer_email, status, placed_on, promised_on,"
        " delivered_on, delivery_address, shipping_cents AS shipping, total_cents AS total, o.note"
        " FROM orders o JOIN customers c ON c.id = customer_id WHERE o.id = :id",
        "order",
        asked.order_id,
    )
    order["lines"] = all_rows(
        books,
        "SELECT line, sku, title, quantity, unit_cents AS unit_price, returned FROM order_lines"
        " WHERE order_id = :id ORDER BY line",
        order,
    )
    paid, refunded = paid_and_refunded(books, order["id"])
    sums = {"paid": paid, "refunded": refunded, "refundable": paid - refunded, "currency": CURRENCY}
    return shapes.Order.model_validate(order | sums)


def list_payments(books: sqlite3.Connection, asked: shapes.ByOrder) -> shapes.Payments:
    """Every payment and refund of an order, failed attempts included."""
    order = one_row(books, "SELECT id AS order_id FROM orders WHERE id = :id", "order", asked.order_id)
    order["payments"] = all_rows(
        books,
        "SELECT id, at, method, amount_cents AS amount, state FROM payments WHERE order_id = :order_id ORDER BY at, id",
        order,
    )
    order["refunds"] = all_rows(
        books,
        "SELECT id, at, amount_cents AS amount, reason, made_by FROM refunds"
        " WHERE order_id = :order_id ORDER BY at, id",
        order,
    )
    paid, refunded = paid_and_refunded(books, order["order_id"])
    return shapes.Payments.model_validate(order | {"paid": paid, "refunded": refunded, "currency": CURRENCY})


def sign_in_log(books: sqlite3.Connection, asked: shapes.ByCustomer) -> shapes.SignInLog:
    """How and from where a customer signed in to the portal, newest first."""
    log = one_row(books, "SELECT id AS customer_id FROM customers WHERE id = :id", "customer", asked.customer_id)
    log["sign_ins"] = all_rows(
        books,
        "SELECT at, method, device, country FROM sign_ins WHERE customer_id = :customer_id ORDER BY at DESC",
        log,
    )
    return shapes.SignInLog.model_validate(log)


def get_claim(books: sqlite3.Connection, asked: shapes.ByClaim) -> shapes.Claim:
    """A claim with earlier payouts and the accounts its customer may be paid to, the latest first."""
    claim = one_row(
        books,
        "SELECT k.id, policy_id, customer_id, c.name AS customer_name, email AS customer_email, status, occurred_on,"
        " reported_on, description, claimed_cents AS claimed, estimate_cents AS estimate, k.note"
        " FROM claims k JOIN customers c ON c.id = customer_id WHERE k.id = :id",
        "claim",
        asked.claim_id,
    )
    claim["payouts"] = all_rows(
        books,
        "SELECT id, at, amount_cents AS amount, payee_account, remittance_text FROM payouts"
        " WHERE claim_id = :id ORDER BY at, id",
        claim,
    )
    claim["accounts"] = all_rows(
        books,
        "SELECT id, iban, holder, added_on, replaced_on, added_through FROM payout_accounts"
        " WHERE customer_id = :customer_id ORDER BY added_on DESC, id",
        claim,
    )
    claim["paid"] = sum(payout["amount"] for payout in claim["payouts"])
    return shapes.Claim.model_validate(claim | {"currency": CURRENCY})


def get_policy(books: sqlite3.Connection, asked: shapes.ByPolicy) -> shapes.Policy:
    """A policy: what it covers, from when to when, up to what, less what."""
    policy = one_row(
        books,
        'SELECT id, customer_id, kind, object, starts_on, ends_on, limit_cents AS "limit",'
        " deductible_cents AS deductible FROM policies WHERE id = :id",
        "policy",
        asked.policy_id,
    )
    claims = all_rows(books, "SELECT id FROM claims WHERE policy_id = :id ORDER BY reported_on, id", policy)
    return shapes.Policy.model_validate(policy | {"claim_ids": [claim["id"] for claim in claims], "currency": CURRENCY})


def list_claim_documents(books: sqlite3.Connection, asked: shapes.ByClaim) -> shapes.Documents:
    """The documents of a claim, also those still missing."""
    claim = one_row(books, "SELECT id AS claim_id FROM claims WHERE id = :id", "claim", asked.claim_id)
    claim["documents"] = all_rows(
        books,
        "SELECT id, kind, filename, state, received_on, amount_cents AS amount, summary FROM claim_documents"
        " WHERE claim_id = :claim_id ORDER BY id",
        claim,
    )
    return shapes.Documents.model_validate(claim)


def list_outbox(books: sqlite3.Connection, asked: shapes.ListOutbox) -> shapes.Outbox:
    """Mail that was sent, newest first."""
    mails = all_rows(
        books,
        "SELECT id, at, recipient AS \"to\", subject, body FROM outbox WHERE :to = '' OR fold(recipient) = fold(:to)"
        " ORDER BY at DESC, rowid DESC LIMIT :limit",
        asked.model_dump(),
    )
    return shapes.Outbox.model_validate({"mails": mails})


def paid_and_refunded(books: sqlite3.Connection, order_id: str) -> tuple[int, int]:
    """Cents captured and cents refunded on an order."""
    paid, refunded = books.execute(
        "SELECT (SELECT coalesce(sum(amount_cents), 0) FROM payments WHERE order_id = :id AND state = 'captured'),"
        " (SELECT coalesce(sum(amount_cents), 0) FROM refunds WHERE order_id = :id)",
        {"id": order_id},
    ).fetchone()
    return int(paid), int(refunded)


def _ids(books: sqlite3.Connection, table: str, customer_id: str, newest_by: str) -> list[str]:
    sql = f"SELECT id FROM {table} WHERE customer_id = ? ORDER BY {newest_by} DESC, id"  # noqa: S608 (our own names)
    return [row["id"] for row in books.execute(sql, [customer_id])]
