"""I1, I2, I9: effects on the books of the system outside, against what Holdshort says it did."""

from collections.abc import Iterator
from typing import Any, Protocol

from agents.models import Connection, Grant, ToolCall
from agents.states import CallState, Effect, GrantEffect, Idempotency
from approvals.models import Decision, Review
from approvals.states import ReviewKind, Verdict
from audit.models import Entry

SURELY_WITHOUT = (
    *(CallState.ALLOWED, CallState.HELD, CallState.FAILED, CallState.INVALID, CallState.DENIED),
    *(CallState.REJECTED, CallState.EXPIRED, CallState.SUPERSEDED, CallState.WITHDRAWN),
)


class Books(Protocol):
    """A system outside, with a table `effects` of its own that Holdshort cannot influence."""

    connection: Connection

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands on its books."""


def wrong_effects(books: Books) -> Iterator[str]:
    """At most one effect a key, each with an intent and where needed a consent that came before it."""
    counted = books.rows("SELECT idempotency_key, count(*) FROM effects GROUP BY idempotency_key")
    effects: dict[str, int] = {str(key): int(count) for key, count in counted}
    calls = {call.idempotency_key: call for call in _calls(books)}
    for key in effects.keys() - calls.keys():
        yield f"I2: the books show an effect with the key {key}, and no call has that key."
    for key, call in calls.items():
        happened = effects.get(key, 0)
        yield from _once(call, happened)
        if happened:
            yield from _intended(call)
        yield from _repeated(call)


def _calls(books: Books) -> Iterator[ToolCall]:
    rows = ToolCall.objects.filter(tool_version__tool__connection=books.connection)
    related = ("tool_version__tool", "agent_version")
    return rows.select_related(*related).iterator(chunk_size=1000)


def _once(call: ToolCall, happened: int) -> Iterator[str]:
    assert call.tool_version is not None
    if happened > 1:
        yield f"I1: {call} had {happened} effects under one key."
    if call.state == CallState.SUCCEEDED and call.tool_version.effect == Effect.WRITE and happened != 1:
        yield f"I1: {call} is recorded as done, and the books show {happened} effects of it."
    if call.state in SURELY_WITHOUT and happened:
        yield f"I1: {call} is recorded as {call.state}, and yet the books show its effect."


def _intended(call: ToolCall) -> Iterator[str]:
    """An effect has an intent on record and, where a person was to be asked, the consent of one to exactly that."""
    intents = Entry.objects.filter(verb="call.intended", subject_ref=str(call.ref), stream__key=f"run:{call.run_ref}")
    if call.intent_at is None or not intents.exists():
        yield f"I2: {call} had an effect, and no intent of it was stored."
    if call.consent_ref is None:
        if _needed_consent(call):
            yield f"I2: {call} had an effect that nobody consented to, although a person was to be asked."
        return
    decision = Decision.objects.filter(ref=call.consent_ref).select_related("review").first()
    if decision is None or decision.undone_at or decision.verdict not in (Verdict.APPROVE, Verdict.EDIT):
        yield f"I2: the consent that {call} names is none."
    elif decision.call_id != call.pk or decision.call_digest != call.digest:
        yield f"I2: the consent that {call} names was given to something else."
    elif call.intent_at is not None and decision.held_until > call.intent_at:
        yield f"I2: {call} was to be sent before the time to take the decision back was over."


def _needed_consent(call: ToolCall) -> bool:
    assert call.tool_version is not None and call.agent_version is not None
    asked = Review.objects.filter(call=call, kind=ReviewKind.ACTION).exists()
    grants = Grant.objects.filter(agent=call.agent_version.agent_id, tool=call.tool_version.tool_id)
    return asked or grants.filter(environment=call.environment, effect=GrantEffect.REVIEW).exists()


def _repeated(call: ToolCall) -> Iterator[str]:
    """What must not be repeated never is, and nobody's unknown outcome is left unasked about."""
    contract = call.tool_version
    assert contract is not None
    if contract.effect != Effect.WRITE or contract.idempotency == Idempotency.BY_KEY:
        return
    if Entry.objects.filter(verb="call.repeated", subject_ref=str(call.ref)).exists():
        yield f"I9: {call} was sent again, although its contract says that this has a second effect."
