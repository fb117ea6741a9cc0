"""Moving one tool call forward, whether an agent asked for it or the definition did."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from agents import gateway
from agents.gateway import KeptBack, Proposal, Ticket
from agents.models import AgentVersion, ToolCall
from agents.states import CallState
from approvals.actions import open_review
from approvals.models import Review
from approvals.states import ReviewKind, ReviewState, Verdict
from audit.fixed import A_REF, A_TEXT, AN_ID, Fixed
from orchestrator.runs.engine import asking, stopping
from orchestrator.runs.engine.attempts import MOST_LOST
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.results import Execute, Over, Park, Stop
from orchestrator.runs.engine.work import SendCall
from orchestrator.runs.models import Step, Turn

MAX_REPEATS = 2
ENDED_WITHOUT_EFFECT = {
    ReviewState.REJECTED: CallState.REJECTED,
    ReviewState.EXPIRED: CallState.EXPIRED,
    ReviewState.WITHDRAWN: CallState.WITHDRAWN,
}


def propose(
    place: Place, version: AgentVersion, tool: str, arguments: Any, key: str, *, reasoning: str = ""
) -> ToolCall:
    """Have the gateway judge a call and, where it says so, put it before a person."""
    proposal = Proposal(
        agent_version=version,
        tool_name=tool,
        arguments=arguments,
        environment=place.run.environment,
        run_ref=place.run.ref,
        step_ref=place.step.ref,
        call_key=key,
        review_from=place.board.definition.risk.review_from,
        fallback=place.route,
        reasoning=reasoning,
        within=place.board.around,
        began_at=place.step.started_at,
    )
    call, verdict = gateway.propose(proposal)
    if call.state == CallState.HELD:
        open_review(asking.about_call(place, call, verdict, reasoning))
    return call


def of_turn(step: Step, turn: Turn) -> list[ToolCall]:
    """The calls that a turn of a step asked for, oldest first."""
    return _OF_KEYS(step.ref, [request["key"] for request in turn.requests])


def of_key(step: Step, key: str) -> ToolCall | None:
    """The call of a step that goes by this key."""
    return next(iter(_OF_KEYS(step.ref, [key])), None)


def _calls_of(step: UUID, keys: list[str]) -> QuerySet[ToolCall]:
    rows = ToolCall.objects.select_related("tool_version__tool__connection", "agent_version__agent")
    named = RawSQL("call_key = ANY(%s)", (keys,), BooleanField())
    return rows.filter(named, step_ref=step).order_by("pk")


_OF_KEYS = Fixed(_calls_of, A_REF, [A_TEXT])


def sensitive_of(step: Step) -> list[str]:
    """What of the output of a step that is one call the record must not show, as JSON pointers."""
    if step.kind != "tool" or step.total is not None:
        return []
    call = _LAST.first(step.ref)
    return list(call.tool_version.sensitive) if call and call.tool_version else []


def _last_of(step: UUID) -> QuerySet[ToolCall]:
    calls = ToolCall.objects.filter(step_ref=step, tool_version__isnull=False).select_related("tool_version")
    return calls.only("tool_version__sensitive").order_by("-pk")[:1]


_LAST = Fixed(_last_of, A_REF)


def latest(call: ToolCall) -> ToolCall:
    """The call that stands for this one now: itself, or the edited one that a person put in its place."""
    while call.state == CallState.SUPERSEDED:
        newer = call.replacements.exclude(state=CallState.WITHDRAWN).order_by("-pk").first()
        if newer is None:
            return call
        call = newer
    return call


def being_sent(step: Step) -> bool:
    """Whether a call of this step was handed to a worker and is not known to have come back."""
    return ToolCall.objects.filter(step_ref=step.ref, state=CallState.EXECUTING).exists()


def abandon(steps: Collection[UUID], *, why: str) -> list[str]:
    """End what is still open of the calls of these steps: nothing more is sent.

    Returns a sentence for each call of which nobody knows whether it had its effect.
    """
    calls = ToolCall.objects.filter(step_ref__in=steps).order_by("pk")
    for call in calls.filter(state__in=(CallState.ALLOWED, CallState.HELD)):
        gateway.close(call, CallState.WITHDRAWN, why=why)
    for call in calls.filter(state=CallState.EXECUTING):
        gateway.give_up(call)
    unsure = calls.filter(state=CallState.OUTCOME_UNKNOWN)
    return [f"Nobody knows whether {call.tool_name} had its effect." for call in unsure]


def advance(place: Place, call: ToolCall) -> Execute | Park | Over | Stop | None:
    """What has to happen for this call next; None when it has ended, one way or another."""
    call = latest(call)
    match call.state:
        case CallState.ALLOWED:
            return _begin(place, call)
        case CallState.HELD:
            return _held(place, call)
        case CallState.EXECUTING | CallState.OUTCOME_UNKNOWN:
            return _uncertain(place, call)
    return None


def _begin(place: Place, call: ToolCall) -> Execute | Park | None:
    return _go(place, call, gateway.open_intent(call, fence=place.step.fence))


def _go(place: Place, call: ToolCall, leave: Ticket | KeptBack | None) -> Execute | Park | None:
    """Send a call where there is leave to; wait where a stop keeps it back; None where it may not be sent at all."""
    if isinstance(leave, KeptBack):
        return stopping.rest(place)
    if leave is None:
        return None
    may_repeat = call.tool_version is not None and call.tool_version.may_repeat
    return Execute(SendCall(place.step.pk, place.step.fence, leave, may_repeat))


def _held(place: Place, call: ToolCall) -> Execute | Park | None:
    """A call that a person has to decide about, or has decided about."""
    review = _review(call, ReviewKind.ACTION)
    if review is None:
        gateway.close(call, CallState.WITHDRAWN, why="Nobody was asked about this call.")
        return None
    if review.state == ReviewState.OPEN:
        return Park(review.expires_at)
    if review.delivered_at is None:
        decision = review.decisions.get(undone_at=None)
        return Park(decision.held_until)
    ended = ENDED_WITHOUT_EFFECT.get(ReviewState(review.state))
    if ended is not None:
        gateway.close(call, ended, why=_why(review))
        return None
    return _begin(place, call)


def _uncertain(place: Place, call: ToolCall) -> Execute | Park | Over | Stop | None:
    """A call that was sent, or may have been: repeated where the contract allows it, else a person looks it up."""
    review = _review(call, ReviewKind.UNKNOWN)
    if review is None:
        onward = _go(place, call, _again(place, call))
        if onward is not None:
            return onward
        call = gateway.give_up(call)
        place.step.losses = 0
        if call.state != CallState.OUTCOME_UNKNOWN:
            return None
        review = open_review(asking.about_unknown(place, call))
    if review.state == ReviewState.OPEN or review.delivered_at is None:
        return Park(review.expires_at)
    return _looked_up(call, review)


def _again(place: Place, call: ToolCall) -> Ticket | KeptBack | None:
    """Leave to repeat a call; None when it may not be repeated or often enough was.

    A worker that brought back no outcome has used up a try. One that did not come back has not: it was lost.
    """
    answered = call.state == CallState.OUTCOME_UNKNOWN
    if place.step.losses >= MOST_LOST or (answered and place.step.tries >= MAX_REPEATS):
        return None
    leave = gateway.recover(call, fence=place.step.fence)
    place.step.tries += answered and isinstance(leave, Ticket)
    return leave


def _looked_up(call: ToolCall, review: Review) -> Over | Stop | None:
    decision = review.closed_by()
    if decision is None:
        return Over(f"Nobody could say whether {call.tool_name} had its effect.")
    if decision.verdict == Verdict.TERMINATE:
        return Stop(f"{decision.by} ended the run: {decision.reason}")
    found = {"looked_up_by": str(decision.by), "note": decision.reason}
    if decision.verdict == Verdict.HAPPENED:
        gateway.reconcile(call, CallState.SUCCEEDED, result=found)
    else:
        gateway.reconcile(
            call, CallState.FAILED, why=f"{decision.by} looked it up: it did not happen. {decision.reason}"
        )
    return None


def _review(call: ToolCall, kind: ReviewKind) -> Review | None:
    """The latest review of a call; an edited call stands under the review of the one it replaced."""
    if kind == ReviewKind.ACTION and call.replaces is not None:
        return _review(call.replaces, kind)
    return _REVIEW.first(call.pk, kind.value)


_REVIEW = Fixed(lambda call, kind: Review.objects.filter(call=call, kind=kind).order_by("-pk")[:1], AN_ID, A_TEXT)


def _why(review: Review) -> str:
    decision = review.closed_by()
    if decision is None:
        return ReviewState(review.state).label
    return f"{decision.by}: {decision.get_reason_code_display()}. {decision.reason}"
