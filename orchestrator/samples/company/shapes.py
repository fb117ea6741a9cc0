"""What the tools take and what they answer, as closed pydantic models: the source of every published JSON Schema."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.samples.company.money import CURRENCY, Amount, Money

ClaimStatus = Literal["reported", "documents missing", "estimate approved", "paid", "declined", "closed"]
OrderId = Annotated[
    str, Field(title="Order", min_length=1, max_length=40, description="Order number.", examples=["88-10392"])
]
ClaimId = Annotated[
    str, Field(title="Claim", min_length=1, max_length=40, description="Claim number.", examples=["MC-20417"])
]
PolicyId = Annotated[
    str, Field(title="Policy", min_length=1, max_length=40, description="Policy number.", examples=["P-778120-M"])
]
CustomerId = Annotated[
    str, Field(title="Customer", min_length=1, max_length=40, description="Customer number.", examples=["KM-778120"])
]


class Shape(BaseModel):
    """A closed object: a field that is not named here is refused, in both directions."""

    model_config = ConfigDict(extra="forbid")


# What the tools take.


class FindCustomer(Shape):
    query: str = Field(
        min_length=2, max_length=200, description="Customer number, e-mail address, or part of the name."
    )


class ByOrder(Shape):
    order_id: OrderId


class ByCustomer(Shape):
    customer_id: CustomerId


class ByClaim(Shape):
    claim_id: ClaimId


class ByPolicy(Shape):
    policy_id: PolicyId


class ListOutbox(Shape):
    to: str = Field(default="", max_length=254, description="Only mail to this address. Empty means all.")
    limit: int = Field(default=20, ge=1, le=100, description="How many, newest first.")


class RefundOrder(Shape):
    order_id: OrderId
    amount: Amount
    currency: str = Field(
        pattern="^[A-Z]{3}$", max_length=3, description="ISO 4217 code. Norrland keeps EUR.", examples=[CURRENCY]
    )
    reason: str = Field(min_length=3, max_length=500, description="Why, in words the customer may read.")


class PayClaim(Shape):
    claim_id: ClaimId
    amount: Amount
    payee_name: str = Field(
        title="Payee", min_length=1, max_length=140, description="Must be the holder of the account, as registered."
    )
    payee_account: str = Field(
        title="Payee account",
        pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$",
        max_length=34,
        description="IBAN without spaces, registered for the customer.",
    )
    remittance_text: str = Field(
        title="Remittance text",
        min_length=3,
        max_length=140,
        description="What the payee reads on the statement (SEPA: 140 characters).",
    )


class SetClaimStatus(Shape):
    claim_id: ClaimId
    status: ClaimStatus
    note: str = Field(default="", max_length=500, description="Why, for the colleagues.")


class SendMail(Shape):
    to: str = Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="One e-mail address.")
    subject: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=10_000, description="Plain text.")


# What they answer.


class Customer(Shape):
    id: str
    name: str
    email: str
    phone: str
    city: str
    country: str
    customer_since: str
    note: str
    order_ids: list[str]
    claim_ids: list[str]


class Customers(Shape):
    customers: list[Customer]
    more: bool = Field(description="True when there were more than the ten given.")


class OrderLine(Shape):
    line: int
    sku: str
    title: str
    quantity: int
    unit_price: Money
    returned: int = Field(description="How many of them came back to the warehouse.")


class Order(Shape):
    id: str
    customer_id: str
    customer_name: str
    customer_email: str
    status: str
    placed_on: str
    promised_on: str
    delivered_on: str | None
    delivery_address: str
    lines: list[OrderLine]
    shipping: Money
    total: Money
    paid: Money
    refunded: Money
    refundable: Money = Field(description="Paid and not yet refunded.")
    currency: str
    note: str


class Payment(Shape):
    id: str
    at: str
    method: str
    amount: Money
    state: str


class Refund(Shape):
    id: str
    at: str
    amount: Money
    reason: str
    made_by: str


class Payments(Shape):
    order_id: str
    currency: str
    payments: list[Payment]
    refunds: list[Refund]
    paid: Money
    refunded: Money


class SignIn(Shape):
    at: str
    method: str
    device: str
    country: str


class SignInLog(Shape):
    customer_id: str
    sign_ins: list[SignIn]


class Account(Shape):
    id: str
    iban: str
    holder: str
    added_on: str
    replaced_on: str | None = Field(description="When the customer named another account instead.")
    added_through: str


class Payout(Shape):
    id: str
    at: str
    amount: Money
    payee_account: str
    remittance_text: str


class Claim(Shape):
    id: str
    policy_id: str
    customer_id: str
    customer_name: str
    customer_email: str
    status: str
    occurred_on: str
    reported_on: str
    description: str
    claimed: Money
    estimate: Money | None
    paid: Money
    currency: str
    note: str
    payouts: list[Payout]
    accounts: list[Account] = Field(description="Where the customer may be paid, the latest first.")


class Policy(Shape):
    id: str
    customer_id: str
    kind: str
    object: str
    starts_on: str
    ends_on: str
    limit: Money
    deductible: Money
    currency: str
    claim_ids: list[str] = Field(description="All claims on this policy.")


class Document(Shape):
    id: str
    kind: str
    filename: str
    state: str
    received_on: str | None
    amount: Money | None
    summary: str


class Documents(Shape):
    claim_id: str
    documents: list[Document]


class Mail(Shape):
    id: str
    at: str
    to: str
    subject: str
    body: str


class Outbox(Shape):
    mails: list[Mail]


class RefundMade(Shape):
    refund_id: str
    order_id: str
    amount: Money
    currency: str
    refunded: Money = Field(description="Refunded on this order by now, this one included.")
    refundable: Money
    at: str


class ClaimPaid(Shape):
    payout_id: str
    claim_id: str
    amount: Money
    currency: str
    payee_name: str
    payee_account: str
    remittance_text: str
    at: str


class StatusSet(Shape):
    claim_id: str
    status: ClaimStatus
    previous: ClaimStatus


class MailSent(Shape):
    mail_id: str
    to: str
    subject: str
    at: str
