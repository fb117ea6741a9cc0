"""Glyph, colour and word of each state. Words come from the states themselves, so the two cannot drift apart."""

from typing import NamedTuple

from django.db.models import TextChoices

from agents.states import CallState, GrantEffect, NoteState, ToolState
from approvals.states import ReviewState
from orchestrator.runs.states import RunState, StepState


class Look(NamedTuple):
    """How a state is shown: a CSS meaning class, a symbol of the sprite, and a word."""

    css: str
    icon: str
    word: str


KINDS: dict[str, type[TextChoices]] = {
    "run": RunState,
    "step": StepState,
    "call": CallState,
    "review": ReviewState,
    "grant": GrantEffect,
    "tool": ToolState,
    "note": NoteState,
}

DONE, WAIT, RUN = ("is-ok", "okc"), ("is-hold", "hold"), ("is-run", "runs")
FAIL, FORBID, FINDING = ("is-crit", "fail"), ("is-crit", "no"), ("is-high", "warn")
LATER, OFF = ("is-off", "ring"), ("is-off", "dash")

_LOOKS: dict[str, tuple[str, str]] = {
    "pending": LATER,
    "running": RUN,
    "waiting": WAIT,
    "resting": ("is-run", "clock"),
    "succeeded": DONE,
    "failed": FAIL,
    "stopped": ("is-crit", "stop"),
    "skipped": OFF,
    "allowed": DONE,
    "held": WAIT,
    "executing": RUN,
    "outcome_unknown": FINDING,
    "invalid": FAIL,
    "denied": FORBID,
    "rejected": FAIL,
    "expired": ("is-off", "clock"),
    "superseded": OFF,
    "withdrawn": OFF,
    "open": WAIT,
    "approved": DONE,
    "edited": ("is-run", "okc"),
    "answered": DONE,
    "review": WAIT,
    "forbidden": FORBID,
    "new": ("is-run", "plus"),
    "ready": DONE,
    "changed": FINDING,
    "missing": FAIL,
    "proposed": WAIT,
    "accepted": DONE,
    "corrected": ("is-run", "okc"),
    "deleted": OFF,
}
_EXCEPTIONS = {("call", "allowed"): LATER}


def look_of(state: str, kind: str = "run") -> Look:
    """The look of a state of one kind. A state nobody knows is shown by its own name, in grey."""
    css, icon = _EXCEPTIONS.get((kind, state)) or _LOOKS.get(state, LATER)
    words: dict[str, str] = dict(KINDS[kind].choices) if kind in KINDS else {}
    return Look(css, icon, words.get(state, state.replace("_", " ").capitalize()))
