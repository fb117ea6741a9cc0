"""One step of a run with everything it knows, its parts as a table, and ending a run."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from agents.people import SignedInRequest
from orchestrator.runs import exceptions
from orchestrator.runs.access import access_run, require_steering
from orchestrator.runs.engine.ending import cancel_run
from orchestrator.runs.models import Run
from orchestrator.runs.pages.ending import NOW, EndForm
from orchestrator.runs.pages.memory import WHOLE, step_values
from orchestrator.runs.pages.parts import parts_page
from orchestrator.runs.pages.views import number_in, run_context


@require_safe
@login_required
def run_step(request: SignedInRequest, ref: UUID, step: UUID) -> HttpResponse:
    """What a step was given and gave back, in full, on a page of its own, with its tries that failed and its parts."""
    found = access_run(request.user, ref)
    row, values, attempts = step_values(found, step)
    parts = parts_page(request.user, found, step, request.GET.get("state", ""), number_in(request, "after"))
    context = {"run": found, "step": row, "values": values, "attempts": attempts, "parts": parts, "limit": WHOLE}
    return render(request, "runs/step_page.html", context)


@require_safe
@login_required
def run_parts(request: SignedInRequest, ref: UUID, step: UUID) -> HttpResponse:
    """The table of the parts of a step for htmx. Without it, the page of the step."""
    found = access_run(request.user, ref)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('run-step', args=[ref, step])}?{request.GET.urlencode()}#parts")
    parts = parts_page(request.user, found, step, request.GET.get("state", ""), number_in(request, "after"))
    return render(request, "runs/parts.html", {"run": found, "parts": parts})


@login_required
@require_POST
def run_end(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """End a run. What was typed is kept when that is not possible."""
    form = EndForm(request.POST)
    if not form.is_valid():
        found = access_run(request.user, ref)
        require_steering(request.user, found)
        return _refused(request, found, form, 422)
    try:
        asked = form.cleaned_data
        cancel_run(ref=ref, by=request.user, reason=asked["reason"], now=asked["mode"] == NOW)
    except (exceptions.ReasonMissing, exceptions.AlreadyEnded) as refused:
        form.add_error(None, str(refused))
        status = 409 if isinstance(refused, exceptions.AlreadyEnded) else 422
        return _refused(request, access_run(request.user, ref), form, status)
    messages.success(request, "The run is being ended. What was done and can be made good is made good first.")
    return redirect("run", ref)


def _refused(request: SignedInRequest, found: Run, form: EndForm, status: int) -> HttpResponse:
    context = run_context(request, found)
    context["page"].refused(form)
    return render(request, "runs/run.html", context, status=status)
