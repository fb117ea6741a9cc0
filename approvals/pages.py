"""The review page: what one reader sees of one review, and what they may do about it."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from agents import sentences
from agents.contracts import diff
from agents.gateway.trail import masked
from agents.models import ToolCall, ToolVersion
from agents.people import Person
from agents.schema_forms import Field, Parsed, fields
from agents.sentences.grammar import Place, pieces
from agents.states import CallState, Idempotency
from approvals.access import candidates, duties_conflict, is_candidate
from approvals.choices import Choice, choice_of, plain_choice
from approvals.exceptions import DutiesNotSeparated, NotYours
from approvals.forms import Asked, asked_with
from approvals.models import Comment, Decision, Review
from approvals.states import ReasonCode, ReviewState, Verdict
from approvals.story import Event, sources_of, story_of
from audit import canonical
from audit.models import Entry

MOST_PRECEDENTS = 5
TOLD = frozenset(
    {
        CallState.EXECUTING,
        CallState.SUCCEEDED,
        CallState.FAILED,
        CallState.OUTCOME_UNKNOWN,
        CallState.DENIED,
    }
)
LOST_ANSWER = {
    Idempotency.BY_KEY: "It is asked again with the same key, which has no second effect.",
    Idempotency.QUERYABLE: "The outcome is looked up in the system before anything is repeated.",
    Idempotency.NEITHER: "A person looks it up. It is never repeated on a guess.",
}


@dataclass
class Draft:
    """What the reader typed in an answer that was not taken, and why it was not."""

    verdict: str = ""
    reason_code: str = ""
    reason: str = ""
    problem: str = ""
    parsed: Parsed | None = None

    @property
    def reopens(self) -> str:
        """The verdict whose dialog is shown again; none where the fields themselves say what is wrong."""
        wrong_fields = self.parsed is not None and self.parsed.errors
        return self.verdict if self.problem and not wrong_fields else ""


@dataclass(frozen=True)
class ShownForm:
    """A form as one reader sees it. `typed` is what they sent, where that was not taken."""

    form: Asked
    fields: list[Field]
    typed: Parsed | None = None

    @property
    def choice(self) -> Choice:
        """What sending it means."""
        return plain_choice(self.form.verdict)


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
        if self.is_open:
            return None
        return self.review.closed_by()

    @cached_property
    def why_withdrawn(self) -> str:
        """Why the question no longer stands, from the record; empty when it was not withdrawn."""
        if self.review.state != ReviewState.WITHDRAWN:
            return ""
        entries = Entry.objects.filter(subject_ref=str(self.review.ref), verb="review.withdrawn").order_by("-pk")
        payload = entries.values_list("payload", flat=True).first()
        return str(canonical.parse(bytes(payload)).get("reason", "")) if payload is not None else ""

    @property
    def undo_seconds(self) -> int:
        """For how many seconds this reader can still take their decision back."""
        if self.decision is None or self.decision.by_id != self.user.pk or self.review.delivered_at:
            return 0
        return max(0, int((self.decision.held_until - self.now).total_seconds()))

    @property
    def contract(self) -> ToolVersion | None:
        """The contract of the tool that is to be called."""
        return self.review.call.tool_version if self.review.call else None

    @property
    def lost_answer(self) -> str:
        """What happens when the system does not answer."""
        return LOST_ANSWER[Idempotency(self.contract.idempotency)] if self.contract else ""

    @cached_property
    def proposed(self) -> dict[str, Any]:
        """The arguments the agent proposed; empty where there are none, or none that can be read."""
        return arguments_of(self.review.call)

    @property
    def hidden(self) -> list[str]:
        """The arguments that this reader sees masked: those who may decide see everything."""
        return self.contract.sensitive if self.contract and self.why_not else []

    @cached_property
    def carried_out(self) -> ToolCall | None:
        """The call that stands for the proposal now: edited by the decision, or as it was proposed."""
        return self.decision.call if self.decision and self.decision.call else self.review.call

    @cached_property
    def to_send(self) -> Any:
        """The arguments that will be sent, or were, as this reader may see them."""
        return masked(arguments_of(self.carried_out), self.hidden) if self.carried_out else None

    @cached_property
    def outcome(self) -> str:
        """What became of the action, in a word; empty while nothing has, and when nothing was to be done."""
        call = self.carried_out
        return str(CallState(call.state).label) if call is not None and call.state in TOLD else ""

    @property
    def mark(self) -> str:
        """As long as it is the same, the decision bar is the same, countdowns left out."""
        return f"{self.review.version}-{self.carried_out.state if self.carried_out else ''}"

    @property
    def editable(self) -> bool:
        """Whether the arguments can be edited here."""
        return self.can_decide and Verdict.EDIT in self.review.verdicts

    @cached_property
    def typed_fields(self) -> list[Field]:
        """The arguments as the reader typed them, compared with the proposal; empty when they typed none."""
        if self.contract is None or self.draft.parsed is None or self.draft.verdict != Verdict.EDIT:
            return []
        schema, parsed = self.contract.input_schema, self.draft.parsed
        shown = fields(schema, self.proposed, original=self.proposed, masked=self.hidden, parsed=parsed)
        return self._in_order(shown)

    @cached_property
    def argument_fields(self) -> list[Field]:
        """The arguments as form fields: as typed while they can be edited, otherwise as they stand."""
        if self.contract is None:
            return []
        if self.editable and self.typed_fields:
            return self.typed_fields
        schema, value = self.contract.input_schema, arguments_of(self.carried_out)
        return self._in_order(fields(schema, value, original=self.proposed, masked=self.hidden))

    @property
    def edits(self) -> list[Field]:
        """The arguments that differ from what was proposed."""
        return [one for one in self.argument_fields if one.edited]

    @cached_property
    def edited_sentence(self) -> list[sentences.Part]:
        """What will happen with the edits as typed; empty while they are not right."""
        value = self.draft.parsed.value if self.draft.parsed else None
        if self.contract is None or value is None or not self.editable or not self.edits:
            return []
        return sentences.sentence(self.contract.sentence, value, tool=self.contract.tool.full_name)

    @property
    def typed_edits(self) -> list[Field]:
        """What the reader had changed when their answer was not taken."""
        return [one for one in self.typed_fields if one.edited]

    @cached_property
    def edited_count(self) -> int:
        """How many values differ from what was proposed."""
        typed = self.draft.parsed.value if self.editable and self.draft.parsed else None
        value = arguments_of(self.carried_out) if typed is None else typed
        return len(diff(self.proposed, value)) or len(self.edits)

    @cached_property
    def forms(self) -> list[ShownForm]:
        """The forms that go with verdicts on offer, as they were typed; of a closed review, the one that was sent."""
        if self.can_decide:
            shown = [(asked_with(self.review, verdict), self._typed(verdict)) for verdict in self.review.verdicts]
            return [ShownForm(form, self._in_order(form.fields(parsed=typed)), typed) for form, typed in shown if form]
        form = asked_with(self.review, self.decision.verdict) if self.decision else None
        if form is None or self.decision is None or self.decision.answer is None:
            return []
        return [ShownForm(form, self._in_order(form.fields(given=self.decision.answer)))]

    @property
    def typed_form(self) -> ShownForm | None:
        """The form that was sent with an answer that was not taken."""
        form, typed = asked_with(self.review, self.draft.verdict), self._typed(self.draft.verdict)
        return ShownForm(form, form.fields(parsed=typed), typed) if form and typed else None

    def _typed(self, verdict: str) -> Parsed | None:
        return self.draft.parsed if verdict == self.draft.verdict else None

    @property
    def plan(self) -> list[dict[str, Any]]:
        """The steps of a plan that is put before a person."""
        steps = self.dossier.get("plan")
        return steps if isinstance(steps, list) else []

    @cached_property
    def story(self) -> list[Event]:
        """What happened before the question was asked, oldest first."""
        return story_of(self.dossier)

    @property
    def sources(self) -> list[Event]:
        """The data that was read before."""
        return sources_of(self.story)

    @property
    def choices(self) -> list[Choice]:
        """The verdicts on offer, in the order of their buttons."""
        return [choice_of(Verdict(verdict), self.review) for verdict in self.review.verdicts]

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
        if self.contract is None:
            return []
        rows = Decision.objects.filter(review__call__tool_version__tool=self.contract.tool_id, undone_at=None)
        rows = rows.exclude(review=self.review).select_related("review", "by", "call").order_by("-pk")
        return list(rows.defer("review__dossier", "review__sentence", "review__form_schema")[:MOST_PRECEDENTS])

    def _in_order(self, found: list[Field]) -> list[Field]:
        """In the order in which the sentence names them, then the others, those that are required first."""
        named = _named_in(self.contract.sentence) if self.contract else []
        return sorted(found, key=lambda one: (_place(one.path.split("/")[1:2], named), not one.required))


def arguments_of(call: ToolCall | None) -> dict[str, Any]:
    """The arguments of a call as they are stored; empty where nothing is stored that can be read."""
    with suppress(canonical.NotCanonical):
        value = canonical.parse(bytes(call.arguments)) if call else {}
        return value if isinstance(value, dict) else {}
    return {}


def _named_in(template: str) -> list[str]:
    """The arguments a sentence names, in its order."""
    places = [piece for piece in pieces(template) if isinstance(piece, Place)]
    return [path[0] for place in places for path in (place.path, place.other) if path]


def _place(name: list[str], named: list[str]) -> int:
    return named.index(name[0]) if name and name[0] in named else len(named)
