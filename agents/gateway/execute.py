"""Letting a call have its effect: re-check, commit the intent, send, settle.

The intent commits before the effect. Whoever dies in between leaves a row that says so, and the next worker repeats the
call only where the contract says that a repetition with the same key has one effect. Nothing is guessed.
"""

import logging
import time
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet

from agents import consent
from agents.connectors import CallContext, ConnectorError, Reply, Target, TooLate, connector_for, longest_call
from agents.contracts import check_result
from agents.gateway.keeping import KeptBack, keep_back
from agents.gateway.recheck import why_not
from agents.gateway.targets import NoTarget, target_of
from agents.gateway.trail import masked, note
from agents.models import ToolCall
from agents.states import CallState, Effect, call_can_move
from agents.stopping import sentence_of, stops_over_call
from audit import canonical, text
from audit.clock import db_now
from audit.fixed import AN_ID, Fixed

log = logging.getLogger(__name__)
MAX_RESULT = 1024 * 1024
LATEST_BEGIN = 2.0
"""Seconds after a look at the stops within which a call begins or does not: so soon a stop holds for everybody."""
FRESH = 0.5
"""Seconds for which a look at the stops counts; whoever was held up for longer looks again before sending."""
MOST_PUT_BACK = 5
HELD_UP = "The worker was held up before it could send this call. Nothing was sent."


@dataclass(frozen=True)
class Ticket:
    """Leave to send one call once, under one fencing token. `problem` means that it cannot even be tried.

    `again` says that it was, or may have been, sent before. `checked_at` is the moment of the last look at the stops.
    """

    call_id: int
    fence: int
    target: Target | None
    tool: str
    arguments: dict[str, Any]
    context: CallContext
    problem: str = ""
    again: bool = False
    checked_at: float = field(default_factory=time.monotonic)

    @property
    def timeout(self) -> float:
        """How many seconds the contract gives the system for an answer."""
        return self.context.timeout

    @property
    def seconds(self) -> float:
        """The longest that sending takes."""
        return longest_call(self.target, self.timeout) if self.target else 0.0


@dataclass(frozen=True)
class Effected:
    """What became of a call that was sent; with `begun` false, of one that was surely not, because it was too late."""

    call_id: int
    fence: int
    state: CallState
    result: Any = None
    error: str = ""
    begun: bool = True
    again: bool = False


def open_intent(call: ToolCall, *, fence: int) -> Ticket | KeptBack | None:
    """Re-check a call and commit to sending it, in the caller's transaction; None when refused, with an entry why.

    Everything is read anew: the stored bytes are hashed again, versions, grant, switches, the represented person and,
    for a held call, the consent of a person at exactly this digest (which is used up). While a stop is open over the
    call it is kept back as it is: neither refused nor judged.
    """
    call, looked_at = _locked(call), time.monotonic()
    fresh = call.state in (CallState.ALLOWED, CallState.HELD)
    kept = keep_back(call) if fresh else None
    if kept is not None:
        return kept
    agreed = consent.find(call) if call.state == CallState.HELD else None
    problem = why_not(call, agreed) if fresh else f"This call is already {CallState(call.state).label.lower()}."
    if problem:
        if fresh:
            _move(call, CallState.DENIED, reason=problem)
        note("call.refused", call, reason=problem)
        return None
    call.intent_at = db_now()
    call.consent_ref = agreed.ref if agreed else None
    call.fence = fence
    _move(call, CallState.EXECUTING, "intent_at", "consent_ref", "fence")
    note("call.intended", call, consent=str(agreed.ref) if agreed else None, approved_by=agreed.by if agreed else None)
    return _ticket(call, looked_at)


def recover(call: ToolCall, *, fence: int) -> Ticket | KeptBack | None:
    """Leave to send a call again whose sender died or got no answer; None when that may not be done.

    The contract must say that repetitions have one effect, and everything is checked anew as for the first time: what
    the consent spoke of is what is sent, or nothing is.
    """
    call, looked_at = _locked(call), time.monotonic()
    contract = call.tool_version
    if contract is None or not contract.may_repeat:
        return None
    kept = keep_back(call)
    if kept is not None:
        return kept
    problem = why_not(call, consent.find(call) if call.consent_ref else None)
    if problem:
        note("call.not_repeated", call, reason=problem)
        return None
    call.fence, call.kept_by = fence, None
    if call.state == CallState.OUTCOME_UNKNOWN:
        _move(call, CallState.EXECUTING)
    call.save(update_fields=["fence", "kept_by"])
    note("call.repeated", call)
    return _ticket(call, looked_at, again=True)


def give_up(call: ToolCall) -> ToolCall:
    """The call, no longer waited for if it was: one that only reads has failed, of any other nobody knows."""
    call = _locked(call)
    if call.state != CallState.EXECUTING:
        return call
    if call.tool_version and call.tool_version.effect == Effect.READ:
        return _settle_failed(call, UNANSWERED)
    return settle_unknown(call, UNKNOWN)


UNANSWERED = "No worker came back with an answer to this call."
UNKNOWN = "The worker stopped after it may have sent this call, and it was not safe to send it again."


def send(ticket: Ticket) -> Effected:
    """Send a call and say what came back. Outside any transaction; never raises for anything the target does.

    Nothing begins later than LATEST_BEGIN after the stops were looked at: then the call is not sent, and settling puts
    it back to where it was.
    """
    if ticket.target is None:
        return unsent(ticket, ticket.problem)
    (call,) = _CALL(ticket.call_id)
    assert call.tool_version is not None
    too_late = _too_late(ticket, call)
    if too_late:
        return not_begun(ticket, too_late)
    try:
        connector = connector_for(ticket.target.kind)
        context = replace(ticket.context, begin_by=ticket.checked_at + LATEST_BEGIN)
        reply = connector.call(ticket.target, ticket.tool, ticket.arguments, context)
    except TooLate as error:
        return not_begun(ticket, str(error))
    except ConnectorError as error:
        return _after_error(ticket, call, error)
    return _after_reply(ticket, call, reply)


def unsent(ticket: Ticket, why: str) -> Effected:
    """What becomes of a call that was surely not sent."""
    return Effected(ticket.call_id, ticket.fence, CallState.FAILED, error=why)


def not_begun(ticket: Ticket, why: str) -> Effected:
    """What becomes of a call that was too late to be sent, or was overtaken by a stop: nothing is lost."""
    return Effected(ticket.call_id, ticket.fence, CallState.EXECUTING, error=why, begun=False, again=ticket.again)


def _too_late(ticket: Ticket, call: ToolCall) -> str:
    """Why this worker may not begin to send any more, as a sentence; empty when it may."""
    stops = stops_over_call(call) if time.monotonic() - ticket.checked_at > FRESH else []
    if stops:
        return sentence_of(stops[0])
    return HELD_UP if time.monotonic() - ticket.checked_at > LATEST_BEGIN else ""


def settle(effected: Effected) -> ToolCall | None:
    """Store what became of a call, in the caller's transaction; None when another worker has taken it over since."""
    call = _locked(ToolCall(pk=effected.call_id))
    if call.state != CallState.EXECUTING or call.fence != effected.fence:
        return None
    if not effected.begun:
        return _put_back(call, effected)
    if effected.state == CallState.OUTCOME_UNKNOWN:
        return settle_unknown(call, effected.error)
    call.result = text.escape_deep(effected.result)
    call.error = text.escape(effected.error)
    call.finished_at = db_now()
    _move(call, effected.state, "result", "error", "finished_at")
    verb = "call.executed" if effected.state == CallState.SUCCEEDED else "call.failed"
    sensitive = call.tool_version.sensitive if call.tool_version else []
    note(verb, call, result=masked(call.result, sensitive), error=call.error)
    return call


def _put_back(call: ToolCall, effected: Effected) -> ToolCall:
    """Let a call that was surely not sent be what it was before its intent: what was decided about it stays decided.

    One that may have been sent earlier, by another worker, stays open: it is repeated or looked up. Nobody tries for
    ever: after some times in a row the call has failed, or nobody knows whether the earlier sending had its effect.
    """
    call.put_back += 1
    note("call.not_begun", call, reason=text.escape(effected.error))
    if call.put_back > MOST_PUT_BACK:
        return settle_unknown(call, effected.error) if effected.again else _settle_failed(call, effected.error)
    call.save(update_fields=["put_back"])
    if not effected.again:
        was = CallState.HELD if call.consent_ref else CallState.ALLOWED
        call.intent_at, call.consent_ref = None, None
        _move(call, was, "intent_at", "consent_ref")
    return call


def _settle_failed(call: ToolCall, why: str) -> ToolCall:
    call.error, call.finished_at = text.escape(why), db_now()
    _move(call, CallState.FAILED, "error", "finished_at")
    note("call.failed", call, error=call.error)
    return call


def settle_unknown(call: ToolCall, why: str) -> ToolCall:
    """Say that nobody knows whether this call had its effect; a person has to look it up."""
    call.error = text.escape(why)
    _move(call, CallState.OUTCOME_UNKNOWN, "error")
    note("call.outcome_unknown", call, error=call.error)
    return call


RELATED = (
    "tool_version__tool__connection",
    "agent_version__agent__acts_for_user",
    "agent_version__agent__acts_for_team",
)


def _locked(call: ToolCall) -> ToolCall:
    (locked,) = _LOCKED(call.pk)
    return locked


def _call_of(pk: int) -> QuerySet[ToolCall]:
    return ToolCall.objects.select_related(*RELATED).filter(pk=pk)


_CALL = Fixed(_call_of, AN_ID)
_LOCKED = Fixed(lambda pk: _call_of(pk).select_for_update(of=("self",)), AN_ID)


def _ticket(call: ToolCall, looked_at: float, *, again: bool = False) -> Ticket:
    contract = call.tool_version
    assert contract is not None
    timeout = float(contract.timeout_seconds)
    target, problem = None, ""
    try:
        target = target_of(contract.tool.connection, timeout=timeout)
    except NoTarget as error:
        problem = str(error)
    return Ticket(
        call_id=call.pk,
        fence=call.fence,
        target=target,
        tool=contract.tool.name,
        arguments=canonical.parse(bytes(call.arguments)),
        context=_context(call, timeout),
        problem=problem,
        again=again,
        checked_at=looked_at,
    )


def _context(call: ToolCall, timeout: float) -> CallContext:
    return CallContext(
        idempotency_key=call.idempotency_key,
        timeout=timeout,
        agent=call.agent_version.agent.name if call.agent_version else "",
        environment=call.environment,
        run_ref=call.run_ref,
        step_ref=call.step_ref,
    )


def _after_error(ticket: Ticket, call: ToolCall, error: ConnectorError) -> Effected:
    assert call.tool_version is not None
    harmless = error.sent is False or call.tool_version.effect == Effect.READ
    state = CallState.FAILED if harmless else CallState.OUTCOME_UNKNOWN
    return Effected(ticket.call_id, ticket.fence, state, error=str(error))


def _after_reply(ticket: Ticket, call: ToolCall, reply: Reply) -> Effected:
    assert call.tool_version is not None
    if not reply.ok:
        return Effected(ticket.call_id, ticket.fence, CallState.FAILED, error=reply.error or "The tool refused.")
    try:
        value, problem = check_result(reply.value, call.tool_version.output_schema, MAX_RESULT)
    except Exception:
        log.exception("The answer to %s could not be checked.", call)  # what happened has happened all the same
        value, problem = None, "The tool's answer could not be read. It was not kept."
    broken_read = bool(problem) and call.tool_version.effect == Effect.READ
    state = CallState.FAILED if broken_read else CallState.SUCCEEDED
    return Effected(ticket.call_id, ticket.fence, state, result=value, error=problem or "")


def _move(call: ToolCall, state: CallState, *fields: str, reason: str = "") -> None:
    """Change the state of a locked call. Raises ValueError for a move that the state table does not know."""
    if not call_can_move(CallState(call.state), state):
        raise ValueError(f"A call cannot go from {call.state} to {state}.")
    call.state, call.kept_by = state, None
    call.reason = text.escape(reason) or call.reason
    call.save(update_fields=["state", "reason", "kept_by", *fields])


def close(call: ToolCall, state: CallState, *, why: str) -> None:
    """End a held call without an effect, because a person said no, nobody answered, or its question was withdrawn."""
    call = _locked(call)
    _move(call, state, reason=why)
    note("call.closed", call, reason=why)


def reconcile(call: ToolCall, state: CallState, *, result: Any = None, why: str = "") -> None:
    """Store what a person found out about a call whose outcome was unknown."""
    call = _locked(call)
    call.result, call.error, call.finished_at = text.escape_deep(result), text.escape(why), db_now()
    _move(call, state, "result", "error", "finished_at")
    note("call.reconciled", call, result=call.result, error=call.error)
