"""The lines that the gateway adds to a run's record, with sensitive values masked."""

from typing import Any

from agents.contracts import diff
from agents.contracts.pointers import leaves
from agents.models import ToolCall
from audit import canonical
from audit.log import SYSTEM, Party, party, record

MASK = "••••"


def note(verb: str, call: ToolCall, *, actor: Party | None = None, **data: Any) -> None:
    """One entry about a call in the stream of its run. The agent is the actor unless somebody else is named."""
    agent = call.agent_version.agent if call.agent_version else None
    record(
        verb,
        actor=actor or (party(agent) if agent else SYSTEM),
        subject=Party("call", str(call.ref), call.tool_name),
        stream=f"run:{call.run_ref}",
        data={
            "call": str(call.ref),
            "step": str(call.step_ref),
            "tool": call.tool_name,
            "state": call.state,
            "digest": call.digest,
            "arguments": masked_arguments(call),
            **data,
        },
    )


def masked_arguments(call: ToolCall) -> Any:
    """The arguments as people who are not asked to decide may see them; text when they are not JSON."""
    raw = bytes(call.arguments)
    try:
        value = canonical.parse(raw)
    except canonical.NotCanonical:
        return MASK if _sensitive(call) else raw.decode("utf-8", "backslashreplace")[:4096]
    return masked(value, _sensitive(call))


def masked_changes(call: ToolCall) -> list[dict[str, Any]]:
    """What a person changed in the call that this one replaces, leaf by leaf, as everybody may see it."""
    if call.replaces is None:
        return []
    before, after = (canonical.parse(bytes(each.arguments)) for each in (call.replaces, call))
    old, new = (leaves(masked(value, _sensitive(call))) for value in (before, after))
    return [
        {
            "path": change.path,
            "before": None if change.kind == "added" else old.get(change.path, MASK),
            "after": None if change.kind == "removed" else new.get(change.path, MASK),
        }
        for change in diff(before, after)
    ]


def masked(value: Any, pointers: list[str]) -> Any:
    """A copy of a JSON value in which what the pointers (RFC 6901) name shows its last four characters at most."""
    for pointer in pointers:
        value = _mask(value, [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]])
    return value


def _sensitive(call: ToolCall) -> list[str]:
    pointers: list[str] = call.tool_version.sensitive if call.tool_version else []
    return pointers


def _mask(value: Any, path: list[str]) -> Any:
    if not path:
        shown = str(value)
        return f"{MASK} {shown[-4:]}" if len(shown) > 8 else MASK
    head, rest = path[0], path[1:]
    if isinstance(value, dict) and head in value:
        return {**value, head: _mask(value[head], rest)}
    if isinstance(value, list):
        return [_mask(item, path) for item in value]
    return value
