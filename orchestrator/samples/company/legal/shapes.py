"""What the tools of the legal desk take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.samples.company.money import Money
from orchestrator.samples.company.shapes import Shape

Severity = Literal["major", "minor"]
Verdict = Literal["clean", "minor issues", "major issues"]
ContractId = Annotated[
    str, Field(title="Contract", min_length=1, max_length=40, description="Contract number.", examples=["CT-4101"])
]


class Issue(Shape):
    """One thing that somebody should look at before the contract is signed."""

    source: Literal["terms", "clauses", "price"] = Field(description="Which part of the review found it.")
    severity: Severity
    clause: str = Field(default="", max_length=40, description="Number of the clause. Empty when none is meant.")
    finding: str = Field(min_length=3, max_length=500, description="What is wrong, in one sentence.")


# What the tools take.


class ByContract(Shape):
    contract_id: ContractId


class PriceBenchmark(Shape):
    kind: str = Field(min_length=1, max_length=60, description="Kind of the contract, as get_contract gives it.")
    currency: str = Field(pattern="^[A-Z]{3}$", max_length=3, description="ISO 4217 code.", examples=["EUR"])


class ClauseRules(Shape):
    kind: str = Field(min_length=1, max_length=60, description="Kind of the contract, as get_contract gives it.")
    personal_data: bool = Field(description="Whether the other side handles personal data for Norrland.")


class StoreReviewReport(Shape):
    contract_id: ContractId
    verdict: Verdict
    summary: str = Field(min_length=3, max_length=2_000, description="For the lawyer who decides.")
    issues: list[Issue] = Field(max_length=40)


class SendToSignatory(Shape):
    contract_id: ContractId
    report_id: str = Field(title="Report", min_length=1, max_length=40, description="The latest report on it.")
    note: str = Field(default="", max_length=500, description="What the signatory should know.")


class RecallFromSignatory(Shape):
    sending_id: str = Field(title="Sending", min_length=1, max_length=40, description="Number of the sending.")
    reason: str = Field(min_length=3, max_length=500)


class ReturnContract(Shape):
    contract_id: ContractId
    reason: str = Field(min_length=3, max_length=4_000, description="What has to change, for the other side.")


# What they answer.


class Clause(Shape):
    number: str
    heading: str
    text: str


class Contract(Shape):
    id: str
    counterparty: str
    kind: str
    law: str = Field(description="The law it is under, as written in it.")
    language: str
    currency: str
    yearly: Money | None = Field(description="Yearly price. Null where the contract names none.")
    term_months: int | None
    notice_days: int | None
    payment_days: int | None
    liability_cap: Money | None = Field(description="Null where liability is not limited.")
    renews_months: int | None = Field(description="It renews itself by so many months. Null where it does not.")
    personal_data: bool
    owner_email: str
    signatory: str
    signatory_email: str
    status: str
    received_on: str
    clauses: list[Clause]


class Benchmark(Shape):
    kind: str
    currency: str
    low: Money
    median: Money
    high: Money
    deals: int = Field(description="How many deals this is computed from.")
    as_of: str


class Benchmarks(Shape):
    benchmarks: list[Benchmark] = Field(description="Empty where nothing is known of this kind in this currency.")


class ClauseRule(Shape):
    code: str
    source: str
    demand: str
    words: list[str] = Field(description="One of these has to stand in a clause, or may not stand in any.")
    severity: Severity
    explanation: str


class Rules(Shape):
    rules: list[ClauseRule]


class ReportStored(Shape):
    report_id: str
    contract_id: str
    verdict: Verdict
    at: str


class ContractSent(Shape):
    sending_id: str
    contract_id: str
    report_id: str
    signatory: str
    sent_to: str
    at: str


class ContractRecalled(Shape):
    sending_id: str
    contract_id: str
    status: str


class ContractReturned(Shape):
    contract_id: str
    status: str
    counterparty: str
