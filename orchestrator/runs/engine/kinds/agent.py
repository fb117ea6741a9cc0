"""Steps in which an agent works: ask the model, carry out what it asks for, tell it what happened, until it is done.

Every answer of the model is stored, and every call it asks for is judged, in one transaction; then the next thing
follows from the rows. Garbage never reaches a tool: after two repairs a person is asked.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from agents.models import ToolCall
from agents.runtime.models import describe
from agents.runtime.values import Exchange, ToolAnswer
from agents.states import CallState
from audit.fixed import AN_ID, OTHER_ID, Fixed
from audit.log import party, record
from audit.text import shorten
from orchestrator.runs.engine import handing, stopping, tellings, toolbox
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.kinds import calls
from orchestrator.runs.engine.results import Again, Broke, Done, Execute, Park, Result
from orchestrator.runs.engine.work import AskModel, ModelAnswered
from orchestrator.runs.models import Turn
from orchestrator.workflows.schema import AgentStep

MAX_REPAIRS = 2
MAX_TRIES = 3
MAX_SAME_CALL = 3
MAX_REASONING = 8_000
"""Characters of an answer that are repeated with each call it asks for; the turn has all of it."""


def _turns_of(step: int, attempt: int) -> QuerySet[Turn]:
    return Turn.objects.filter(step=step, attempt=attempt).defer("messages").order_by("number")


_TURNS = Fixed(_turns_of, AN_ID, OTHER_ID)


def proceed(place: Place) -> Result:
    """What this step needs next, from its turns and calls."""
    version = place.step.agent_version
    if version is None:
        return Broke(f'There is no agent "{_spec(place).agent}" that could work.')
    turns = _TURNS(place.step.pk, place.step.attempt)
    if not turns:
        return _ask(place, 1, turns)
    last = turns[-1]
    if last.final:
        return Done(last.output)
    progress = _carry_out(place, calls.of_turn(place.step, last))
    if progress is not None:
        return progress
    broke = _limit(place, handing.leg(place, turns))
    return broke or _ask(place, last.number + 1, turns)


def accept(place: Place, answered: ModelAnswered) -> Result | None:
    """Store what came back from a model. A result is returned only when nothing came, and it says how to go on."""
    if answered.exchange is None:
        return _unanswered(place, answered)
    place.step.tries = 0
    answer = answered.exchange
    _record(place, answered.number, answer)
    requests = _judged(place, answered.number, answer) if answer.requests else []
    turn = _store(place, answered, answer, requests)
    _count_use(place, turn)
    return None


def _carry_out(place: Place, asked: Sequence[ToolCall]) -> Result | None:
    """Move the calls of a turn on; None when all have ended.

    Calls that are asked for together do not wait for each other: what a person approved happens when they were told.
    """
    waiting = []
    for call in asked:
        progress = calls.advance(place, call)
        if isinstance(progress, Park):
            waiting.append(progress.until)
        elif progress is not None:
            return progress
    return Park(min(waiting)) if waiting else None


def _spec(place: Place) -> AgentStep:
    assert isinstance(place.spec, AgentStep)
    return place.spec


def _ask(place: Place, number: int, turns: Sequence[Turn]) -> Execute | Park:
    """Ask the model once more, unless a stop is open. Who has just taken the task over begins a new conversation."""
    stopped = stopping.held_back(place)
    if stopped is not None:
        return stopped
    version, spec = place.step.agent_version, _spec(place)
    assert version is not None
    own = handing.leg(place, turns)
    last = own[-1] if own else None
    box = toolbox.of(version.agent, place.run.environment)
    task = {**(place.step.input or {}), **(handing.context_of(place, turns) if not own else {})}
    work = AskModel(
        step_id=place.step.pk,
        fence=place.step.fence,
        number=number,
        model=version.model,
        instructions=version.instructions,
        task=json.dumps(task, ensure_ascii=False, indent=1),
        tools=(*box.specs, *handing.tools_for(spec)),
        output_schema=spec.output,
        history=bytes(last.messages) if last else None,
        answers=_answers(place, last) if last else (),
        repair=last.problem or None if last else None,
        seconds=float(settings.HOLDSHORT_MODEL_SECONDS),
    )
    return Execute(work)


def _answers(place: Place, turn: Turn) -> Sequence[ToolAnswer]:
    """What the model is told about the calls of a turn. The runtime itself refuses the calls of an unusable one."""
    if turn.problem:
        return []
    by_key = {call.call_key: call for call in calls.of_turn(place.step, turn)}
    return [
        ToolAnswer(
            request["call_id"],
            request["tool"],
            {"status": "invalid", "reason": request["refused"]}
            if "refused" in request
            else tellings.tell(calls.latest(by_key[request["key"]])),
        )
        for request in turn.requests
    ]


def _limit(place: Place, turns: list[Turn]) -> Broke | None:
    """Why the agent may not be asked again; None when it may."""
    version = place.step.agent_version
    if version is None or not turns:
        return None
    mistakes = 0
    for turn in reversed(turns):
        if not turn.problem and not any(request.get("mistake") for request in turn.requests):
            break
        mistakes += 1
    if mistakes > MAX_REPAIRS:
        sentence = f"The agent's answers could not be used {mistakes} times in a row. {turns[-1].problem}"
        return Broke(sentence.strip(), "garbage")
    if len(turns) >= min(_spec(place).max_turns or version.max_turns, version.max_turns):
        return Broke(f"The agent used all its {len(turns)} turns without an answer.")
    if sum(turn.input_tokens + turn.output_tokens for turn in turns) > version.max_tokens:
        return Broke(f"The agent used more than its {version.max_tokens} tokens.")
    if sum(len(turn.requests) for turn in turns) > version.max_calls:
        return Broke(f"The agent asked for more than its {version.max_calls} calls.")
    repeated = _repetition(place, turns[-1])
    return Broke(repeated) if repeated else None


def _repetition(place: Place, last: Turn) -> str:
    for call in calls.of_turn(place.step, last):
        same = ToolCall.objects.filter(
            step_ref=place.step.ref, tool_name=call.tool_name, arguments=bytes(call.arguments)
        )
        if same.filter(call_key__startswith=f"{place.step.attempt}.").count() > MAX_SAME_CALL:
            return f"The agent keeps asking for the same call of {call.tool_name}."
    return ""


def _unanswered(place: Place, answered: ModelAnswered) -> Result:
    place.step.tries += 1
    if answered.retry and place.step.tries < MAX_TRIES:
        return Again(place.board.now + timedelta(seconds=2**place.step.tries))
    return Broke(f"The model did not answer: {answered.error}", "unavailable")


def _judged(place: Place, number: int, exchange: Exchange) -> list[dict[str, Any]]:
    """Propose the calls the model asked for; what is kept of the requests in the turn.

    An answer that is of no use as a whole carries no requests.
    """
    version = place.step.agent_version
    assert version is not None
    names = toolbox.of(version.agent, place.run.environment).full_names
    reasoning = shorten(exchange.text, MAX_REASONING)
    kept = []
    for request in exchange.requests:
        key = f"{place.step.attempt}.{number}.{request.call_id}"
        if handing.is_hand_off(_spec(place), request.tool):
            refused = handing.pass_on(place, number, request.arguments)
            told = {"mistake": True, "refused": refused} if refused else {"mistake": False}
            kept.append({"call_id": request.call_id, "tool": request.tool, "key": key, **told})
            continue
        name = names.get(request.tool, request.tool)
        call = calls.propose(place, version, name, request.arguments, key, reasoning=reasoning)
        mistake = call.state == CallState.INVALID or call.tool_version is None
        kept.append({"call_id": request.call_id, "tool": request.tool, "key": key, "mistake": mistake})
    return kept


def _store(place: Place, answered: ModelAnswered, exchange: Exchange, requests: list[dict[str, Any]]) -> Turn:
    return Turn.objects.create(
        step=place.step,
        attempt=place.step.attempt,
        number=answered.number,
        messages=exchange.messages,
        requests=requests,
        text=exchange.text,
        output=exchange.output,
        final=exchange.final,
        problem=exchange.problem or "",
        model=exchange.model_name[:200],
        input_tokens=exchange.usage.input_tokens,
        output_tokens=exchange.usage.output_tokens,
        cost=exchange.usage.cost,
        started_at=answered.started_at,
        ended_at=answered.ended_at,
    )


def _count_use(place: Place, turn: Turn) -> None:
    place.run.input_tokens += turn.input_tokens
    place.run.output_tokens += turn.output_tokens
    if turn.cost is not None:
        place.run.cost += turn.cost
    elif place.step.agent_version and describe(place.step.agent_version.model).real:
        place.run.cost_known = False


def _record(place: Place, number: int, exchange: Exchange) -> None:
    version = place.step.agent_version
    assert version is not None
    record(
        "turn.recorded",
        actor=party(version.agent),
        subject=party(place.step),
        stream=place.board.stream,
        data={
            "step": str(place.step.ref),
            "step_title": place.step.title,
            "agent": version.agent.title,
            "agent_version": version.number,
            "turn": number,
            "model": exchange.model_name,
            "tokens": exchange.usage.input_tokens + exchange.usage.output_tokens,
            "cost": None if exchange.usage.cost is None else str(exchange.usage.cost),
            "reasoning": exchange.text,
            "asked_for": [request.tool for request in exchange.requests],
            "output": exchange.output,
            "problem": exchange.problem or "",
        },
    )
