"""The list of reviews, alone and beside an open review."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents.people import SignedInRequest
from approvals.access import reviews_for
from approvals.queries import Filter, Inbox


@login_required
@require_GET
def inbox(request: SignedInRequest) -> HttpResponse:
    """The inbox: the list, and what comes next."""
    return render(request, "inbox/page.html", {"inbox": Inbox(request.user, Filter.of(request.GET.dict()))})


@login_required
@require_GET
def rows(request: SignedInRequest) -> HttpResponse:
    """The list alone, for live updates; nothing when the reader has it already (`have`)."""
    ref = as_ref(request.GET.get("open", ""))
    selected = reviews_for(request.user).filter(ref=ref).only("ref", "short").first() if ref else None
    page = Inbox(request.user, Filter.of(request.GET.dict()), selected=selected)
    if request.GET.get("have") == page.mark:
        return HttpResponse(status=204)
    return render(request, "inbox/rows.html", {"inbox": page})


def as_ref(text: str) -> UUID | None:
    """The public identifier in a text, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
