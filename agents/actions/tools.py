"""Saying what a tool does: the part of its contract that no server may decide about itself."""

from collections.abc import Mapping
from dataclasses import asdict

from django.db import transaction

from agents import exceptions, hooks, signals
from agents.access import access_connection, access_tool
from agents.actions.contracts import current, locked_tools, next_contract, stream, was_classified
from agents.classification import check
from agents.models import Connection, Tool, ToolVersion
from agents.people import Person
from agents.states import Effect, Idempotency, Reversibility, ToolState
from agents.values import Classification
from audit.log import party, record


def classify_tool(*, tool: Tool, by: Person, classification: Classification, seen: str) -> ToolVersion:
    """Say what a tool does, and make it ready. Reviews that are open for another classification are void.

    `seen` is the digest of the contract that the person looked at: what the server changed after that is not classified
    unseen (SeenOther). Raises BadClassification or BadSentence with the field it is about, PermissionDenied without
    agents.change_tool.
    """
    with transaction.atomic(durable=True):
        tool = access_tool(by, tool.ref, change=True, lock=True)
        before = current(tool)
        if before.digest != seen:
            raise exceptions.SeenOther
        if tool.state == ToolState.MISSING:
            raise exceptions.BadClassification(
                "The server does not offer this tool any more. Import the tools again first."
            )
        check(classification, before.input_schema)
        if tool.state == ToolState.READY and classification_of(before) == classification:
            return before
        version = _judge(tool, by, classification, verb="tool.classified")
        hooks.contracts_changed([tool])
        signals.announce(signals.contract_changed, tool.ref)
    return version


def confirm_tools(*, connection: Connection, by: Person, seen: Mapping[str, str]) -> list[str]:
    """Keep the classification of changed tools and make them ready: those in `seen`, digest by name.

    Returns the names of the tools that stay as they are, because they changed again or their classification does not
    fit the new definition. Raises PermissionDenied without agents.change_tool.
    """
    with transaction.atomic(durable=True):
        connection = access_connection(by, connection.ref, lock=True)
        tools = [tool for tool in locked_tools(connection) if tool.state == ToolState.CHANGED and tool.name in seen]
        return [tool.name for tool in tools if not _confirm(tool, by, seen[tool.name])]


def classification_of(version: ToolVersion) -> Classification:
    """What a contract says about its tool beyond what the server said."""
    return Classification(
        effect=Effect(version.effect),
        reversibility=Reversibility(version.reversibility),
        undo_note=version.undo_note,
        idempotency=Idempotency(version.idempotency),
        sentence=version.sentence,
        short_sentence=version.short_sentence,
        amount_argument=version.amount_argument,
        currency=version.currency,
        sensitive=tuple(version.sensitive),
        timeout_seconds=version.timeout_seconds,
    )


def _confirm(tool: Tool, by: Person, seen: str) -> bool:
    version = current(tool)
    if version.digest != seen or not was_classified(tool):
        return False
    access_tool(by, tool.ref, change=True)
    classification = classification_of(version)
    try:
        check(classification, version.input_schema)
    except exceptions.NotChanged:
        return False
    _judge(tool, by, classification, verb="tool.confirmed")
    return True


def _judge(tool: Tool, by: Person, classification: Classification, *, verb: str) -> ToolVersion:
    values = {**asdict(classification), "sensitive": list(classification.sensitive)}
    version = next_contract(tool, by=by, **values)
    tool.state = ToolState.READY
    tool.save(update_fields=["current", "state"])
    record(verb, actor=party(by), subject=party(tool), stream=stream(tool), data={"digest": version.digest, **values})
    return version
