"""The matrix of agents and tools, and the form that changes one cell."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from agents import actions
from agents.access import require
from agents.cells import Cell, Filters
from agents.forms import GrantForm, attempt, status_of
from agents.matrix import PermissionsPage, Why, cell_of
from agents.people import SignedInRequest


@login_required
@require_safe
def permissions(request: SignedInRequest) -> HttpResponse:
    """What each agent may do, and why in one chosen case."""
    filters = Filters.of(request.GET)
    why = Why.of(request.user, filters)
    context: dict[str, Any] = {"why": why, "form": GrantForm.of(why.cell.grant) if why else None}
    if why and request.headers.get("HX-Target") == "why":
        context["cells"] = [why.cell, _cell_before(request, filters)]
        return render(request, "permissions/answer.html", context)
    context["page"] = PermissionsPage.of(request.user, filters)
    return render(request, "permissions/page.html", context)


@login_required
@require_POST
def grant_set(request: SignedInRequest) -> HttpResponse:
    """Set what one agent may do with one tool; the address names them as `cell`."""
    require(request.user, "agents.change_grant")
    filters = Filters.of(request.GET)
    why = Why.of(request.user, filters)
    if why is None:
        raise Http404
    form = GrantForm(request.POST)
    attempt(form, lambda: _set(why, form, request))
    if not form.errors:
        return redirect(reverse("permissions") + filters.query(cell=filters.cell) + "#why")
    context = {"page": PermissionsPage.of(request.user, filters), "why": why, "form": form}
    return render(request, "permissions/page.html", context, status=status_of(form))


def _set(why: Why, form: GrantForm, request: SignedInRequest) -> None:
    actions.set_grant(
        agent=why.cell.agent,
        tool=why.cell.tool,
        effect=form.chosen(),
        reviewer=form.cleaned_data["reviewer"],
        by=request.user,
    )


def _cell_before(request: SignedInRequest, filters: Filters) -> Cell | None:
    """The cell that was explained until now, so that it loses its mark."""
    query = parse_qs(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    before = query.get("cell", [""])[0][:200]
    return cell_of(request.user, filters, before) if before and before != filters.cell else None
