"""What an agent is told about a call it asked for.

It can tell apart: executed, edited, rejected, expired, and the rest.

A refusal is an ordinary answer with a status, so that no framework hides it from the model or repeats the call blindly.
"""

from typing import Any

from agents.contracts import diff
from agents.models import ToolCall
from agents.states import CallState
from approvals.models import Decision
from approvals.states import Verdict
from audit import canonical

_NOT_DONE = {CallState.INVALID: "invalid", CallState.WITHDRAWN: "withdrawn"}


def tell(call: ToolCall) -> dict[str, Any]:
    """The answer to the model about an ended call."""
    call.refresh_from_db()
    match call.state:
        case CallState.SUCCEEDED:
            return {"status": "executed", "result": call.result, **_edited(call)}
        case CallState.FAILED:
            return {"status": "failed", "error": call.error, **_edited(call)}
        case CallState.REJECTED:
            return {"status": "rejected", **_rejection(call)}
        case CallState.EXPIRED:
            return {"status": "expired", "reason": "Nobody decided in time; it was not done."}
    return {"status": _NOT_DONE.get(CallState(call.state), "denied"), "reason": call.reason}


def _edited(call: ToolCall) -> dict[str, Any]:
    """What a person changed, where the call that was carried out is not the one the agent asked for."""
    if call.replaces is None:
        return {}
    before, after = (canonical.parse(bytes(each.arguments)) for each in (call.replaces, call))
    changes = [{"argument": c.path, "from": c.before, "to": c.after} for c in diff(before, after)]
    decision = _decision(call)
    return {"edited": True, "changes": changes, "note": decision.reason if decision else ""}


def _rejection(call: ToolCall) -> dict[str, str]:
    review = call.reviews.order_by("-pk").first()
    decision = review.decisions.filter(undone_at=None, verdict=Verdict.REJECT).first() if review else None
    if decision is None:
        return {"reason": call.reason}
    return {"reason_code": decision.reason_code, "reason": decision.reason}


def _decision(call: ToolCall) -> Decision | None:
    return call.decisions.filter(undone_at=None).first()
