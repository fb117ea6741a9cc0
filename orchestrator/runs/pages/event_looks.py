"""How each kind of event looks, and which events belong together. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from agents.runtime.models import describe


class Look(NamedTuple):
    """A symbol with its colour, and a tag with its colour; no tag when the sentence says it all."""

    icon: str
    css: str
    tag: str = ""
    tag_css: str = ""


@dataclass(frozen=True)
class Group:
    """Events of one sort, as a filter."""

    label: str
    verbs: tuple[str, ...]


_KINDS = {
    **{"agent": "agent", "tool": "tool", "human": "hold", "workflow": "flow", "wait": "clock", "plan": "fork"},
    **{"loop": "retry"},
}
_PREFIXES = {"run": "runs", "step": "flow", "turn": "think", "call": "tool", "review": "user", "decision": "undo"}
_LOOKS = {
    "run.finished": Look("okc", "is-ok"),
    "run.failed": Look("fail", "is-crit", "Failed", "is-crit"),
    "run.stopped": Look("stop", "is-crit", "Stopped", "is-crit"),
    "run.cancelled": Look("stop", "is-high", "Asked to end", "is-high"),
    "run.goes_on": Look("start", "is-high", "Withdrawn version", "is-high"),
    "run.troubled": Look("warn", "is-high", "Trouble", "is-high"),
    "step.finished": Look("okc", "is-ok"),
    "step.failed": Look("fail", "is-crit", "Failed", "is-crit"),
    "step.stopped": Look("stop", "is-crit", "Stopped", "is-crit"),
    "step.skipped": Look("dash", "is-off", "Skipped"),
    "step.handed_off": Look("right", "is-run", "Passed on", "is-run"),
    "step.retried": Look("retry", "is-high", "Retry", "is-high"),
    "step.escalated": Look("warn", "is-high", "Escalated", "is-high"),
    "call.refused": Look("no", "is-crit", "Refused", "is-crit"),
    "call.denied": Look("no", "is-crit", "Refused", "is-crit"),
    "call.not_repeated": Look("no", "is-crit", "Not repeated", "is-crit"),
    "call.invalid": Look("warn", "is-high", "Invalid", "is-high"),
    "call.kept_back": Look("stop", "is-high", "Stopped", "is-high"),
    "call.not_begun": Look("undo", "is-high", "Not sent", "is-high"),
    "stop.set": Look("stop", "is-crit", "Stopped", "is-crit"),
    "stop.tightened": Look("stop", "is-crit", "Stopped", "is-crit"),
    "stop.released": Look("start", "is-ok"),
    "call.failed": Look("fail", "is-crit", "Failed", "is-crit"),
    "call.outcome_unknown": Look("warn", "is-high", "Outcome unknown", "is-high"),
    "review.opened": Look("hold", "is-hold"),
    "review.edited": Look("user", "", "Edited", "is-run"),
    "review.rejected": Look("user", "is-crit", "Rejected", "is-crit"),
    "review.expired": Look("clock", "is-high", "Not decided in time", "is-high"),
    "review.refused": Look("no", "is-crit", "Not allowed", "is-crit"),
    "decision.undone": Look("undo", "is-high", "Undone", "is-high"),
}
_TROUBLE = (
    *("failed", "refused", "denied", "invalid", "escalated", "retried", "outcome_unknown", "expired", "stopped"),
    *("troubled", "not_repeated", "cancelled"),
)
_GROUPS = (
    ("tool", "Tool calls", ("call", "step.read")),
    ("reason", "Reasoning", ("turn",)),
    ("decision", "Decisions", ("review", "decision")),
)


def look_of(verb: str, data: Mapping[str, Any]) -> Look:
    """How an event looks. Events of models that are none say so."""
    look = _LOOKS.get(verb) or Look(_icon(verb, data), "")
    if look.tag or not verb.startswith(("turn.", "step.started")):
        return look
    model = data.get("model")
    info = describe(model) if isinstance(model, str) and model else None
    return look if info is None or info.real else look._replace(tag=f"{info.kind.capitalize()} model")


def _icon(verb: str, data: Mapping[str, Any]) -> str:
    prefix = verb.partition(".")[0]
    if prefix == "step" and data.get("kind") in _KINDS:
        return _KINDS[str(data["kind"])]
    return _PREFIXES.get(prefix, "data")


def groups_of(verbs: Iterable[str]) -> dict[str, Group]:
    """The filters that these verbs make possible, by name; the first shows everything."""
    verbs = tuple(sorted(verbs))
    groups = {"": Group("All", verbs)}
    for name, label, prefixes in _GROUPS:
        groups[name] = Group(label, tuple(verb for verb in verbs if {verb, verb.partition(".")[0]} & set(prefixes)))
    trouble = tuple(verb for verb in verbs if verb.partition(".")[2] in _TROUBLE)
    return groups | {"trouble": Group("Failures and refusals", trouble)}
