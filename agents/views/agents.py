"""The list of agents, one agent, and the forms that make and change one."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from agents import actions, queries
from agents.access import access_agent, require
from agents.forms import AgentEditForm, AgentForm, attempt, see, status_of
from agents.models import Agent
from agents.pages import AgentPage
from agents.people import SignedInRequest

ROWS = 50


@login_required
@require_safe
def agents(request: SignedInRequest) -> HttpResponse:
    """Every agent the person may see."""
    search = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    page = Paginator(queries.agents_for(request.user, search=search), ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "rows": queries.agent_rows(page.object_list), "search": search}
    return render(request, "agents/list.html", context)


@login_required
@require_safe
def agent(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """One agent."""
    found = access_agent(request.user, ref)
    return render(request, "agents/detail.html", {"page": AgentPage.of(found, request.user)})


@login_required
def agent_new(request: SignedInRequest) -> HttpResponse:
    """Make an agent."""
    require(request.user, "agents.add_agent")
    form = AgentForm(request.POST or None)
    made = attempt(form, lambda: actions.create_agent(by=request.user, brief=form.brief(), **form.facts()))
    if made:
        return redirect("agent", made.ref)
    return render(request, "agents/new.html", {"form": form}, status=status_of(form))


@login_required
def agent_edit(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Change an agent."""
    found = access_agent(request.user, ref, change=True)
    form = AgentEditForm(request.POST) if request.method == "POST" else AgentEditForm.of(found)
    changed = attempt(form, lambda: _change(found, form, request))
    if changed:
        return redirect("agent", ref)
    see(form, found.current.digest if found.current else "")
    return render(request, "agents/edit.html", {"form": form, "agent": found}, status=status_of(form))


def _change(agent: Agent, form: AgentEditForm, request: SignedInRequest) -> Agent:
    seen = form.cleaned_data["seen"]
    return actions.change_agent(agent=agent, by=request.user, brief=form.brief(), seen=seen, **form.facts())
