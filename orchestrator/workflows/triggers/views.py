"""The pages of triggers: adding one, looking at what came to it, switching it, renewing its secret."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.forms import attempt, status_of
from agents.people import SignedInRequest
from orchestrator.workflows.access import access_workflow
from orchestrator.workflows.models import Trigger
from orchestrator.workflows.triggers import actions
from orchestrator.workflows.triggers.actions import access_trigger
from orchestrator.workflows.triggers.forms import TriggerForm
from orchestrator.workflows.triggers.pages import TriggerPage
from orchestrator.workflows.triggers.secrets import secret_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def trigger_add(request: SignedInRequest, name: str) -> HttpResponse:
    """Add a trigger. The secret of a webhook stands in the answer and nowhere else."""
    workflow = access_workflow(request.user, name, change=True)
    form = TriggerForm.fresh(zone=request.user.time_zone, runs_as=request.user)
    if request.method == "POST":
        form = TriggerForm(request.POST)
        made = attempt(form, lambda: actions.add_trigger(workflow=name, wish=form.wish(), by=request.user))
        if made is not None:
            return _secret(request, made) if made.kind == Trigger.Kind.WEBHOOK else _seen(request, made, "is in force")
    return render(request, "triggers/add.html", {"workflow": workflow, "form": form}, status=status_of(form))


@login_required
@require_safe
def trigger(request: SignedInRequest, name: str, ref: UUID) -> HttpResponse:
    """One trigger and what came to it."""
    page = TriggerPage.of(access_trigger(request.user, name, ref))
    return render(request, "triggers/detail.html", {"page": page, "address": _address(request, page.trigger)})


@login_required
@require_POST
def trigger_switch(request: SignedInRequest, name: str, ref: UUID) -> HttpResponse:
    """Switch a trigger on or off."""
    on = request.POST.get("on") == "1"
    changed = actions.switch_trigger(workflow=name, ref=ref, on=on, by=request.user)
    return _seen(request, changed, "is in force" if changed.enabled else "is off and starts nothing")


@login_required
@require_POST
def trigger_secret(request: SignedInRequest, name: str, ref: UUID) -> HttpResponse:
    """Renew the secret of a webhook."""
    return _secret(request, actions.renew_secret(workflow=name, ref=ref, by=request.user))


def _secret(request: SignedInRequest, made: Trigger) -> HttpResponse:
    context = {"trigger": made, "secret": secret_of(made), "address": _address(request, made)}
    return render(request, "triggers/secret.html", context, status=201)


def _seen(request: SignedInRequest, changed: Trigger, what: str) -> HttpResponse:
    messages.success(request, f"The trigger {changed.name} {what}.")
    return redirect("trigger", changed.workflow.name, changed.ref)


def _address(request: SignedInRequest, trigger: Trigger) -> str:
    return request.build_absolute_uri(reverse("hook", args=[trigger.ref]))
