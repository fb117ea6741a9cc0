"""What is put before a person, for each kind of question.

What will happen is told from the contract and the arguments.
"""

from typing import Any

from agents import sentences
from agents.gateway.facts import risk_of
from agents.gateway.trail import masked
from agents.models import ToolCall
from agents.verdicts import Risk, Route
from agents.verdicts import Verdict as Judgement
from approvals.actions import Ask
from approvals.states import ReviewKind, Verdict
from audit import canonical
from audit.log import SYSTEM, Party, party
from orchestrator.runs.engine.board import Place
from orchestrator.runs.engine.dossier import dossier_of
from orchestrator.runs.engine.routes import route_of
from orchestrator.workflows.schema import Definition, HumanStep, ReviewRule, output_schema

NO_RISK = Risk(0, 1, ())


def about_call(place: Place, call: ToolCall, verdict: Judgement, reasoning: str) -> Ask:
    """May this call be made?"""
    return _ask(
        place,
        kind=ReviewKind.ACTION,
        call=call,
        risk=verdict.risk,
        route=verdict.route,
        asked_by=_agent(place),
        dossier=dossier_of(place, call=call, reasoning=reasoning),
        **_words(call),
    )


def about_unknown(place: Place, call: ToolCall) -> Ask:
    """Did this call have its effect?"""
    words = _words(call)
    return _ask(
        place,
        kind=ReviewKind.UNKNOWN,
        call=call,
        risk=risk_of(call.tool_version, _arguments(call), place.run.environment),
        route=place.route,
        asked_by=SYSTEM,
        dossier=dossier_of(place, call=call, problem=call.error),
        sentence=[{"text": "Find out whether this happened: ", "value": False}, *words["sentence"]],
        short=f"Did it happen? {words['short']}",
        amount=words["amount"],
    )


def about_form(place: Place) -> Ask:
    """The question that the definition puts to a person."""
    assert isinstance(place.spec, HumanStep)
    return _ask(
        place,
        kind=ReviewKind.FORM,
        risk=NO_RISK,
        route=place.route,
        asked_by=SYSTEM,
        dossier=dossier_of(place),
        sentence=[{"text": place.spec.title, "value": False}],
        short=f"{place.spec.title}: {place.run.title}",
        form_schema=place.spec.form,
    )


def about_failure(place: Place, reason: str) -> Ask:
    """What shall become of a step that cannot go on by itself?"""
    spec, rule = place.spec, place.escalation_rule
    offers = [Verdict.RETRY, Verdict.RETRY_EDITED, Verdict.SKIP, Verdict.FALL_BACK, Verdict.TERMINATE]
    kept = {
        Verdict.RETRY_EDITED: place.step.input is not None and place.step.total is None,
        Verdict.FALL_BACK: spec.fallback is not None,
    }
    return _ask(
        place,
        rule=rule,
        kind=ReviewKind.ESCALATION,
        risk=NO_RISK,
        route=route_of(rule),
        asked_by=SYSTEM,
        dossier=dossier_of(place, problem=reason),
        sentence=[
            {"text": "Decide how to go on with ", "value": False},
            {"text": place.step.title, "value": True},
            {"text": " of ", "value": False},
            {"text": place.run.title, "value": True},
        ],
        short=f"{place.step.title} needs help: {place.run.title}",
        verdicts=[verdict for verdict in offers if kept.get(verdict, True)],
        form_schema={
            "type": "object",
            "properties": {"input": {"title": "Input of the step"}, "value": _value_schema(place)},
            "additionalProperties": False,
        },
    )


def about_withdrawal(place: Place, why: str, route: Route) -> Ask:
    """Shall the run go on by a version that was withdrawn? `place` is the step that would come next."""
    run = place.run
    return _ask(
        place,
        rule=place.escalation_rule,
        kind=ReviewKind.VERSION,
        risk=NO_RISK,
        route=route,
        asked_by=SYSTEM,
        dossier=dossier_of(place, problem=why),
        sentence=[
            {"text": "Decide whether ", "value": False},
            {"text": run.title, "value": True},
            {"text": " goes on by the withdrawn version ", "value": False},
            {"text": str(run.workflow_version.number), "value": True},
        ],
        short=f"Version {run.workflow_version.number} was withdrawn: {run.title}",
    )


def about_plan(place: Place, definition: Definition) -> Ask:
    """May this plan be carried out?"""
    steps = [
        {
            "id": step.id,
            "title": step.title,
            "kind": step.kind,
            "needs": list(definition.needs[step.id]),
            "with": step.inputs,
            "tool": getattr(step, "tool", ""),
            "agent": getattr(step, "agent", ""),
        }
        for step in definition.steps
    ]
    count = len(steps)
    return _ask(
        place,
        kind=ReviewKind.PLAN,
        risk=NO_RISK,
        route=place.route,
        asked_by=SYSTEM,
        dossier={**dossier_of(place), "plan": steps},
        sentence=[
            {"text": "Carry out a plan of ", "value": False},
            {"text": f"{count} {'step' if count == 1 else 'steps'}", "value": True},
            {"text": " for ", "value": False},
            {"text": place.run.title, "value": True},
        ],
        short=f"Plan of {count} {'step' if count == 1 else 'steps'}: {place.run.title}",
    )


def _value_schema(place: Place) -> dict[str, Any]:
    """What a person has to write where a step is taken as done."""
    return {"title": "Output of the step", **(output_schema(place.spec) or {})}


def _ask(place: Place, *, rule: ReviewRule | None = None, **given: Any) -> Ask:
    run, rule = place.run, rule or place.rule
    assert rule.due is not None and rule.expires is not None
    version = place.step.agent_version
    return Ask(
        run_ref=run.ref,
        step_ref=place.step.ref,
        started_by=run.started_by,
        workflow_name=run.workflow_version.workflow.title,
        agent_name=version.agent.title if version else "",
        due=rule.due,
        expires=rule.expires,
        **given,
    )


def _words(call: ToolCall) -> dict[str, Any]:
    """The sentence, its short form and the amount of a call.

    They go into lists and into the record, so what is sensitive is masked; the arguments themselves show it in full.
    """
    contract, arguments = call.tool_version, _arguments(call)
    if contract is None:
        return {"sentence": [{"text": f"Call {call.tool_name}", "value": False}], "short": call.tool_name, "amount": ""}
    arguments = masked(arguments, contract.sensitive)
    parts = sentences.sentence(contract.sentence, arguments, tool=call.tool_name)
    short = sentences.sentence(contract.short_sentence or contract.sentence, arguments, tool=call.tool_name)
    return {
        "sentence": [{"text": part.text, "value": part.value} for part in parts],
        "short": "".join(part.text for part in short),
        "amount": sentences.amount_of(arguments, contract.amount_argument, contract.currency) or "",
    }


def _arguments(call: ToolCall) -> dict[str, Any]:
    value = canonical.parse(bytes(call.arguments))
    return value if isinstance(value, dict) else {}


def _agent(place: Place) -> Party:
    version = place.step.agent_version
    return party(version.agent) if version else SYSTEM
