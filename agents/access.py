"""The only way from an address to a row: permission checked, and locked when it will be changed.

A permission counts when the person holds it for everything (through a role) or for this one row (through guardian).
What a person may not see does not exist for them: 404. What they may see but not change is refused: 403.
"""

from typing import TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404
from guardian.shortcuts import get_objects_for_user

from agents.models import Agent, Connection, Note, Tool
from agents.people import Person
from agents.stopping import with_stops

Row = TypeVar("Row", Agent, Connection, Tool, Note)


def may(user: Person, permission: str, row: Model | None = None) -> bool:
    """Whether a person holds a permission such as "agents.change_agent" everywhere, or for this row."""
    return user.has_perm(permission) or (row is not None and user.has_perm(permission, row))


def require(user: Person, permission: str, row: Model | None = None) -> None:
    """Raise PermissionDenied unless the person holds the permission."""
    if not may(user, permission, row):
        raise PermissionDenied


def visible(user: Person, model: type[Row]) -> QuerySet[Row]:
    """The rows of a model that a person may see."""
    rows: QuerySet[Row] = get_objects_for_user(user, f"agents.view_{model._meta.model_name}", model)
    return rows


def access_agent(user: Person, ref: UUID, *, change: bool = False, lock: bool = False) -> Agent:
    """An agent with its version and people. Raises Http404 when invisible, PermissionDenied when only visible."""
    agents = with_stops(Agent.objects.select_related("current", "owner", "acts_for_user", "acts_for_team"))
    return _access(agents, user, ref, change=change, lock=lock)


def access_connection(user: Person, ref: UUID, *, change: bool = False, lock: bool = False) -> Connection:
    """A connection. Raises Http404 when invisible, PermissionDenied when only visible."""
    return _access(Connection.objects.all(), user, ref, change=change, lock=lock)


def access_tool(user: Person, ref: UUID, *, change: bool = False, lock: bool = False) -> Tool:
    """A tool, its connection and contract. Raises Http404 when invisible, PermissionDenied when only visible."""
    return _access(Tool.objects.select_related("connection", "current"), user, ref, change=change, lock=lock)


def access_note(user: Person, ref: UUID, *, change: bool = False, lock: bool = False) -> Note:
    """A note and whose it is. Raises Http404 when invisible, PermissionDenied when only visible."""
    return _access(Note.objects.select_related("agent", "proposed_by"), user, ref, change=change, lock=lock)


def _access(rows: QuerySet[Row], user: Person, ref: UUID, *, change: bool, lock: bool) -> Row:
    if lock:
        # What is joined may be missing after a wait for the lock, when it is newer than the statement that waited.
        rows = rows.select_related(None).select_for_update(no_key=True)
    row = rows.filter(ref=ref).first()
    name = rows.model._meta.model_name
    if row is None or not may(user, f"agents.view_{name}", row):
        raise Http404
    if change:
        require(user, f"agents.change_{name}", row)
    return row
