"""One tool: its contract, the form that classifies it, and who may have it used on their behalf."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from agents import actions
from agents.access import access_tool, require
from agents.cells import Filters
from agents.forms import ClassifyForm, UseForm, attempt, see, status_of
from agents.models import Tool, ToolVersion
from agents.pages import ToolPage
from agents.people import SignedInRequest
from agents.preview import Preview, preview_of


@login_required
@require_safe
def tool(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """One tool."""
    found = access_tool(request.user, ref)
    page = ToolPage.of(found, request.user)
    return _page(request, page, ClassifyForm.of(page.version), UseForm())


@login_required
@require_POST
def tool_classify(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Say what a tool does."""
    found = access_tool(request.user, ref, change=True)
    page = ToolPage.of(found, request.user)
    form = ClassifyForm(request.POST, version=page.version)
    if attempt(form, lambda: _classify(found, form, request)):
        return redirect("tool", ref)
    return _page(request, page, form, UseForm())


@login_required
@require_safe
def tool_preview(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """How a sentence would read, while it is being written."""
    found = access_tool(request.user, ref, change=True)
    return render(request, "tools/preview.html", {"preview": _preview(found, request.GET.get("sentence", ""))})


@login_required
@require_POST
def tool_use(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Let a person or team have a tool used on their behalf, or no longer."""
    require(request.user, "agents.change_grant")
    found = access_tool(request.user, ref)
    form = UseForm(request.POST)
    if not form.is_valid():
        page = ToolPage.of(found, request.user)
        return _page(request, page, ClassifyForm.of(page.version), form)
    action = actions.disallow_use if "withdraw" in request.POST else actions.allow_use
    action(tool=found, who=form.cleaned_data["who"], by=request.user)
    if "cell" in request.GET:
        filters = Filters.of(request.GET)
        return redirect(reverse("permissions") + filters.query(cell=filters.cell) + "#why")
    return redirect("tool", ref)


def _classify(tool: Tool, form: ClassifyForm, request: SignedInRequest) -> ToolVersion:
    seen = form.cleaned_data["seen"]
    return actions.classify_tool(tool=tool, by=request.user, classification=form.classification(), seen=seen)


def _preview(tool: Tool, template: str) -> Preview:
    schema = tool.current.input_schema if tool.current else {}
    return preview_of(template[:600], schema, tool=tool.full_name)


def _page(request: SignedInRequest, page: ToolPage, form: ClassifyForm, use_form: UseForm) -> HttpResponse:
    see(form, page.version.digest)
    preview = _preview(page.tool, str(form["sentence"].value() or ""))
    context = {"page": page, "form": form, "use_form": use_form, "preview": preview}
    return render(request, "tools/detail.html", context, status=max(status_of(form), status_of(use_form)))
