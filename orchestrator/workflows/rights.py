"""Who holds which right to a workflow, read in a fixed number of queries."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.contrib.auth.models import Group
from guardian.models import GroupObjectPermission, UserObjectPermission

from agents.people import Person, party_value
from orchestrator.workflows.models import Workflow


class Right(StrEnum):
    """A right to one workflow that a person or a team can be given."""

    START = "start_workflow"
    SEE_RUNS = "view_runs"

    @property
    def permission(self) -> str:
        """The permission as Django and guardian call it."""
        return f"workflows.{self.value}"

    @property
    def words(self) -> str:
        """What it lets people do."""
        return {Right.START: "Start runs", Right.SEE_RUNS: "See all runs"}[self]


@dataclass
class Holder:
    """A person or team with rights to one workflow. `is_role` for those who hold them for every workflow."""

    name: str
    icon: str
    value: str = ""
    is_role: bool = False
    rights: set[Right] = field(default_factory=set)

    @property
    def may_start(self) -> bool:
        """Whether they may start runs."""
        return Right.START in self.rights

    @property
    def may_see_runs(self) -> bool:
        """Whether they may see all its runs."""
        return Right.SEE_RUNS in self.rights


def holders_of(workflow: Workflow) -> list[Holder]:
    """Everyone who may start runs of a workflow or see them all: roles, then teams, then people."""
    found: dict[object, Holder] = {}
    roles = Group.objects.filter(
        permissions__content_type__app_label="workflows", permissions__codename__in=list(Right)
    )
    for name, codename in roles.order_by("name").values_list("name", "permissions__codename"):
        found.setdefault(f"role:{name}", Holder(name, "team", is_role=True)).rights.add(Right(codename))
    named = {
        "permission__content_type__app_label": "workflows",
        "permission__codename__in": list(Right),
        "object_pk": str(workflow.pk),
    }
    teams = GroupObjectPermission.objects.filter(**named).select_related("group", "permission")
    for given in teams.order_by("group__name"):
        _add(found, given.group, "team", given.permission.codename)
    people = UserObjectPermission.objects.filter(**named, user__is_active=True).select_related("user", "permission")
    for given in people.order_by("user__name", "user_id"):
        _add(found, given.user, "user", given.permission.codename)
    return list(found.values())


def _add(found: dict[object, Holder], who: Person | Group, icon: str, codename: str) -> None:
    value = party_value(who)
    found.setdefault(value, Holder(str(who), icon, value)).rights.add(Right(codename))
