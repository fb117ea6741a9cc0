"""What the tools of casework take and answer."""

from typing import Literal

from pydantic import Field

from orchestrator.samples.company.money import Amount, Money
from orchestrator.samples.company.shapes import ClaimId, Shape

Finding = Literal["cleared", "fraud", "taken back"]


class NewDocument(Shape):
    """A paper that the customer sent."""

    kind: str = Field(min_length=1, max_length=60, description="The kind it was asked for as, like repair invoice.")
    filename: str = Field(min_length=1, max_length=200)
    amount: Amount | None = Field(default=None, description="The total, where it is an invoice or a receipt.")
    summary: str = Field(default="", max_length=500)


# What the tools take.


class RequestDocuments(Shape):
    claim_id: ClaimId
    kinds: list[str] = Field(min_length=1, max_length=10, description="Kinds of papers that are missing or illegible.")
    message: str = Field(min_length=3, max_length=4_000, description="What the customer reads. Plain text.")


class FileDocuments(Shape):
    claim_id: ClaimId
    documents: list[NewDocument] = Field(min_length=1, max_length=20)


class HandToInvestigations(Shape):
    claim_id: ClaimId
    reason: str = Field(min_length=3, max_length=2_000, description="Which signs there are, for the investigators.")


class CloseInvestigation(Shape):
    investigation_id: str = Field(title="Investigation", min_length=1, max_length=40)
    finding: Finding
    note: str = Field(default="", max_length=1_000)


# What they answer.


class Signal(Shape):
    code: str
    points: int = Field(description="How much it weighs. From 50 points in all, investigators look at the claim.")
    detail: str


class Signals(Shape):
    claim_id: str
    signals: list[Signal]


class DocumentsRequested(Shape):
    request_id: str
    claim_id: str
    kinds: list[str]
    sent_to: str
    at: str


class DocumentFiled(Shape):
    id: str
    kind: str
    amount: Money | None


class DocumentsFiled(Shape):
    claim_id: str
    documents: list[DocumentFiled]


class Investigation(Shape):
    investigation_id: str
    claim_id: str
    state: str
    at: str
