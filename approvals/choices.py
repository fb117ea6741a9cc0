"""The verdicts on offer: what each button says and what happens next, told before it is pressed."""

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from approvals.models import Review
from approvals.states import ReviewKind, Verdict

CRITICAL = 4
HOLD_TO_CONFIRM = 1200
"""For how many milliseconds the button of a critical approval must be held down."""
NEEDS_REASON = frozenset(
    {
        *(Verdict.REJECT, Verdict.TERMINATE, Verdict.HAPPENED, Verdict.NOT_HAPPENED),
        *(Verdict.SKIP, Verdict.FALL_BACK, Verdict.GO_ON),
    }
)


@dataclass(frozen=True)
class Choice:
    """One verdict on offer.

    `slot` is its place in the decision bar and with it its key; `form` names the form on the page that it sends, where
    the answer is typed outside the dialog.
    """

    verdict: Verdict
    slot: str
    label: str
    css: str
    title: str
    consequence: str
    next: tuple[str, ...]
    form: str = ""
    asks_reason: str = ""
    hold_ms: int = 0

    @property
    def commit(self) -> str:
        """What the button in the dialog says."""
        words = "Approve with changes" if self.verdict == Verdict.EDIT else self.label
        return f"Hold to {words[:1].lower()}{words[1:]}" if self.hold_ms else words

    @property
    def is_refusal(self) -> bool:
        """Whether it says no."""
        return self.slot == "reject"

    @property
    def key(self) -> str:
        """The single key that opens its dialog."""
        return self.slot[0].upper()

    @property
    def reason_required(self) -> bool:
        """Whether it is not taken without a reason."""
        return self.verdict in NEEDS_REASON


def choice_of(verdict: Verdict, review: Review) -> Choice:
    """A verdict as it is offered on this review. What is critical is not approved by a single press."""
    choice = _OFFERS[verdict](review.agent_name or "The run")
    if review.kind == ReviewKind.PLAN:
        choice = replace(choice, title=choice.title.replace("this action", "this plan"), **_PLAN.get(verdict, {}))
    if review.risk_level < CRITICAL or verdict not in (Verdict.APPROVE, Verdict.EDIT):
        return choice
    return replace(choice, hold_ms=HOLD_TO_CONFIRM, title=choice.title.replace("this action", "this critical action"))


def plain_choice(verdict: Verdict) -> Choice:
    """A verdict as it is offered in general, whatever it is about."""
    return _OFFERS[verdict]("The run")


def _approve(who: str) -> Choice:
    hold = settings.HOLDSHORT_HOLD_SECONDS
    return Choice(
        Verdict.APPROVE,
        "approve",
        "Approve",
        "btn-primary",
        "Approve this action",
        f"it is done {hold} s later, exactly as shown. Until then you can undo.",
        (
            "It is recorded under your name.",
            f"You have {hold} s to undo.",
            f"Then it is done once, as shown; {who} is told.",
        ),
        asks_reason="Note",
    )


def _edit(who: str) -> Choice:
    hold = settings.HOLDSHORT_HOLD_SECONDS
    return Choice(
        Verdict.EDIT,
        "edit",
        "Edit & approve",
        "",
        "Approve this action with your changes",
        f"it is done {hold} s later with your changes. Until then you can undo.",
        (
            "Your changes are checked like a new proposal.",
            f"You have {hold} s to undo.",
            f"Then it is done once, as edited; {who} is told what you changed.",
        ),
        form="args",
        asks_reason="Why did you change it?",
    )


def _reject(who: str) -> Choice:
    hold = settings.HOLDSHORT_HOLD_SECONDS
    return Choice(
        Verdict.REJECT,
        "reject",
        "Reject",
        "btn-danger",
        "Reject this action",
        f"nothing is done, and {who} is told why.",
        ("Nothing is done.", f"You have {hold} s to undo.", f"{who} is told your reason, and goes on or ends."),
        asks_reason="In your words",
    )


def _answer(who: str) -> Choice:
    return Choice(
        Verdict.ANSWER,
        "approve",
        "Send answer",
        "btn-primary",
        "Send your answer",
        "the run goes on with exactly what you entered.",
        ("Your answer is recorded under your name.", "The run goes on with it at once."),
        form="answer",
    )


def _retry(who: str) -> Choice:
    return Choice(
        Verdict.RETRY,
        "approve",
        "Try again",
        "btn-primary",
        "Try the step again",
        "the step begins again from its start.",
        ("The step begins again from its start.", "What was done before stays done."),
        asks_reason="Note",
    )


def _retry_edited(who: str) -> Choice:
    return Choice(
        Verdict.RETRY_EDITED,
        "edit",
        "Try with other input",
        "",
        "Try the step again with other input",
        "the step begins again with the input you wrote.",
        ("What you wrote is recorded under your name.", "The step begins again with it.", "What was done stays done."),
        form="input",
        asks_reason="Why did you change it?",
    )


def _skip(who: str) -> Choice:
    return Choice(
        Verdict.SKIP,
        "skip",
        "Go on with a value",
        "",
        "Go on with a value of your own",
        "the step is taken as done, with the value you wrote.",
        ("What you wrote is recorded under your name.", "Later steps read it as if the step had made it."),
        form="value",
        asks_reason="Why?",
    )


def _fall_back(who: str) -> Choice:
    return Choice(
        Verdict.FALL_BACK,
        "other",
        "Do the other step",
        "",
        "Do the other step instead",
        "the step ends as failed, and its fallback is done.",
        ("The step ends as failed.", "Its fallback is done, and stands for it."),
        asks_reason="Why?",
    )


def _happened(who: str) -> Choice:
    return Choice(
        Verdict.HAPPENED,
        "approve",
        "It happened",
        "",
        "Record that it happened",
        "it is recorded as done, on your word.",
        ("It is recorded as done, on your word.", "The run goes on."),
        asks_reason="How do you know?",
    )


def _not_happened(who: str) -> Choice:
    return Choice(
        Verdict.NOT_HAPPENED,
        "edit",
        "It did not happen",
        "",
        "Record that it did not happen",
        "it is recorded as not done, on your word.",
        ("It is recorded as not done, on your word.", f"{who} is told that it failed."),
        asks_reason="How do you know?",
    )


def _go_on(who: str) -> Choice:
    return Choice(
        Verdict.GO_ON,
        "approve",
        "Go on all the same",
        "",
        "Go on by the withdrawn version",
        "the run goes on as it was, by the version that was withdrawn.",
        (
            "Your reason stands in the record of the run.",
            "The run goes on to its end by the withdrawn version, and so do its parts.",
            "Nobody is asked about this again for this run.",
        ),
        asks_reason="Why?",
    )


def _terminate(who: str) -> Choice:
    return Choice(
        Verdict.TERMINATE,
        "reject",
        "End the run",
        "btn-danger",
        "End the run",
        "nothing more of it begins, and the run ends.",
        ("Nothing more of it begins.", "What was done and can be made good is made good.", "Then the run ends."),
        asks_reason="Why?",
    )


_OFFERS = {
    Verdict.APPROVE: _approve,
    Verdict.EDIT: _edit,
    Verdict.REJECT: _reject,
    Verdict.ANSWER: _answer,
    Verdict.RETRY: _retry,
    Verdict.RETRY_EDITED: _retry_edited,
    Verdict.SKIP: _skip,
    Verdict.FALL_BACK: _fall_back,
    Verdict.HAPPENED: _happened,
    Verdict.NOT_HAPPENED: _not_happened,
    Verdict.GO_ON: _go_on,
    Verdict.TERMINATE: _terminate,
}

_PLAN: dict[Verdict, dict[str, Any]] = {
    Verdict.APPROVE: {
        "consequence": "its steps are done in this order, exactly as shown. Each is still checked by itself.",
        "next": (
            "It is recorded under your name.",
            "Its steps begin when the time to undo is over.",
            "What a step does is checked like any other action, and may ask again.",
        ),
    },
    Verdict.REJECT: {
        "consequence": "none of its steps is done, and the run ends.",
        "next": ("None of its steps is done.", "The run ends with your reason."),
    },
}
