"""Digests that bind a decision to what was seen. Each has a domain tag, so that no digest can pass for another kind."""

from collections.abc import Mapping
from typing import Any

from audit.canonical import digest, digest_bytes

ACTION_DOMAIN = "holdshort/action/1"
CONTRACT_DOMAIN = "holdshort/contract/1"


def binding_digest(
    *, tool: str, contract_digest: str, arguments: bytes, environment: str, agent_digest: str, run: str
) -> str:
    """SHA-256, as 64 hex digits, over everything that decides what a call will do.

    `arguments` are the canonical bytes made by `prepare`; they go in by their own digest, never reparsed.
    """
    return digest(
        {
            "domain": ACTION_DOMAIN,
            "tool": tool,
            "contract": contract_digest,
            "arguments": digest_bytes(arguments),
            "environment": environment,
            "agent": agent_digest,
            "run": run,
        }
    )


def contract_digest(fields: Mapping[str, Any]) -> str:
    """SHA-256, as 64 hex digits, of a tool's contract: every field whose change makes it another contract.

    Raises audit.canonical.NotCanonical where a field has no single JSON form.
    """
    return digest({"domain": CONTRACT_DOMAIN, "fields": dict(fields)})
