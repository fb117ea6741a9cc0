"""The page of stops, and the forms that stop and release."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from agents import actions
from agents.forms import attempt, status_of
from agents.models import Stop
from agents.people import SignedInRequest
from agents.states import StopMode, StopScope
from agents.stop_forms import ConfirmForm, ReleaseForm, StopForm
from agents.stop_pages import StopControl, StopsPage
from agents.stoppable import Thing, thing_of

LONGEST_NUMBER = 18  # digits; PostgreSQL's bigint has 19


@login_required
@require_safe
def stops(request: SignedInRequest) -> HttpResponse:
    """What is stopped now, and what was."""
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER):
        raise Http404
    return render(request, "stops/page.html", {"page": StopsPage.of(request.user, int(before) if before else None)})


@login_required
@require_safe
def stops_line(request: SignedInRequest) -> HttpResponse:
    """The line above every page, for those who have one open while something is stopped or released."""
    return render(request, "stops/line.html")


@login_required
@require_POST
def stop_set(request: SignedInRequest) -> HttpResponse:
    """Stop everything, or one thing."""
    form = StopForm.sent(request.POST)
    scope, ref = form.named()
    thing = thing_of(request.user, scope, ref)
    if attempt(form, lambda: _stop(form, request, thing)):
        return redirect(thing.url)
    context = {"control": StopControl.of(thing, request.user, form), "refused": form}
    return render(request, "stops/thing.html", context, status=status_of(form))


@login_required
@require_POST
def stop_release(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Release what is stopped; for everything, ask for it or confirm it."""
    form = ReleaseForm(request.POST) if "reason" in request.POST else ConfirmForm(request.POST)
    reason = request.POST.get("reason", "")
    released = attempt(form, lambda: actions.release(by=request.user, ref=ref, reason=reason))
    if released and released.is_open:
        messages.info(request, "Another person who may stop everything has to confirm the release.")
    return _after(request, ref, form)


@login_required
@require_POST
def stop_keep(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Turn a request to release everything down, or take one's own back."""
    form = ConfirmForm(request.POST)
    attempt(form, lambda: actions.keep_stopped(by=request.user, ref=ref))
    return _after(request, ref, form)


def _stop(form: StopForm, request: SignedInRequest, thing: Thing) -> Stop:
    mode, reason = StopMode(form.cleaned_data["mode"]), form.cleaned_data["reason"]
    return actions.stop(by=request.user, scope=thing.scope, ref=thing.ref, mode=mode, reason=reason)


def _after(request: SignedInRequest, ref: UUID, form: ReleaseForm | ConfirmForm) -> HttpResponse:
    """The page of the thing; with what was refused, and why, where the action did not happen."""
    stop = Stop.objects.filter(ref=ref).first()
    if stop is None:
        raise Http404
    thing = thing_of(request.user, StopScope(stop.scope), stop.thing)
    if not form.errors:
        return redirect(thing.url)
    typed = form if isinstance(form, ReleaseForm) else None
    context = {"control": StopControl.of(thing, request.user, release=typed), "refused": form}
    return render(request, "stops/thing.html", context, status=status_of(form))
