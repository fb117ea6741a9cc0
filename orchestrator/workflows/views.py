"""The list of workflows, one workflow, its versions, publishing one, and who may start it."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from agents.forms import attempt, status_of
from agents.people import SignedInRequest
from orchestrator.workflows import actions, pages
from orchestrator.workflows.access import access_workflow, may_import, workflows_for
from orchestrator.workflows.forms import ImportForm, RightForm, WithdrawForm, shown
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.problems import DefinitionError
from orchestrator.workflows.rights import Holder, holders_of

ROWS = 50
LARGEST_NUMBER = 2**31 - 1


@login_required
@require_safe
def workflows(request: SignedInRequest) -> HttpResponse:
    """Every workflow the person may see, with its runs of the last days."""
    search = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    page = Paginator(pages.matching(request.user, search), ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": pages.workflow_rows(request.user, page.object_list),
        "search": search,
        "may_import": may_import(request.user),
    }
    return render(request, "workflows/list.html", context)


@login_required
@require_safe
def workflow(request: SignedInRequest, name: str) -> HttpResponse:
    """One workflow."""
    found = access_workflow(request.user, name)
    page = pages.WorkflowPage.of(found, request.user, _first_step(request))
    return render(request, "workflows/detail.html", {"page": page})


@login_required
@require_safe
def workflow_by_ref(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """The page of a workflow, by the reference that the record keeps."""
    found = workflows_for(request.user).filter(ref=ref).first()
    if found is None:
        raise Http404
    return redirect("workflow", found.name)


@login_required
@require_safe
def workflow_version(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """One version: its text, and what it changed."""
    version = _version(request, name, number)
    return render(request, "workflows/version.html", {"page": pages.VersionPage.of(version, request.user)})


@login_required
@require_POST
def workflow_withdraw(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """Say that nobody shall go on by a version."""
    version, form = _version(request, name, number, change=True), WithdrawForm(request.POST)
    withdraw = partial(actions.withdraw_version, workflow=version.workflow, number=number, by=request.user)
    attempt(form, lambda: withdraw(reason=form.cleaned_data["reason"]))
    if not form.errors:
        return redirect("workflow-version", name, number)
    page = pages.VersionPage.of(version, request.user, form)
    return render(request, "workflows/version.html", {"page": page}, status=status_of(form))


@login_required
@require_safe
def workflow_source(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """The text of one version as a file."""
    version = _version(request, name, number)
    answer = HttpResponse(version.source, content_type="application/yaml; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-v{number}.yaml"'
    return answer


@login_required
def workflow_import(request: SignedInRequest) -> HttpResponse:
    """Check a definition, or publish it."""
    if not may_import(request.user):
        raise PermissionDenied
    if request.method != "POST":
        text = _text_to_change(request)
        return render(request, "workflows/import.html", _import(ImportForm(initial={"text": text}), pages.ImportPage()))
    form = ImportForm(request.POST, request.FILES)
    raw = form.raw()
    form.show(shown(raw))
    try:
        if "publish" in request.POST:
            return _published(request, actions.import_definition(text=raw, by=request.user))
        page, status = pages.ImportPage.checked(actions.check_definition(raw), request.user), 200
    except DefinitionError as error:
        page, status = pages.ImportPage.refused(shown(raw), error), 422
    except PermissionDenied:
        form.add_error(None, "You may not publish a workflow of this name. Nothing was changed.")
        page, status = pages.ImportPage(), 403
    return render(request, "workflows/import.html", _import(form, page), status=status)


@login_required
@require_safe
def workflow_access(request: SignedInRequest, name: str) -> HttpResponse:
    """Who may start the runs of a workflow or see them all."""
    found = access_workflow(request.user, name, change=True)
    context = {"workflow": found, "holders": holders_of(found), "form": RightForm()}
    return render(request, "workflows/access.html", context)


@login_required
@require_POST
def workflow_right(request: SignedInRequest, name: str) -> HttpResponse:
    """Give somebody a right to a workflow, or withdraw it."""
    found = access_workflow(request.user, name, change=True)
    form = RightForm(request.POST)
    change = actions.withdraw_right if "withdraw" in request.POST else actions.give_right
    attempt(form, lambda: change(workflow=found, by=request.user, **form.given()))
    if not form.errors:
        return redirect("workflow-access", name)
    holders: list[Holder] = holders_of(found)
    context = {"workflow": found, "holders": holders, "form": form}
    return render(request, "workflows/access.html", context, status=status_of(form))


def _first_step(request: SignedInRequest) -> int:
    """From which step on the address wants them. Raises Http404 for what is no number."""
    asked = request.GET.get("steps", "1")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise Http404
    return int(asked)


def _version(request: SignedInRequest, name: str, number: int, *, change: bool = False) -> WorkflowVersion:
    """A version of a workflow the person may see. Raises Http404, and PermissionDenied where they may not change it."""
    found = access_workflow(request.user, name, change=change)
    versions = found.versions.select_related("workflow", "created_by", "withdrawal__by")
    version = versions.filter(number=number).first() if number <= LARGEST_NUMBER else None
    if version is None:
        raise Http404
    return version


def _text_to_change(request: SignedInRequest) -> str:
    """The text that the page begins with: that of the workflow which `from` in the address names."""
    name = request.GET.get("from", "")
    return pages.current(access_workflow(request.user, name, change=True)).source if name else ""


def _import(form: ImportForm, page: pages.ImportPage) -> dict[str, Any]:
    return {"form": form, "page": page}


def _published(request: SignedInRequest, version: WorkflowVersion) -> HttpResponse:
    messages.success(request, f"Version {version.number} is the current one. New runs follow it.")
    return redirect("workflow", version.workflow.name)
