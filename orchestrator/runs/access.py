"""Who may see a run: whoever started it, whoever may see the runs of its workflow, and whoever was asked about it."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from guardian.shortcuts import get_objects_for_user

from agents.access import may
from agents.people import Person
from approvals.access import decidable_by, was_asked_about
from approvals.models import Decision
from orchestrator.runs.models import Batch, Run, Upload
from orchestrator.workflows.access import CHANGE
from orchestrator.workflows.models import Workflow, WorkflowVersion

SEE = "workflows.view_runs"


def runs_for(user: Person) -> QuerySet[Run]:
    """The runs a person may see.

    One condition with four ways to fulfil it, none of which depends on the run: the database works each out once, then
    walks the runs in the order asked for. So one run, or the newest fifty, cost little however many there are.
    """
    if not user.is_active:
        return Run.objects.none()
    if user.has_perm(SEE):
        return Run.objects.all()
    workflows = get_objects_for_user(user, SEE, Workflow, with_superuser=False, accept_global_perms=False)
    watched = Q(workflow_version__in=WorkflowVersion.objects.filter(workflow__in=workflows.values("pk")).values("pk"))
    asked = Q(ref__in=decidable_by(user).order_by().values("run_ref"))
    decided = Q(ref__in=Decision.objects.filter(by=user).order_by().values("review__run_ref"))
    return Run.objects.filter(Q(started_by=user) | watched | asked | decided)


def access_run(user: Person, ref: UUID, *, lock: bool = False) -> Run:
    """A run with its workflow and the person who started it, locked when it will be changed. Raises Http404.

    The text and definition of its version are left out: whoever follows them knows them already, mostly.
    """
    related = ("workflow_version__workflow", "workflow_version__withdrawal__by", "started_by", "batch")
    rows = Run.objects.select_related(*related)
    rows = rows.defer("workflow_version__source", "workflow_version__definition")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    run = rows.filter(ref=ref).first()
    if run is None or not is_visible(user, run):
        raise Http404
    return run


def is_visible(user: Person, run: Run) -> bool:
    """Whether `runs_for` has this one. What it costs does not grow with what else the person was asked about."""
    if not user.is_active:
        return False
    theirs = run.started_by_id == user.pk or may(user, SEE, run.workflow_version.workflow)
    return (
        theirs or was_asked_about(user, run.ref) or Decision.objects.filter(by=user, review__run_ref=run.ref).exists()
    )


def may_steer(user: Person, run: Run) -> bool:
    """Whether a person may end a run: whoever started it, and whoever may change its workflow."""
    return run.started_by_id == user.pk or may(user, CHANGE, run.workflow_version.workflow)


def require_steering(user: Person, run: Run) -> None:
    """Raises PermissionDenied unless the person may end the run."""
    if not may_steer(user, run):
        raise PermissionDenied


def may_watch_run(user: Person, ref: UUID) -> bool:
    """Whether a person may hear that a run has changed."""
    return runs_for(user).filter(ref=ref).exists()


def access_batch(user: Person, ref: UUID) -> Batch:
    """A batch without its rows: for whoever started it, and for those who may see all runs of its workflow.

    Raises Http404.
    """
    rows = Batch.objects.select_related("workflow_version__workflow", "started_by")
    heavy = ("rows", "workflow_version__source", "workflow_version__definition")
    batch = rows.defer(*heavy).filter(ref=ref).first()
    if batch is None or not (batch.started_by_id == user.pk or may(user, SEE, batch.workflow_version.workflow)):
        raise Http404
    return batch


def access_upload(user: Person, ref: UUID, *, of: Workflow | None = None, lock: bool = False) -> Upload:
    """A file that this person handed in (for a workflow), and nobody else's; locked when it will be started.

    Raises Http404.
    """
    rows = Upload.objects.select_related("workflow_version__workflow")
    if lock:  # the batch is not joined: one that is made while this waits for the lock would be missing
        rows = rows.select_for_update(of=("self",), no_key=True)
    upload = rows.filter(ref=ref, uploaded_by=user).first()
    if upload is None or (of is not None and upload.workflow_version.workflow_id != of.pk):
        raise Http404
    return upload
