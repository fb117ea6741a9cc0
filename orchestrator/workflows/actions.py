"""Publishing workflows. A version is made once and never changed; a run keeps the one it began with."""

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Max
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import assign_perm, remove_perm

from agents.access import require
from agents.states import Environment
from audit.clock import db_now
from audit.log import party, record
from audit.text import escape
from orchestrator.accounts.models import User
from orchestrator.workflows import exceptions
from orchestrator.workflows.access import access_workflow
from orchestrator.workflows.lint import Finding, Level, lint
from orchestrator.workflows.map_checks import map_findings
from orchestrator.workflows.models import Withdrawal, Workflow, WorkflowVersion
from orchestrator.workflows.problems import DefinitionError, Problem
from orchestrator.workflows.queries import world_of
from orchestrator.workflows.reading import definition_digest, read_source, to_canonical
from orchestrator.workflows.rights import Right
from orchestrator.workflows.schema import Definition

MOST_REASON = 2_000
_OWNER_MAY = ("workflows.view_workflow", "workflows.start_workflow", "workflows.view_runs")


@dataclass(frozen=True)
class Checked:
    """A definition that can be published, its text, and what is worth a look."""

    definition: Definition
    text: str
    warnings: list[Finding]


def check_definition(text: str | bytes) -> Checked:
    """Read a definition and lint it against the database. Raises DefinitionError with every problem and its line."""
    source = read_source(text)
    found = lint(source.definition, world_of(Environment(source.definition.environment)), source.document)
    found = sorted([*found, *map_findings(source.definition, source.document)], key=lambda each: each.line or 0)
    errors = [finding for finding in found if finding.level is Level.ERROR]
    if errors:
        raise DefinitionError(
            Problem(error.line or 1, error.column or 1, error.path, error.sentence) for error in errors
        )
    return Checked(source.definition, source.document.text, found)


def import_definition(*, text: str | bytes, by: User) -> WorkflowVersion:
    """The current version of the workflow that a text defines: a new one only where the text means something else.
    What was withdrawn is published anew under the next number.

    Raises DefinitionError, and PermissionDenied without workflows.add_workflow for a new name or
    workflows.change_workflow for a known one.
    """
    checked = check_definition(text)
    digest = definition_digest(checked.definition)
    with transaction.atomic(durable=True):
        workflow = _locked_workflow(checked.definition, by)
        if workflow.current is not None and workflow.current.digest == digest and not workflow.current.withdrawn:
            return workflow.current
        version = _publish(workflow, checked, digest, by)
        record(
            "workflow.version_published",
            actor=party(by),
            subject=party(workflow),
            stream=f"workflow:{workflow.ref}",
            data={
                "version": version.number,
                "digest": digest,
                "definition": version.definition,
                "warnings": [warning.sentence for warning in checked.warnings],
            },
        )
    return version


def withdraw_version(*, workflow: Workflow, number: int, by: User, reason: str) -> Withdrawal:
    """Say that nobody shall go on by a version. It is never taken back; the same text can be published anew.

    No run of it starts any more. One that is under way stops before its next step, and a person decides about it.
    Raises PermissionDenied without workflows.change_workflow, WhyWithdrawn, AlreadyWithdrawn, and
    WorkflowVersion.DoesNotExist.
    """
    said = escape(reason.strip())[:MOST_REASON]
    if not said:
        raise exceptions.WhyWithdrawn
    with transaction.atomic(durable=True):
        workflow = access_workflow(by, workflow.name, change=True, lock=True)
        version = workflow.versions.get(number=number)
        if version.withdrawn:
            raise exceptions.AlreadyWithdrawn
        withdrawal = Withdrawal.objects.create(version=version, by=by, reason=said, at=db_now())
        record(
            "workflow.version_withdrawn",
            actor=party(by),
            subject=party(workflow),
            stream=f"workflow:{workflow.ref}",
            data={"version": version.number, "digest": version.digest, "reason": said},
        )
    return withdrawal


def give_right(*, workflow: Workflow, right: Right, who: User | Group, by: User) -> None:
    """Let a person or team start runs of a workflow, or see all its runs. Giving it twice changes nothing.

    Raises NobodyNamed for someone who is no longer active, PermissionDenied without workflows.change_workflow.
    """
    if isinstance(who, User) and not who.is_active:
        raise exceptions.NobodyNamed
    _set_right(workflow, right, who, by, given=True)


def withdraw_right(*, workflow: Workflow, right: Right, who: User | Group, by: User) -> None:
    """Take back what `give_right` gave. Runs that have begun go on. Raises PermissionDenied like it."""
    _set_right(workflow, right, who, by, given=False)


def _set_right(workflow: Workflow, right: Right, who: User | Group, by: User, *, given: bool) -> None:
    with transaction.atomic(durable=True):
        workflow = access_workflow(by, workflow.name, change=True, lock=True)
        if _holds(workflow, right, who) == given:
            return
        (assign_perm if given else remove_perm)(right.permission, who, workflow)
        whom = {"team": who.name} if isinstance(who, Group) else {"person": who.name, "ref": str(who.ref)}
        record(
            "workflow.right_given" if given else "workflow.right_withdrawn",
            actor=party(by),
            subject=party(workflow),
            stream=f"workflow:{workflow.ref}",
            data={"right": right.words, **whom},
        )


def _holds(workflow: Workflow, right: Right, who: User | Group) -> bool:
    """Whether somebody was given this right by name; what a role or a team gives does not count."""
    same = {"permission__codename": right, "permission__content_type__app_label": "workflows"}
    if isinstance(who, Group):
        return GroupObjectPermission.objects.filter(object_pk=str(workflow.pk), group=who, **same).exists()
    return UserObjectPermission.objects.filter(object_pk=str(workflow.pk), user=who, **same).exists()


def _locked_workflow(definition: Definition, by: User) -> Workflow:
    """The workflow of this name, made if need be, with its row locked against another import at the same moment."""
    if not Workflow.objects.filter(name=definition.name).exists():
        require(by, "workflows.add_workflow")
        facts = {"title": definition.title, "owner": _owner(definition, by)}
        Workflow.objects.get_or_create(name=definition.name, defaults=facts)
    # Without joins: a version that is published while this statement waits for the lock would be missing in them.
    workflow = Workflow.objects.select_for_update(no_key=True).get(name=definition.name)
    if workflow.current is not None:
        require(by, "workflows.change_workflow", workflow)
    return workflow


def _publish(workflow: Workflow, checked: Checked, digest: str, by: User) -> WorkflowVersion:
    definition = checked.definition
    latest = workflow.versions.aggregate(latest=Max("number"))["latest"] or 0
    version = WorkflowVersion.objects.create(
        workflow=workflow,
        number=latest + 1,
        source=checked.text,
        definition=to_canonical(definition),
        digest=digest,
        created_by=by,
    )
    workflow.title, workflow.description, workflow.current = definition.title, definition.description, version
    if definition.owner is not None:
        workflow.owner = _owner(definition, by)
    workflow.save(update_fields=["title", "description", "current", "owner"])
    for permission in _OWNER_MAY:
        assign_perm(permission, workflow.owner, workflow)
    return version


def _owner(definition: Definition, by: User) -> User:
    """The person the definition names, whom lint has found to exist; else whoever publishes it."""
    if definition.owner is None:
        return by
    return User.objects.get(email__iexact=definition.owner, is_active=True)
