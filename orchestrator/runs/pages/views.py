"""The list of runs and the page of one run. Each living part has an address of its own and checks permission itself."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from agents.people import SignedInRequest
from orchestrator.runs.access import access_run, runs_for
from orchestrator.runs.models import Run
from orchestrator.runs.pages import filters, queries
from orchestrator.runs.pages.events import event_at, events_page
from orchestrator.runs.pages.run_page import RunPage, record_of

LONGEST_NUMBER = 18  # digits; PostgreSQL's bigint has 19


@require_safe
@login_required
def runs(request: SignedInRequest) -> HttpResponse:
    """The list of runs with its filters."""
    context = _list(request)
    chosen: filters.RunFilters = context["filters"]
    more = {
        "workflows": queries.workflows_to_choose(request.user),
        "states": filters.STATES,
        "environments": filters.ENVIRONMENTS,
        "batch": queries.batch_named(chosen),
        "any_runs": bool(context["page"].rows) or runs_for(request.user).exists(),
    }
    return render(request, "runs/list.html", context | more)


@require_safe
@login_required
def runs_table(request: SignedInRequest) -> HttpResponse:
    """The table alone, as the filters of the address want it."""
    return render(request, "runs/table.html", _list(request) | {"any_runs": True})


@require_safe
@login_required
def runs_changes(request: SignedInRequest) -> HttpResponse:
    """Nothing, with a doorbell in the header when the first page is no longer what the reader sees."""
    answer = HttpResponse(status=204)
    if queries.changes_since(request.user, filters.read_filters(request.GET), request.GET.get("seen", "")):
        answer.headers["HX-Trigger"] = '{"runs.changed": {"doorbell": true}}'
    return answer


def _list(request: SignedInRequest) -> dict[str, Any]:
    chosen = filters.read_filters(request.GET)
    before = number_in(request, "before")
    page = queries.runs_page(request.user, chosen, before)
    return {
        "page": page,
        "filters": chosen,
        "first_page": before is None,
        "older": f"{reverse('runs')}?{chosen.query(before=page.older)}" if page.older else "",
        "newest": f"{reverse('runs')}?{chosen.query()}" if before else "",
        "query": chosen.query(),
    }


@require_safe
@login_required
def run(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """The whole page of a run."""
    found = access_run(request.user, ref)
    return render(request, "runs/run.html", run_context(request, found))


@require_safe
@login_required
def run_part(request: SignedInRequest, ref: UUID, part: str) -> HttpResponse:
    """One living part of the page: `head`, `graph`, `timeline` or `memory`."""
    return render(request, f"runs/{part}.html", _part(request, access_run(request.user, ref)))


@require_safe
@login_required
def run_events(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """More events for htmx: those `after` one, or those `before` one. Without htmx, the page that shows them."""
    found = access_run(request.user, ref)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('run', args=[ref])}?{request.GET.urlencode()}#events")
    return render(request, "runs/events_more.html", _part(request, found) | _events(request, found))


@require_safe
@login_required
def run_event(request: SignedInRequest, ref: UUID, seq: int) -> HttpResponse:
    """One event with everything it holds, on a page of its own."""
    found = access_run(request.user, ref)
    event = event_at(found, seq) if seq < 10**LONGEST_NUMBER else None
    if event is None:
        raise Http404
    return render(request, "runs/event_page.html", {"run": found, "event": event})


@require_safe
@login_required
def run_record(request: SignedInRequest, ref: UUID) -> HttpResponse:
    """Whether the record of a run is as it was written: the whole chain is walked now."""
    found = access_run(request.user, ref)
    context = {"run": found, "record": record_of(found)}
    return render(request, "runs/record.html" if request.htmx else "runs/record_page.html", context)  # type: ignore[attr-defined]


def _part(request: SignedInRequest, found: Run) -> dict[str, Any]:
    squeeze = request.GET.get("scale") != "real"
    page = RunPage(found, request.user, first_step=number_in(request, "steps"), squeeze=squeeze)
    return {"run": found, "page": page}


def _events(request: SignedInRequest, found: Run) -> dict[str, Any]:
    asked = {"group": request.GET.get("e", ""), "q": request.GET.get("q", "")}
    before, after = number_in(request, "before"), number_in(request, "after")
    return {"events": events_page(found, **asked, before=before, after=after), "before": before}


def run_context(request: SignedInRequest, found: Run) -> dict[str, Any]:
    """Everything the whole page of a run shows."""
    return _part(request, found) | _events(request, found)


def number_in(request: SignedInRequest, name: str) -> int | None:
    """A place in a list from the address. Raises Http404 for what is no number."""
    value = request.GET.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER):
        raise Http404
    return int(value)
