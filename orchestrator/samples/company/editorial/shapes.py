"""What the tools of the editorial desk take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.samples.company.shapes import Shape

BriefId = Annotated[
    str, Field(title="Brief", min_length=1, max_length=40, description="Number of the brief.", examples=["BR-501"])
]


# What the tools take.


class ByBrief(Shape):
    brief_id: BriefId


class PublishContent(Shape):
    brief_id: BriefId
    title: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=10_000, description="Plain text.")


class WithdrawContent(Shape):
    content_id: str = Field(title="Content", min_length=1, max_length=40, description="Number of the publication.")
    reason: str = Field(min_length=3, max_length=500)


# What they answer.


class Brief(Shape):
    id: str
    product: str
    market: str
    channel: str
    language: str
    audience: str
    headline: str
    points: list[str] = Field(description="What the text has to tell, in this order.")
    owner_email: str
    due_on: str | None
    published_as: str | None = Field(description="What was published for it already.")


class ContentRule(Shape):
    code: str
    demand: Literal["must say", "must not say", "at most"]
    value: str = Field(description="Words, with | between alternatives; for “at most” a number of characters.")
    instruction: str = Field(description="What to do about it.")
    source: str


class ContentRules(Shape):
    brief_id: str
    rules: list[ContentRule]


class ContentPublished(Shape):
    content_id: str
    brief_id: str
    url: str
    at: str


class ContentWithdrawn(Shape):
    content_id: str
    brief_id: str
    state: str
