"""The review page: what one reader sees of one review, and what they may do about it."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from agents.contracts import diff
from agents.people import Person
from agents.schema_forms import Field, Parsed, fields
from agents.states import CallState
from approvals.access import candidates, duties_conflict, is_candidate
from approvals.choices import Choice, choice_of
from approvals.exceptions import DutiesNotSeparated, NotYours
from approvals.models import Comment, Decision, Review
from approvals.states import ALLOWED, ReasonCode, ReviewKind, ReviewState, Verdict
from audit import canonical

MOST_PRECEDENTS = 5


@dataclass(frozen=True)
class Event:
    """One line of the story, with everything a template asks for."""

    kind: str
    time: datetime
    text: str
    tool: str
    quote_text: str
    input: Any
    output: Any
    failed: bool

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Event":
        """A stored event of a dossier."""
        return cls(
            kind=str(stored.get("kind", "")),
            time=datetime.fromisoformat(stored["at"]),
            text=str(stored.get("text", "")),
            tool=str(stored.get("tool", "")),
            quote_text=str(stored.get("quote_text", "")),
            input=stored.get("input"),
            output=stored.get("output"),
            failed=bool(stored.get("failed")),
        )

    @property
    def icon(self) -> str:
        """The symbol of its kind."""
        icons = {
            "think": "think",
            "data": "data",
            "tool": "tool",
            "person": "user",
            "problem": "warn",
            "output": "agent",
        }
        return icons.get(self.kind, "info")

    @property
    def has_io(self) -> bool:
        """Whether there is raw data to show."""
        return self.input is not None or self.output is not None


@dataclass
class Draft:
    """What the reader typed in an answer that was not taken, and why it was not."""

    verdict: str = ""
    reason_code: str = ""
    reason: str = ""
    problem: str = ""
    parsed: Parsed | None = None


@dataclass
class ReviewPage:
    """One review as one reader sees it now."""

    review: Review
    user: Person
    draft: Draft = field(default_factory=Draft)
    now: datetime = field(default_factory=timezone.now)

    @property
    def dossier(self) -> dict[str, Any]:
        """What was frozen when the question was asked."""
        value: dict[str, Any] = self.review.dossier
        return value

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.review.state == ReviewState.OPEN

    @property
    def seconds_left(self) -> int:
        """Until it is due; negative once it is overdue."""
        return int((self.review.due_at - self.now).total_seconds())

    @cached_property
    def why_not(self) -> str:
        """Why this reader may not decide; empty when they may."""
        if not is_candidate(self.user, self.review):
            return f"{NotYours.__doc__} It waits for {self.review.reviewer}."
        return DutiesNotSeparated.__doc__ or "" if duties_conflict(self.user, self.review) else ""

    @property
    def can_decide(self) -> bool:
        """Whether a verdict of this reader would count now."""
        return self.is_open and not self.why_not

    @cached_property
    def decision(self) -> Decision | None:
        """The decision that stands, if there is one."""
        return self.review.decisions.filter(undone_at=None).select_related("by", "call").first()

    @property
    def undo_seconds(self) -> int:
        """For how many seconds this reader can still take their decision back."""
        if self.decision is None or self.decision.by_id != self.user.pk or self.review.delivered_at:
            return 0
        return max(0, int((self.decision.held_until - self.now).total_seconds()))

    @cached_property
    def proposed(self) -> Any:
        """The arguments the agent proposed."""
        return canonical.parse(bytes(self.review.call.arguments)) if self.review.call else None

    @cached_property
    def carried_out(self) -> Any:
        """The call that stands for the proposal now: edited by the decision, or as it was proposed."""
        return self.decision.call if self.decision and self.decision.call else self.review.call

    @cached_property
    def outcome(self) -> str:
        """What became of the action, in a word; empty while nothing has."""
        call = self.carried_out
        started = call is not None and call.state not in (CallState.HELD, CallState.ALLOWED, CallState.SUPERSEDED)
        return str(CallState(call.state).label) if started else ""

    @property
    def editable(self) -> bool:
        """Whether the arguments can be edited here."""
        return self.can_decide and Verdict.EDIT in ALLOWED[ReviewKind(self.review.kind)]

    @cached_property
    def argument_fields(self) -> list[Field]:
        """The arguments as form fields, with what the reader typed where an edit was not taken."""
        contract = self.review.call.tool_version if self.review.call else None
        if contract is None:
            return []
        if self.draft.parsed is not None and self.draft.verdict == Verdict.EDIT:
            return fields(contract.input_schema, self.proposed, original=self.proposed, parsed=self.draft.parsed)
        shown = canonical.parse(bytes(self.carried_out.arguments))
        return fields(contract.input_schema, shown, original=self.proposed)

    @cached_property
    def edited_count(self) -> int:
        """How many arguments differ from what was proposed."""
        if self.draft.parsed is not None and self.draft.parsed.value is not None:
            return len(diff(self.proposed, self.draft.parsed.value))
        shown = canonical.parse(bytes(self.carried_out.arguments)) if self.carried_out else self.proposed
        return len(diff(self.proposed, shown)) if self.proposed is not None else 0

    @cached_property
    def answer_fields(self) -> list[Field]:
        """The form of a question to a person."""
        if self.review.form_schema is None:
            return []
        if self.draft.parsed is not None:
            return fields(self.review.form_schema, None, parsed=self.draft.parsed)
        return fields(self.review.form_schema, self.decision.answer if self.decision else None)

    @cached_property
    def story(self) -> list[Event]:
        """What happened before the question was asked, oldest first."""
        return [Event.of(stored) for stored in self.dossier["story"]]

    @property
    def choices(self) -> list[Choice]:
        """The verdicts on offer, in the order of their buttons."""
        return [choice_of(verdict, self.review) for verdict in ALLOWED[ReviewKind(self.review.kind)]]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The reason codes of a rejection."""
        return list(ReasonCode.choices)

    @cached_property
    def comments(self) -> list[Comment]:
        """What was said about it, oldest first."""
        return list(self.review.comments.select_related("by"))

    @cached_property
    def people(self) -> list[Person]:
        """Who may decide it; at most eight names."""
        return list(candidates(self.review).order_by("name")[:8])

    @cached_property
    def precedents(self) -> list[Decision]:
        """The latest decisions about the same tool."""
        call = self.review.call
        if call is None or call.tool_version is None:
            return []
        rows = Decision.objects.filter(review__call__tool_version__tool=call.tool_version.tool, undone_at=None)
        rows = rows.exclude(review=self.review).select_related("review", "by", "call").order_by("-pk")
        return list(rows[:MOST_PRECEDENTS])
