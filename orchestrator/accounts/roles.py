"""The three roles and what each may do everywhere.

Rights to single workflows, reviews and tools are granted per object.
"""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

REVIEWERS, ADMINS, AUDITORS = "Reviewers", "Admins", "Auditors"

_SEE = ("workflows.view_workflow", "agents.view_agent", "agents.view_connection", "agents.view_tool")
ROLES: dict[str, tuple[str, ...]] = {
    REVIEWERS: (*_SEE,),
    AUDITORS: (*_SEE, "workflows.view_runs", "approvals.view_review", "audit.read_audit", "agents.view_note"),
    ADMINS: (
        *_SEE,
        "workflows.add_workflow",
        "workflows.change_workflow",
        "workflows.start_workflow",
        "workflows.view_runs",
        "approvals.view_review",
        "audit.read_audit",
        "agents.add_agent",
        "agents.change_agent",
        "agents.add_connection",
        "agents.change_connection",
        "agents.change_tool",
        "agents.change_grant",
        "agents.view_note",
        "agents.change_note",
        "agents.stop_everything",
    ),
}


def ensure_roles(**_: Any) -> None:
    """Make the three groups and give them their permissions; runs after every migration and changes nothing twice."""
    for name, wanted in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        query = Q(pk=None)
        for permission in wanted:
            app, codename = permission.split(".")
            query |= Q(content_type__app_label=app, codename=codename)
        group.permissions.add(*Permission.objects.filter(query))
