"""Looking at a stored call again, just before it is sent: is it what was proposed, and may it still happen?

Nothing that was found out before counts. Everything is read from rows and hashed anew.
"""

from agents.consent import Consent
from agents.digests import agent_digest, contract_digest
from agents.gateway.facts import facts_of
from agents.gateway.propose import digest_of
from agents.models import ToolCall
from agents.states import CallState
from agents.verdicts import Outcome, Route, judge
from audit import canonical


def why_not(call: ToolCall, agreed: Consent | None) -> str:
    """The first reason not to send a call, as a sentence; empty when there is none."""
    try:
        return _changed(call) or _verdict_now(call, agreed)
    except canonical.NotCanonical:
        return "What is stored of this call, its contract or its agent can no longer be read."


def _changed(call: ToolCall) -> str:
    """How what is stored differs from what was proposed, as a sentence; empty when it does not."""
    contract, agent_version = call.tool_version, call.agent_version
    if contract is None or agent_version is None:
        return "This call has no contract."
    if contract_digest(contract) != contract.digest or contract.tool.current_id != contract.pk:
        return "The contract of the tool changed after this call was proposed."
    if agent_digest(agent_version) != agent_version.digest:
        return "The agent's instructions changed after this call was proposed."
    if digest_of(call) != call.digest:
        return "What is stored is not what was proposed: the digest does not match."
    return ""


def _verdict_now(call: ToolCall, agreed: Consent | None) -> str:
    """Why the checks, or the person who had to consent, would not let the call happen now; empty when they would."""
    assert call.tool_version is not None and call.agent_version is not None
    facts = facts_of(
        agent_version=call.agent_version,
        tool=call.tool_version.tool,
        tool_name=call.tool_name,
        contract=call.tool_version,
        environment=call.environment,
        arguments=canonical.parse(bytes(call.arguments)),
        problems=(),
        review_from=call.review_from,
        fallback=Route(),
    )
    verdict = judge(facts)
    if verdict.outcome == Outcome.DENY:
        return verdict.decisive
    was_held = call.state == CallState.HELD or call.consent_ref is not None
    if verdict.outcome == Outcome.ALLOW and not was_held:
        return ""
    if agreed is None:
        return "Nobody has approved this call."
    if agreed.problem:
        return agreed.problem
    return "" if agreed.digest == call.digest else "What was approved is not what is stored: the digest does not match."
