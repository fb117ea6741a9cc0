"""Connectors: how calls reach real systems. Only `agents.gateway` may import this package."""

from agents.connectors.base import (
    Connector,
    ConnectorError,
    ListReport,
    RemoteTool,
    Reply,
    Target,
    TooLate,
    longest_call,
)
from agents.connectors.python import PythonConnector
from agents.python_tools import CallContext

__all__ = [
    "CallContext",
    "Connector",
    "ConnectorError",
    "ListReport",
    "RemoteTool",
    "Reply",
    "Target",
    "TooLate",
    "close_all",
    "connector_for",
    "longest_call",
]

_PYTHON = PythonConnector()


def connector_for(kind: str) -> Connector:
    """The connector of a kind of connection. Raises LookupError for an unknown kind."""
    if kind == "python":
        return _PYTHON
    if kind != "mcp":
        raise LookupError(f"There is no connector of kind {kind!r}; the known kinds are “mcp” and “python”.")
    from agents.connectors.mcp import McpConnector  # the SDK takes half a second to import: only where it is used

    return McpConnector()


def close_all() -> None:
    """Close every open session of this process and wait until the programs it started are gone."""
    from agents.connectors.background import stop

    stop()
