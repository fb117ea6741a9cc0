"""What a reviewer gets to see, frozen when the question is asked: what the agent did, why, with which data.

Reasoning is always marked as the agent's own words. Everything is stored data: nothing is fetched when a page is
opened.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from agents.gateway import Read
from agents.gateway.trail import masked, masked_arguments
from agents.models import ToolCall
from agents.runtime.models import describe
from agents.states import CallState, Effect, Reversibility
from approvals.models import Decision
from audit.fixed import A_REF, AN_ID, Fixed
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.rows import HEAVY
from orchestrator.runs.models import Step, Turn

MAX_TEXT = 100_000
MAX_VALUE = 20_000
MAX_STORY = 1_000_000


def dossier_of(place: Place, *, call: ToolCall | None = None, reasoning: str = "", problem: str = "") -> dict[str, Any]:
    """The dossier of a question about a step, and about one of its calls where there is one."""
    run, version = place.run, place.step.agent_version
    events = sorted(_story(place), key=lambda event: event["at"])
    if reasoning and (not events or events[-1].get("text") != reasoning):
        events.append({"at": place.board.now.isoformat(), "kind": "think", "quote": True, "text": reasoning[:MAX_TEXT]})
    return {
        "run": {"ref": str(run.ref), "code": run.code, "title": run.title},
        "workflow": {"title": run.workflow_version.workflow.title, "version": run.workflow_version.number},
        "step": {"title": place.step.title, "position": place.step.position + 1, "of": len(place.board.steps)},
        "environment": run.environment,
        "started_by": str(run.started_by),
        "agent": _agent(place.step),
        "input": run.input,
        "asked": place.step.input,
        "story": _fitting(events),
        "trace": call.trace if call else [],
        "risk": call.risk if call else {},
        "contract": _contract(call),
        "problem": problem[:MAX_TEXT],
        "cost": str(run.cost),
        "tokens": run.input_tokens + run.output_tokens,
        "scripted": bool(version and not describe(version.model).real),
    }


def _fitting(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest events of a long story, and that there were others."""
    kept: list[dict[str, Any]] = []
    size = 0
    for event in reversed(events):
        size += len(json.dumps(event))
        if size > MAX_STORY:
            text = f"{len(events) - len(kept)} earlier events are left out here. The page of the run has them."
            kept.append({"at": event["at"], "kind": "note", "text": text})
            break
        kept.append(event)
    return kept[::-1]


def _agent(step: Step) -> dict[str, Any] | None:
    version = step.agent_version
    if version is None:
        return None
    return {
        "title": version.agent.title,
        "version": version.number,
        "model": describe(version.model).label,
        "real": describe(version.model).real,
        "acts_for": version.agent.represents,
    }


def _contract(call: ToolCall | None) -> dict[str, Any] | None:
    if call is None or call.tool_version is None:
        return None
    contract = call.tool_version
    return {
        "tool": call.tool_name,
        "version": contract.number,
        "effect": contract.effect,
        "reversibility": contract.reversibility,
        "reversibility_label": Reversibility(contract.reversibility).label,
        "undo_note": contract.undo_note,
        "digest": contract.digest,
    }


def _story(place: Place) -> Iterator[dict[str, Any]]:
    if place.board.story is not None:
        yield from place.board.story
        return
    for turn in _TURNS(place.run.pk):
        yield from _turn_events(turn)
    for call in _CALLS(place.run.ref):
        yield _call_event(call)
    for decision in _DECISIONS(place.run.ref):
        yield _decision_event(decision)


def _turns_of(run: int) -> QuerySet[Turn]:
    return Turn.objects.filter(step__run=run).select_related("step").defer("messages").order_by("ended_at")


def _calls_of(run: UUID) -> QuerySet[ToolCall]:
    calls = ToolCall.objects.filter(run_ref=run).exclude(state__in=(CallState.ALLOWED, CallState.HELD))
    return calls.select_related("tool_version").order_by("pk")


def _decisions_of(run: UUID) -> QuerySet[Decision]:
    decisions = Decision.objects.filter(review__run_ref=run, undone_at=None).select_related("by", "review")
    return decisions.defer(*(f"review__{name}" for name in HEAVY)).order_by("pk")


_TURNS, _CALLS, _DECISIONS = Fixed(_turns_of, AN_ID), Fixed(_calls_of, A_REF), Fixed(_decisions_of, A_REF)


def _turn_events(turn: Turn) -> Iterator[dict[str, Any]]:
    at = turn.ended_at.isoformat()
    if turn.text:
        yield {"at": at, "kind": "think", "quote": True, "text": turn.text[:MAX_TEXT], "step": turn.step.title}
    if turn.problem:
        yield {"at": at, "kind": "problem", "text": turn.problem[:MAX_TEXT], "step": turn.step.title}
    if turn.final:
        yield {"at": at, "kind": "output", "text": f"Finished {turn.step.title}.", "output": _short(turn.output)}


def _call_event(call: ToolCall) -> dict[str, Any]:
    sensitive = call.tool_version.sensitive if call.tool_version else []
    read = call.tool_version is not None and call.tool_version.effect == Effect.READ
    return _called(
        at=call.finished_at or call.intent_at or call.proposed_at,
        read=read,
        tool=call.tool_name,
        state=CallState(call.state),
        given=masked_arguments(call),
        came=masked(call.result, sensitive) if call.result is not None else call.error or call.reason,
    )


def read_event(read: Read, at: datetime) -> dict[str, Any]:
    """A call that only read, and was stored at this time, as `dossier_of` tells it."""
    state, told = CallState(read.columns["state"]), read.told
    came = told["result"] if told["result"] is not None else read.error
    return _called(at=at, read=True, tool=told["tool"], state=state, given=told["arguments"], came=came)


def _called(*, at: datetime, read: bool, tool: str, state: CallState, given: Any, came: Any) -> dict[str, Any]:
    """A call; `came` is what it gave back, or else why it did not."""
    done = state == CallState.SUCCEEDED
    return {
        "at": at.isoformat(),
        "kind": "data" if read and done else "tool",
        "tool": tool,
        "text": state.label,
        "failed": not done,
        "input": _short(given),
        "output": _short(came),
    }


def _decision_event(decision: Decision) -> dict[str, Any]:
    return {
        "at": decision.at.isoformat(),
        "kind": "person",
        "text": f"{decision.by}: {decision.get_verdict_display()}. {decision.review.short}",
        "quote_text": decision.reason,
        "output": decision.answer,
    }


def _short(value: Any) -> Any:
    """A value as it is, or its beginning as text where it is too large to be read in a review."""
    raw = json.dumps(value, ensure_ascii=False)
    return value if len(raw) <= MAX_VALUE else f"{raw[:MAX_VALUE]}… ({len(raw)} characters in all)"
