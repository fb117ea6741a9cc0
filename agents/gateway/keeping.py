"""Keeping a call back while a stop is open. It is not refused: it stays as it is, and goes on after the release."""

from dataclasses import dataclass

from agents.gateway.trail import note
from agents.models import ToolCall
from agents.stopping import sentence_of, stops_over_call


@dataclass(frozen=True)
class KeptBack:
    """A call may not be sent until the stop that `reason` speaks of is released. Ask again then."""

    reason: str


def keep_back(call: ToolCall) -> KeptBack | None:
    """Keep a locked call back when a stop is open over it, in the transaction that would commit its intent.

    The record says so once for each stop that keeps it, however often it is asked for.
    """
    stops = stops_over_call(call)
    if not stops:
        return None
    reason = sentence_of(stops[0])
    if call.kept_by_id not in [stop.pk for stop in stops]:
        call.kept_by, call.put_back = stops[0], 0
        call.save(update_fields=["kept_by", "put_back"])
        note("call.kept_back", call, reason=reason, stop=str(stops[0].ref))
    return KeptBack(reason)
