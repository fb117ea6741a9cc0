"""What is in the books on the first day, in chapters: one for each part of the business.

Generated from a fixed seed. Dates count back from the opening day, so that "changed two days ago" is true for whoever
starts the sample company, whenever that is.
"""

from collections.abc import Callable
from datetime import date

from orchestrator.samples.company.seed.casework import casework
from orchestrator.samples.company.seed.claims import write_claims
from orchestrator.samples.company.seed.customers import write_customers
from orchestrator.samples.company.seed.editorial import editorial
from orchestrator.samples.company.seed.legal import legal
from orchestrator.samples.company.seed.orders import write_orders
from orchestrator.samples.company.seed.pen import Pen, Row
from orchestrator.samples.company.seed.sales import sales

TABLES = (
    "customers",
    "payout_accounts",
    "sign_ins",
    "orders",
    "order_lines",
    "payments",
    "refunds",
    "policies",
    "claims",
    "claim_documents",
    "payouts",
)


def books(today: date) -> dict[str, list[Row]]:
    """The rows of every table of the shop, in an order that keeps references whole."""
    pen = written(today)
    return {table: pen.tables[table] for table in TABLES}


def written(today: date) -> Pen:
    """The pen after the shop is written; it also knows what is going on with each order and claim."""
    pen = Pen(today)
    write_customers(pen)
    write_orders(pen)
    write_claims(pen)
    return pen


CHAPTERS: dict[str, Callable[[date], dict[str, list[Row]]]] = {
    "shop": books,
    "sales": sales,
    "legal": legal,
    "casework": casework,
    "editorial": editorial,
}
"""The chapters in the order of their writing, which is never changed: a file is as old as its last chapter."""
