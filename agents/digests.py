"""Digests of an agent and of a contract, computed from the stored rows.

The gateway computes them again before each effect and compares them with the stored ones, so that a row which was
changed behind the product's back stops the call. A contract's digest covers where its calls go, too: another address is
another contract.
"""

from typing import Any

from agents import contracts
from agents.models import AgentVersion, Connection, ToolVersion
from audit.canonical import digest

AGENT_DOMAIN = "holdshort/agent/1"

_CONTRACT_FIELDS = (
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
_PLACE_FIELDS = ("name", "environment", "kind", "transport", "server", "url", "credential")
_AGENT_FIELDS = ("instructions", "model", "max_turns", "max_calls", "max_tokens")


def contract_digest(version: ToolVersion) -> str:
    """SHA-256, as 64 hex digits, of a contract: the tool's name, where its calls go, and all it promises.

    Raises audit.canonical.NotCanonical for a row that no import could have stored.
    """
    return contracts.contract_digest(contract_fields(version))


def contract_fields(version: ToolVersion) -> dict[str, Any]:
    """Everything a contract's digest covers, as plain JSON values."""
    place: Connection = version.tool.connection
    fields = {name: _plain(getattr(version, name)) for name in _CONTRACT_FIELDS}
    return {
        "tool": version.tool.name,
        "connection": {name: str(getattr(place, name)) for name in _PLACE_FIELDS},
    } | fields


def agent_digest(version: AgentVersion) -> str:
    """SHA-256, as 64 hex digits, of an agent: its name, what it was told, its model and its limits."""
    fields = {name: _plain(getattr(version, name)) for name in _AGENT_FIELDS}
    return digest({"domain": AGENT_DOMAIN, "agent": version.agent.name} | fields)


def _plain(value: Any) -> Any:
    """Choices are texts before they are stored and must give the same digest as afterwards."""
    return str(value) if isinstance(value, str) else value
