"""The list of connections, one connection with its tools, and the forms that make, change, read and confirm."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from agents import actions, queries
from agents.access import access_connection, require
from agents.exceptions import NotChanged
from agents.forms import ConnectionEditForm, ConnectionForm, attempt, status_of
from agents.models import Connection
from agents.pages import ConnectionPage
from agents.people import SignedInRequest


@login_required
@require_safe
def connections(request: SignedInRequest) -> HttpResponse:
    """Every connection the person may see."""
    return render(request, "connections/list.html", {"connections": queries.connections_for(request.user)})


@login_required
@require_safe
def connection(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """One connection and its tools."""
    found = access_connection(request.user, ref)
    return render(request, "connections/detail.html", {"page": ConnectionPage.of(found, request.user)})


@login_required
def connection_new(request: SignedInRequest) -> HttpResponse:
    """Make a connection."""
    require(request.user, "agents.add_connection")
    form = ConnectionForm(request.POST or None)
    made = attempt(form, lambda: _create(form, request))
    if made:
        return redirect("connection", made.ref)
    return render(request, "connections/new.html", {"form": form}, status=status_of(form))


@login_required
def connection_edit(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Change where a connection leads."""
    found = access_connection(request.user, ref, change=True)
    form = ConnectionEditForm(request.POST) if request.method == "POST" else ConnectionEditForm.of(found)
    changed = attempt(form, lambda: _change(found, form, request))
    if changed:
        return redirect("connection", ref)
    return render(request, "connections/edit.html", {"form": form, "connection": found}, status=status_of(form))


@login_required
@require_POST
def connection_import(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Read the tools of the server, and show what is new beside the tools."""
    found = access_connection(request.user, ref, change=True)
    report, failure = None, ""
    try:
        report = actions.import_tools(connection=found, by=request.user)
    except NotChanged as refusal:
        failure = refusal.message
    found.refresh_from_db()
    context = {"page": ConnectionPage.of(found, request.user), "report": report, "failure": failure}
    return render(request, "connections/detail.html", context, status=422 if failure else 200)


@login_required
@require_POST
def connection_confirm(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Keep the classification of the changed tools that the person saw."""
    found = access_connection(request.user, ref)
    require(request.user, "agents.change_tool")
    pairs = (value.partition("=") for value in request.POST.getlist("seen"))
    left = actions.confirm_tools(connection=found, by=request.user, seen={name: digest for name, _, digest in pairs})
    if left:
        messages.warning(request, f"Look at these one by one: {', '.join(left)}.")
    return redirect("connection", ref)


def _create(form: ConnectionForm, request: SignedInRequest) -> Connection:
    facts = {name: form.cleaned_data[name] for name in ("title", "name", "environment")}
    return actions.create_connection(by=request.user, address=form.address(), **facts)


def _change(connection: Connection, form: ConnectionEditForm, request: SignedInRequest) -> Connection:
    title = form.cleaned_data["title"]
    return actions.change_connection(connection=connection, by=request.user, title=title, address=form.address())
