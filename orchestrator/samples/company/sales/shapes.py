"""What the tools of sales take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.samples.company.money import PATTERN, Money
from orchestrator.samples.company.shapes import Shape

Sequence = Literal["first steps", "case studies", "product news"]
LeadId = Annotated[
    str, Field(title="Lead", min_length=1, max_length=40, description="Lead number.", examples=["L-70001"])
]
Email = Annotated[
    str,
    Field(title="E-mail", max_length=254, pattern=r"^[^@\s]+@[^@\s]+$", description="One e-mail address."),
]


# What the tools take.


class FindLead(Shape):
    email: Email


class RecordLead(Shape):
    email: Email
    name: str = Field(default="", max_length=200, description="As the sender writes it. Empty when not given.")
    firm: str = Field(default="", max_length=200, description="The sender's firm. Empty when not given.")
    need: str = Field(min_length=1, max_length=500, description="What they want, in one sentence of your own.")
    budget: str = Field(
        default="",
        max_length=12,
        pattern=f"{PATTERN}|^$",
        description="Decimal text with two places. Empty when they named none.",
        examples=["25000.00"],
    )
    currency: str = Field(
        default="", max_length=3, pattern="^([A-Z]{3})?$", description="ISO 4217 code of the budget. Empty without one."
    )


class LookUpFirm(Shape):
    domain: str = Field(
        default="", max_length=253, description="What stands behind the @ of the address.", examples=["acme.example"]
    )
    name: str = Field(default="", max_length=200, description="The name of the firm, for when the domain is unknown.")


class ListSalespeople(Shape):
    country: str = Field(default="", max_length=2, description="ISO 3166 code. Empty means all countries.")


class ListSlots(Shape):
    salesperson_id: str = Field(min_length=1, max_length=40, description="Number of the salesperson.")


class BookMeeting(Shape):
    lead_id: LeadId
    slot_id: str = Field(title="Slot", min_length=1, max_length=40, description="A free slot of the calendar.")
    subject: str = Field(min_length=3, max_length=200)


class CancelMeeting(Shape):
    meeting_id: str = Field(title="Meeting", min_length=1, max_length=40, description="Number of the meeting.")
    reason: str = Field(min_length=3, max_length=500)


class AssignLead(Shape):
    lead_id: LeadId
    salesperson_id: str = Field(title="Salesperson", min_length=1, max_length=40)
    note: str = Field(default="", max_length=500, description="What the salesperson should know.")


class StartNurture(Shape):
    lead_id: LeadId
    sequence: Sequence = Field(description="Which series of mails.")


# What they answer.


class Lead(Shape):
    id: str
    email: str
    name: str
    firm: str
    need: str
    budget: Money | None
    currency: str
    enquiries: int = Field(description="How often this address has written.")
    salesperson_id: str | None
    nurture: str = Field(description="The series of mails they get. Empty means none.")
    meeting_id: str | None = Field(description="A meeting that is booked with them.")
    recorded_at: str


class Leads(Shape):
    leads: list[Lead]


class LeadRecorded(Shape):
    lead: Lead
    new: bool = Field(description="False when the address was known, and this enquiry was added to its lead.")


class Firm(Shape):
    domain: str
    name: str
    country: str
    industry: str
    employees: int | None
    revenue_millions: int | None = Field(description="Yearly, in millions of the currency.")
    currency: str
    note: str


class Firms(Shape):
    firms: list[Firm]


class Salesperson(Shape):
    id: str
    name: str
    email: str
    languages: str
    countries: str


class Salespeople(Shape):
    salespeople: list[Salesperson]


class Slot(Shape):
    id: str
    starts_at: str
    minutes: int


class Slots(Shape):
    salesperson_id: str
    slots: list[Slot]


class Meeting(Shape):
    meeting_id: str
    lead_id: str
    salesperson_id: str
    with_name: str
    starts_at: str
    minutes: int
    state: str


class LeadAssigned(Shape):
    lead_id: str
    salesperson_id: str
    salesperson: str
    salesperson_email: str


class NurtureStarted(Shape):
    lead_id: str
    sequence: str
    already: bool = Field(description="True when they got a series already; it goes on unchanged.")
