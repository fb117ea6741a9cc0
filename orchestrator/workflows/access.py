"""Who may see, start and change a workflow.

A workflow is visible to whoever may see all workflows, or may see or start this one, or may see its runs. What a person
may not see does not exist for them: 404. What they may see but not start or change is refused: 403.
"""

from django.db.models import QuerySet
from django.http import Http404
from guardian.shortcuts import get_objects_for_user

from agents.access import may, require
from agents.people import Person
from orchestrator.workflows.models import Workflow

ADD, CHANGE, START = "workflows.add_workflow", "workflows.change_workflow", "workflows.start_workflow"
SEEN_BY = ("workflows.view_workflow", START, "workflows.view_runs", CHANGE)


def workflows_for(user: Person) -> QuerySet[Workflow]:
    """The published workflows that a person may see, by title."""
    published = Workflow.objects.filter(current__isnull=False)
    if not user.is_active:
        return published.none()
    sees_all = any(user.has_perm(each) for each in SEEN_BY)
    return published if sees_all else published.filter(pk__in=_granted(user, *SEEN_BY))


def startable(user: Person) -> QuerySet[Workflow]:
    """The published workflows of which a person may start runs: not those whose current version was withdrawn."""
    found = workflows_for(user).filter(current__withdrawal=None)
    return found if user.has_perm(START) else found.filter(pk__in=_granted(user, START))


def access_workflow(
    user: Person, name: str, *, start: bool = False, change: bool = False, lock: bool = False
) -> Workflow:
    """A workflow with its current version and owner, locked when it will be changed.

    Raises Http404 when invisible, PermissionDenied when only visible.
    """
    rows = Workflow.objects.select_related("current__withdrawal", "owner")
    if lock:  # without joins: a version that is published while this waits for the lock would be missing in them
        rows = Workflow.objects.select_for_update(no_key=True)
    workflow = rows.filter(name=name, current__isnull=False).first() if "\x00" not in name else None
    if workflow is None or not user.is_active or not any(may(user, each, workflow) for each in SEEN_BY):
        raise Http404
    if start:
        require(user, START, workflow)
    if change:
        require(user, CHANGE, workflow)
    return workflow


def may_import(user: Person) -> bool:
    """Whether a person may publish any definition at all: a new one, or the next version of one they may change."""
    return user.has_perm(ADD) or user.has_perm(CHANGE) or _granted(user, CHANGE).exists()


def _granted(user: Person, *permissions: str) -> QuerySet[Workflow]:
    """The workflows for which a person holds one of the permissions by name or through a team."""
    rows: QuerySet[Workflow] = get_objects_for_user(
        user, list(permissions), Workflow, any_perm=True, with_superuser=False, accept_global_perms=False
    )
    return rows.values("pk")  # type: ignore[return-value]
