"""One function for each change an admin can make. Each is one transaction: lock, guard, save, audit, announce."""

from agents.actions.agents import change_agent, create_agent
from agents.actions.connections import change_connection, create_connection
from agents.actions.grants import allow_use, disallow_use, set_grant
from agents.actions.imports import ImportReport, import_tools
from agents.actions.stops import keep_stopped, release, stop
from agents.actions.tools import classify_tool, confirm_tools

__all__ = [
    "ImportReport",
    "allow_use",
    "change_agent",
    "change_connection",
    "classify_tool",
    "confirm_tools",
    "create_agent",
    "create_connection",
    "disallow_use",
    "import_tools",
    "keep_stopped",
    "release",
    "set_grant",
    "stop",
]
