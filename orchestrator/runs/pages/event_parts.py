"""What stands in an event, sorted for reading: the agent's own words, values in and out, plain facts. Pure.

The keys that Holdshort writes have names here; a key that nobody knows is shown under its own name rather than hidden.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

BLOCKS = {
    "arguments": "Input",
    "input": "Input",
    "result": "Output",
    "output": "Output",
    "answer": "Answer",
    "error": "Error",
    "problem": "Problem",
    "trace": "Why it was decided so",
}
FACTS = {
    "step_title": "Step",
    "workflow": "Workflow",
    "version": "Version",
    "agent": "Agent",
    "agent_version": "Agent version",
    "turn": "Turn",
    "attempt": "Try",
    "model": "Model",
    "tool": "Tool",
    "asked_for": "Asked for",
    "tokens": "Tokens",
    "reviewer": "Asked",
    "verdict": "Verdict",
    "reason_code": "Reason",
    "reason": "Because",
    "text": "Comment",
    "risk": "Risk",
    "began": "Began",
    "at": "Next try at",
    "due": "Due",
    "expires": "Expires",
    "held_until": "Takes effect at",
    "digest": "Digest of the call",
    "seen_digest": "Digest that was seen",
    "call_digest": "Digest of the call",
    "dossier": "Digest of the case file",
    "code": "Review",
    "step": "Reference of the step",
    "call": "Reference of the call",
    "review": "Reference of the review",
    "decision": "Reference of the decision",
}
CODES = frozenset(["digest", "seen_digest", "call_digest", "dossier", "call", "step", "review", "decision", "run"])
CHANGE, CHECK = ("path", "before", "after"), ("stage", "outcome", "text")
ELSEWHERE = frozenset(["reasoning", "changes", "trace", "cost", "kind"])  # shown in a place of their own
MOMENTS = frozenset(["due", "expires", "held_until", "began", "at"])
MOST_FACTS = 40
SHORT_FACT = 60  # characters that still fit beside other facts


class Block(NamedTuple):
    """A value worth a box of its own. `raw` text is shown as it is, anything else as JSON."""

    label: str
    value: Any
    raw: bool


class Fact(NamedTuple):
    """A value under its name. `moment` is set where the value is a time."""

    label: str
    value: str
    moment: datetime | None = None


class Check(NamedTuple):
    """One check of the gateway and what it found."""

    stage: str
    outcome: str
    text: str


class Change(NamedTuple):
    """One value a person changed. What was not there before, or is gone after, is None."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Parts:
    """The contents of an event. Words are longer than facts; codes are what machines compare."""

    reasoning: str
    blocks: tuple[Block, ...]
    facts: tuple[Fact, ...]
    words: tuple[Fact, ...]
    codes: tuple[Fact, ...]
    changes: tuple[Change, ...]
    checks: tuple[Check, ...]
    review: str


def parts_of(data: Mapping[str, Any]) -> Parts:
    """The contents of an event, whatever they are."""
    claim, review = data.get("reasoning"), data.get("review")
    changes = tuple(Change(str(path), _side(old), _side(new)) for path, old, new in _table(data, "changes", CHANGE))
    checks = tuple(Check(*map(_plain, row)) for row in _table(data, "trace", CHECK))
    shown = {key: value for key, value in data.items() if key not in ELSEWHERE and _worth(value)}
    if not isinstance(claim, str) and _worth(claim):
        shown["reasoning"] = claim
    for key, understood in (("changes", changes), ("trace", checks)):
        if not understood and _worth(data.get(key)):
            shown[key] = data[key]
    if isinstance(shown.get("risk"), dict):
        shown["risk"] = _risk(shown["risk"])
    small = sorted((key for key in shown if key not in BLOCKS and _is_small(shown[key])), key=_place)
    large = sorted((key for key in shown if key not in small), key=_place)
    blocks = [Block(BLOCKS.get(key, _title(key)), shown[key], isinstance(shown[key], str)) for key in large]
    if len(small) > MOST_FACTS:
        blocks.append(Block("More", {key: shown[key] for key in small[MOST_FACTS:]}, raw=False))
    facts = {key: _fact(key, shown[key]) for key in small[:MOST_FACTS]}
    return Parts(
        reasoning=claim if isinstance(claim, str) else "",
        blocks=tuple(blocks),
        facts=tuple(fact for key, fact in facts.items() if key not in CODES and len(fact.value) <= SHORT_FACT),
        words=tuple(fact for key, fact in facts.items() if key not in CODES and len(fact.value) > SHORT_FACT),
        codes=tuple(fact for key, fact in facts.items() if key in CODES),
        changes=changes,
        checks=checks,
        review=review if isinstance(review, str) else "",
    )


def _fact(key: str, value: Any) -> Fact:
    moment = None
    if key in MOMENTS and isinstance(value, str):
        with suppress(ValueError):
            moment = datetime.fromisoformat(value)
    known = moment if moment and moment.tzinfo else None
    return Fact(FACTS.get(key, _title(key)), _plain(value), known)


def _place(key: str) -> int:
    """Where a key stands among others: the known ones first, in the order people read them."""
    return _ORDER.get(key, len(_ORDER))


_ORDER = {key: place for place, key in enumerate((*BLOCKS, *FACTS))}


def _table(data: Mapping[str, Any], key: str, columns: tuple[str, ...]) -> list[list[Any]]:
    """A list of objects as rows; empty unless each has exactly these columns, as Holdshort writes them."""
    items = data.get(key) if isinstance(data.get(key), list) else []
    if not all(isinstance(item, dict) and set(item) == set(columns) for item in items or ()):
        return []
    return [[item[column] for column in columns] for item in items or ()]


def _risk(risk: dict[str, Any]) -> Any:
    """A risk in words where it has the form in which Holdshort writes it: its score and what it is made of."""
    factors = risk.get("factors")
    pairs = factors if isinstance(factors, list) else []
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs) or "score" not in risk:
        return risk
    return f"{_plain(risk['score'])} of 100: " + ", ".join(f"{_plain(name)} {_plain(points)}" for name, points in pairs)


def _side(value: Any) -> str | None:
    return None if value is None else _plain(value)


def _worth(value: Any) -> bool:
    """Whether there is anything to show. Zero and False are."""
    return value is not None and value not in ("", [], {})


def _is_small(value: Any) -> bool:
    """Whether a value fits on one line: a scalar, or a short list of them."""
    if isinstance(value, list):
        return len(value) <= 20 and not any(isinstance(item, dict | list) for item in value)
    return not isinstance(value, dict)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _title(key: str) -> str:
    return key.replace("_", " ").strip().capitalize() or "Value"
