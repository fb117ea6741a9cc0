"""Proposing a call: its arguments made canonical, judged, and stored with the verdict. Nothing is sent here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from agents.contracts import BadArguments, BadSchema, Prepared, binding_digest, prepare
from agents.digests import agent_digest, contract_digest
from agents.gateway.facts import facts_of
from agents.gateway.trail import note
from agents.models import AgentVersion, Tool, ToolCall, ToolVersion
from agents.states import CallState
from agents.verdicts import Outcome, Reason, Route, Stage, Verdict, judge
from audit import canonical, text
from audit.fixed import A_TEXT, OTHER_TEXT, Fixed, FixedInsert
from audit.log import Party

_STATES = {Outcome.ALLOW: CallState.ALLOWED, Outcome.REVIEW: CallState.HELD, Outcome.DENY: CallState.DENIED}


@dataclass(frozen=True)
class Proposal:
    """Who wants to call what, where, and for which step of which run.

    `arguments` as the model wrote them, or a value. `within` are the refs of what lies around the run, its workflow
    first of all: a stop of one of them holds the call back. `began_at` is when the step began.
    """

    agent_version: AgentVersion
    tool_name: str
    arguments: bytes | Mapping[str, Any]
    environment: str
    run_ref: UUID
    step_ref: UUID
    call_key: str
    review_from: int
    fallback: Route
    reasoning: str = ""
    within: tuple[UUID, ...] = ()
    began_at: datetime | None = None


def propose(
    proposal: Proposal, *, replaces: ToolCall | None = None, by: Party | None = None
) -> tuple[ToolCall, Verdict]:
    """Judge a call and store it as allowed, held for a person, denied or invalid. Needs an open transaction.

    Nothing about a call is trusted: not the name of the tool, not the size or shape of the arguments. One that replaces
    another is never allowed by itself.
    """
    tool, contract = find_tool(proposal.tool_name, proposal.environment)
    prepared, problems = _prepare(proposal.arguments, contract)
    facts = facts_of(
        agent_version=proposal.agent_version,
        tool=tool,
        tool_name=proposal.tool_name,
        contract=contract,
        environment=proposal.environment,
        arguments=prepared.value if prepared else {},
        problems=problems,
        review_from=proposal.review_from,
        fallback=proposal.fallback,
    )
    verdict = judge(facts)
    if prepared is None and contract is not None:
        verdict = _with_form_problem(verdict, problems)
    call = _store(proposal, contract, prepared, verdict, replaces)
    note("call.proposed", call, actor=by, reasoning=proposal.reasoning, trace=call.trace, risk=call.risk)
    return call, verdict


def replace(call: ToolCall, arguments: bytes | Mapping[str, Any], *, by: Party) -> tuple[ToolCall, Verdict]:
    """A call with other arguments in the place of one that is held: judged anew from nothing, as if it were first.

    Where it would be allowed by itself it is held all the same: it goes on under the consent of the person who edited
    it.

    Raises BadArguments when they do not fit the contract; then nothing is stored.
    """
    if call.tool_version is None or call.agent_version is None:
        raise BadArguments([])
    prepare(_raw(arguments), call.tool_version.input_schema)
    edited = Proposal(
        agent_version=call.agent_version,
        tool_name=call.tool_name,
        arguments=arguments,
        environment=call.environment,
        run_ref=call.run_ref,
        step_ref=call.step_ref,
        call_key=f"{call.call_key}+{call.replacements.count() + 1}",
        review_from=call.review_from,
        fallback=Route(),
        within=tuple(call.within),
        began_at=call.step_began_at,
    )
    return propose(edited, replaces=call, by=by)


def digest_of(call: ToolCall) -> str:
    """The digest that binds everything a call will do, computed from what is stored now."""
    if call.tool_version is None or call.agent_version is None:
        return ""
    return binding_digest(
        tool=call.tool_name,
        contract_digest=contract_digest(call.tool_version),
        arguments=bytes(call.arguments),
        environment=call.environment,
        agent_digest=agent_digest(call.agent_version),
        run=str(call.run_ref),
    )


def find_tool(name: str, environment: str) -> tuple[Tool | None, ToolVersion | None]:
    """The tool of exactly this name in this environment (THREATS T40: byte for byte, no folding)."""
    connection, dot, tool_name = name.partition(".")
    if not dot or not name.isascii():
        return None, None
    tool = _TOOL.first(connection, environment, tool_name)
    if tool is None or tool.current is None:
        return tool, None
    tool.current.tool = tool
    return tool, tool.current


def _tools_of(connection: str, environment: str, name: str) -> QuerySet[Tool]:
    tools = Tool.objects.select_related("connection", "current")
    return tools.filter(connection__name=connection, connection__environment=environment, name=name)


_TOOL = Fixed(_tools_of, A_TEXT, OTHER_TEXT, "(a third text)")


def _prepare(raw: bytes | Mapping[str, Any], contract: ToolVersion | None) -> tuple[Prepared | None, tuple[str, ...]]:
    if contract is None:
        return None, ()
    try:
        return prepare(_raw(raw), contract.input_schema), ()
    except BadArguments as error:
        return None, tuple(problem.sentence for problem in error.problems)
    except BadSchema as error:
        return None, (f"The contract of the tool cannot be used. {error}",)


def _raw(arguments: bytes | Mapping[str, Any]) -> bytes | Mapping[str, Any]:
    return arguments if isinstance(arguments, bytes) else dict(arguments)


def _with_form_problem(verdict: Verdict, problems: tuple[str, ...]) -> Verdict:
    if problems:
        return verdict
    extra = Reason(Stage.CONTRACT, Outcome.DENY, "The arguments do not fit the contract.")
    return Verdict((*verdict.reasons, extra), verdict.risk, verdict.route)


def _store(
    proposal: Proposal,
    contract: ToolVersion | None,
    prepared: Prepared | None,
    verdict: Verdict,
    replaces: ToolCall | None,
) -> ToolCall:
    state = CallState.INVALID if prepared is None and contract is not None else _STATES[verdict.outcome]
    if state == CallState.ALLOWED and replaces is not None:
        state = CallState.HELD
    call = ToolCall(
        agent_version=proposal.agent_version,
        tool_version=contract,
        tool_name=text.escape(proposal.tool_name)[:200],
        environment=proposal.environment,
        run_ref=proposal.run_ref,
        step_ref=proposal.step_ref,
        within=list(proposal.within),
        step_began_at=proposal.began_at,
        call_key=proposal.call_key,
        replaces=replaces,
        review_from=proposal.review_from,
        arguments=prepared.canonical if prepared else _kept(proposal.arguments),
        state=state,
        reason=text.escape(verdict.decisive) if verdict.outcome != Outcome.ALLOW else "",
        trace=verdict.trace(),
        risk=verdict.risk.as_json(),
    )
    call.digest = digest_of(call) if prepared else ""
    return _INSERT(call)


_INSERT = FixedInsert(ToolCall)


def _kept(arguments: bytes | Mapping[str, Any]) -> bytes:
    """What was proposed, as far as it is worth keeping, when it could not be made canonical."""
    if isinstance(arguments, bytes):
        return arguments[:4096]
    try:
        return canonical.dump(dict(arguments))[:4096]
    except canonical.NotCanonical:
        return repr(dict(arguments)).encode("utf-8", "backslashreplace")[:4096]
