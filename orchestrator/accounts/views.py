"""The account page: who one is here, one's time zone, and one's API tokens."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agents.forms import attempt, status_of
from agents.people import SignedInRequest
from orchestrator.accounts import actions
from orchestrator.accounts.access import access_token, tokens_of
from orchestrator.accounts.forms import TimeZoneForm, TokenForm
from orchestrator.accounts.roles import ROLES


@login_required
@require_safe
def account(request: SignedInRequest) -> HttpResponse:
    """One's own account."""
    return _page(request)


@login_required
@require_POST
def time_zone(request: SignedInRequest) -> HttpResponse:
    """Choose a time zone."""
    form = TimeZoneForm(request.POST)
    if attempt(form, lambda: actions.set_time_zone(user=request.user, time_zone=form.cleaned_data["time_zone"])):
        messages.success(request, "Times are now shown in your time zone.")
        return redirect("account")
    return _page(request, zone_form=form)


@never_cache
@login_required
@require_POST
def token_new(request: SignedInRequest) -> HttpResponse:
    """Make a token. Its secret stands in this answer and nowhere else."""
    form = TokenForm(request.POST)
    made = attempt(form, lambda: actions.create_token(owner=request.user, name=form.cleaned_data["name"]))
    if made is None:
        return _page(request, token_form=form)
    token, secret = made
    address = request.build_absolute_uri("/api/v1/")
    context = {"token": token, "secret": secret, "address": address}
    return render(request, "account/token.html", context, status=201)


@login_required
@require_POST
def token_revoke(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Revoke a token."""
    token = actions.revoke_token(owner=request.user, token=access_token(request.user, ref))
    messages.success(request, f"The token {token} is revoked.")
    return redirect("account")


def _page(request: SignedInRequest, **forms_with_errors: forms.Form) -> HttpResponse:
    groups = list(request.user.groups.order_by("name"))
    context: dict[str, Any] = {
        "zone_form": TimeZoneForm(initial={"time_zone": request.user.time_zone}),
        "token_form": TokenForm(),
        "roles": [group for group in groups if group.name in ROLES],
        "teams": [group for group in groups if group.name not in ROLES],
        "tokens": list(tokens_of(request.user)),
    }
    status = max((status_of(form) for form in forms_with_errors.values()), default=200)
    return render(request, "account/account.html", context | forms_with_errors, status=status)
