"""States of reviews and the verdicts people can give. Pure values."""

from django.db.models import TextChoices


class ReviewKind(TextChoices):
    """What waits for a person."""

    ACTION = "action", "Action of an agent"
    FORM = "form", "Question to a person"
    ESCALATION = "escalation", "A step that failed"
    UNKNOWN = "unknown", "An action whose outcome is unknown"
    PLAN = "plan", "A plan of an agent"
    VERSION = "version", "A run of a withdrawn version"


class ReviewState(TextChoices):
    """Where a review is. Only an open one can be decided."""

    OPEN = "open", "Waiting"
    APPROVED = "approved", "Approved"
    EDITED = "edited", "Approved with edits"
    REJECTED = "rejected", "Rejected"
    ANSWERED = "answered", "Answered"
    EXPIRED = "expired", "Not decided in time"
    WITHDRAWN = "withdrawn", "Withdrawn"
    SUPERSEDED = "superseded", "Replaced"


class Verdict(TextChoices):
    """What a person can say. Which of them a review offers is stored with it."""

    APPROVE = "approve", "Approve"
    EDIT = "edit", "Edit and approve"
    REJECT = "reject", "Reject"
    ANSWER = "answer", "Answer"
    RETRY = "retry", "Try again"
    RETRY_EDITED = "retry_edited", "Try again with other input"
    SKIP = "skip", "Go on with a value"
    FALL_BACK = "fall_back", "Do the other step instead"
    HAPPENED = "happened", "It happened"
    NOT_HAPPENED = "not_happened", "It did not happen"
    GO_ON = "go_on", "Go on all the same"
    TERMINATE = "terminate", "End the run"


OUTCOME: dict[Verdict, ReviewState] = {
    Verdict.APPROVE: ReviewState.APPROVED,
    Verdict.EDIT: ReviewState.EDITED,
    Verdict.REJECT: ReviewState.REJECTED,
    Verdict.ANSWER: ReviewState.ANSWERED,
    Verdict.RETRY: ReviewState.ANSWERED,
    Verdict.RETRY_EDITED: ReviewState.ANSWERED,
    Verdict.SKIP: ReviewState.ANSWERED,
    Verdict.FALL_BACK: ReviewState.ANSWERED,
    Verdict.HAPPENED: ReviewState.ANSWERED,
    Verdict.NOT_HAPPENED: ReviewState.ANSWERED,
    Verdict.GO_ON: ReviewState.ANSWERED,
    Verdict.TERMINATE: ReviewState.REJECTED,
}

FORMS: dict[Verdict, str] = {Verdict.RETRY_EDITED: "input", Verdict.SKIP: "value"}
"""The part of a review's form that goes with a verdict; for any other verdict it is the whole form."""
ALLOWED: dict[ReviewKind, tuple[Verdict, ...]] = {
    ReviewKind.ACTION: (Verdict.APPROVE, Verdict.EDIT, Verdict.REJECT),
    ReviewKind.FORM: (Verdict.ANSWER,),
    ReviewKind.ESCALATION: (
        Verdict.RETRY,
        Verdict.RETRY_EDITED,
        Verdict.SKIP,
        Verdict.FALL_BACK,
        Verdict.TERMINATE,
    ),
    ReviewKind.UNKNOWN: (Verdict.HAPPENED, Verdict.NOT_HAPPENED, Verdict.TERMINATE),
    ReviewKind.PLAN: (Verdict.APPROVE, Verdict.REJECT),
    ReviewKind.VERSION: (Verdict.GO_ON, Verdict.TERMINATE),
}


class ReasonCode(TextChoices):
    """Why something was rejected. Small on purpose, so that the answers can be counted."""

    VERIFY = "verify", "Needs verification outside the system"
    DATA = "data", "Data is wrong or out of date"
    REASONING = "reasoning", "Reasoning is wrong"
    POLICY = "policy", "Against policy"
    FRAUD = "fraud", "Suspected fraud"
    OTHER = "other", "Something else"
