"""The small blocks that steps and definitions are made of. Values only."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from orchestrator.workflows.durations import Duration


def matching(pattern: str, fix: str) -> Callable[[str], str]:
    """A check that a text has a form; its complaint ends with `fix`."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(f'"{text[:60]}" will not do here. {fix}')
        return text

    return check


Slug = Annotated[
    str,
    AfterValidator(matching(r"[a-z][a-z0-9_-]{0,62}", "Use lower-case letters, digits, - and _; start with a letter.")),
]
StepId = Annotated[
    str,
    AfterValidator(matching(r"[a-z][a-z0-9_]{0,62}", "Use lower-case letters, digits and _; start with a letter.")),
]
ToolName = Annotated[
    str,
    AfterValidator(
        matching(r"[a-z][a-z0-9_-]{0,62}\.[^\s.]\S{0,127}", "Write connection.tool, like company.get_order.")
    ),
]
Email = Annotated[
    str, AfterValidator(matching(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+", "Write an e-mail address, like ada@example.com."))
]
Reference = Annotated[
    str, AfterValidator(matching(r"\$\{[^{}]+\}", "Write one reference, like ${steps.look_up.output.rows}."))
]
Title = Annotated[str, Field(min_length=1, max_length=160)]
Condition = Annotated[str, Field(min_length=1, max_length=2_000)]
JsonSchema = dict[str, Any]
HowMany = Literal["all", "any"] | Annotated[int, Field(ge=1, le=10_000)]
"""Of several: all, any one, or this many."""
MAX_ITEMS = 10_000


class Part(BaseModel):
    """A mapping of the definition. Unknown keys and converted types are refused; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Reviewers(Part):
    """Who is asked: a team by its name, or one person by e-mail address."""

    team: str | None = Field(default=None, min_length=1, max_length=150, description="the name of a team")
    person: Email | None = Field(default=None, description="the e-mail address of a person")

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.team is not None and self.person is not None:
            raise ValueError('Name either a "team" or a "person", not both.')
        return self

    @property
    def named(self) -> bool:
        """Whether anybody is named."""
        return self.team is not None or self.person is not None


class ReviewRule(Reviewers):
    """Who reviews the actions of a step, when they are reminded (`due`) and when it is too late (`expires`)."""

    due: Duration | None = Field(default=None, description="how long until the review is due, like 30m")
    expires: Duration | None = Field(default=None, description="how long until the review expires, like 24h")

    @model_validator(mode="after")
    def _due_first(self) -> Self:
        check_order(self.due, self.expires)
        return self


class Risk(Part):
    """From which risk score (0 to 100) on an action needs a review, and who reviews where a step names nobody."""

    review_from: int = Field(default=60, ge=0, le=100)
    reviewers: Reviewers = Reviewers(team=None, person=None)


Trouble = Literal["timeout", "unavailable", "failed", "garbage"]
"""Why a try failed: too slow, nobody answered, the other side said no, or the answer could not be used."""


class Retry(Part):
    """How often a step is tried by itself, and the pause before each further try: it doubles, with jitter."""

    attempts: int = Field(default=3, ge=2, le=20, description="how many tries there are in all")
    first: Duration = timedelta(seconds=2)
    most: Duration = timedelta(minutes=5)
    on: list[Trouble] = Field(default=["timeout", "unavailable"], min_length=1)


class ForEach(Part):
    """The step is done once for each item of a list; `must_succeed` says for how many it has to work out."""

    items: Reference = Field(description="the list, like ${steps.look_up.output.rows}")
    at_once: int = Field(default=10, ge=1, le=100)
    must_succeed: HowMany = "all"


class Compensation(Part):
    """What makes good what a step did, when the run cannot be finished: one call of one tool."""

    tool: ToolName = Field(description="the tool that undoes it, like company.cancel_meeting")
    agent: Slug = Field(description="the agent on whose grants the tool is called")
    inputs: dict[str, Any] = Field(default_factory=dict, alias="with")


class EventWanted(Part):
    """What a step waits to hear: an event of this name about this thing."""

    name: Slug = Field(description="the name of the event, like documents-received")
    key: str = Field(min_length=1, max_length=300, description="what it is about, like ${input.claim_id}")


def check_order(due: timedelta | None, expires: timedelta | None) -> None:
    """Raises ValueError when something would be due after it has expired."""
    if due is not None and expires is not None and due > expires:
        raise ValueError('"due" comes after "expires". Make it the shorter of the two.')
