"""What every change of a contract shares: a locked tool, a new version, its digest computed from what is stored."""

from typing import Any

from agents.digests import contract_digest
from agents.models import Connection, Tool, ToolVersion
from agents.people import Person

_CARRIED = (
    "title",
    "description",
    "input_schema",
    "output_schema",
    "server_digest",
    "effect",
    "reversibility",
    "undo_note",
    "idempotency",
    "sentence",
    "short_sentence",
    "amount_argument",
    "currency",
    "sensitive",
    "timeout_seconds",
)


def locked_tools(connection: Connection) -> list[Tool]:
    """All tools of a connection with their contracts, locked in one order for everybody."""
    # The contracts are read by a statement of their own: one made while this one waits for the lock would be missing.
    tools = Tool.objects.filter(connection=connection).prefetch_related("current").order_by("id")
    found = list(tools.select_for_update(no_key=True))
    for tool in found:
        tool.connection = connection
    return found


def next_contract(tool: Tool, *, by: Person | None = None, **changed: Any) -> ToolVersion:
    """The next version of a locked tool's contract: the one before with some fields changed. The caller saves the tool.

    `by` is the admin whose judgement this version is; None when only the server or the address changed.
    """
    before = tool.current
    carried = {name: getattr(before, name) for name in _CARRIED} if before else {}
    version = ToolVersion(tool=tool, number=before.number + 1 if before else 1, created_by=by, **carried | changed)
    version.digest = contract_digest(version)
    version.save(force_insert=True)
    tool.current = version
    return version


def current(tool: Tool) -> ToolVersion:
    """The contract in force. Every tool has one from its first import on."""
    if tool.current is None:
        raise LookupError(f"{tool} has no contract.")
    return tool.current


def was_classified(tool: Tool) -> bool:
    """Whether an admin ever said what this tool does. Only their versions carry a name."""
    return tool.versions.filter(created_by__isnull=False).exists()


def stream(tool: Tool) -> str:
    """The audit stream of a tool."""
    return f"tool:{tool.ref}"
