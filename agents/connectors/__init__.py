"""Connectors: how calls reach real systems. Only `agents.gateway` may import this package."""

from agents.connectors.base import Connector, ConnectorError, ListReport, RemoteTool, Reply, Target, longest_call

__all__ = [
    "Connector",
    "ConnectorError",
    "ListReport",
    "RemoteTool",
    "Reply",
    "Target",
    "close_all",
    "connector_for",
    "longest_call",
]


def connector_for(kind: str) -> Connector:
    """The connector of a kind of connection. Raises LookupError for an unknown kind."""
    if kind != "mcp":
        raise LookupError(f"There is no connector of kind {kind!r}; the known kind is “mcp”.")
    from agents.connectors.mcp import McpConnector  # the SDK takes half a second to import: only where it is used

    return McpConnector()


def close_all() -> None:
    """Close every open session of this process and wait until the programs it started are gone."""
    from agents.connectors.background import stop

    stop()
