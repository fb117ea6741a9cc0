"""The audit pages: the log with one entry open beside it, and checks of a stream or of everything."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit import access, filters, lines, links, queries, verify, walk
from audit.models import Entry

LONGEST_ID = 18  # digits; PostgreSQL's bigint has 19


@dataclass(frozen=True)
class Opened:
    """The entry in the drawer. `url` is where its subject lives, `stream_url` what its stream belongs to."""

    row: queries.LogRow
    stream_word: str
    subject_word: str
    subject_url: str


@require_safe
@login_required
def log(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The log, with the entry `pk` open."""
    return render(request, "audit/page.html", _page(request, pk))


@require_POST
@login_required
def verify_stream(request: HttpRequest, pk: int) -> HttpResponse:
    """Walk the stream of an entry and say whether it holds: as a part for htmx, else on the page."""
    stream = access.access_entry(request.user, pk).stream
    broken = verify.verify_stream(stream)
    result = {"stream": stream, "broken": walk.find(broken) if broken else None}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "audit/stream.html", result)
    return render(request, "audit/page.html", _page(request, pk) | result)


@require_POST
@login_required
def verify_all(request: HttpRequest) -> HttpResponse:
    """Look at the next part of all streams; the answer asks for the part after it, until everything was looked at."""
    access.entries_for(request.user)
    token = request.POST.get("walk", "")
    try:
        stood = walk.resume(token) if token else walk.begin()
    except walk.NotAWalk as problem:
        return HttpResponseBadRequest(str(problem))
    context = {"walk": walk.advance(stood)}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "audit/banner.html", context)
    return render(request, "audit/page.html", _page(request, None) | context)


def _page(request: HttpRequest, pk: int | None) -> dict[str, object]:
    entries = access.entries_for(request.user)
    chosen = filters.read_filters(request.GET)
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= LONGEST_ID):
        raise Http404
    page = queries.log_page(entries, chosen, int(before) if before else None)
    return {
        "page": page,
        "opened": _opened(access.access_entry(request.user, pk)) if pk is not None else None,
        "size": queries.size(),
        "filters": chosen,
        "choices": {"actors": filters.ACTORS, "actions": filters.actions(), "periods": filters.PERIODS},
        "query_here": _query(request, int(before) if before else None),
        "older": f"{reverse('audit')}?{_query(request, before=page.older)}" if page.older else "",
        "newest": f"{reverse('audit')}?{_query(request)}" if before else "",
        "walk": None,
        "stream": None,
    }


def _query(request: HttpRequest, before: int | None = None) -> str:
    """The filters as a query string, to be carried from page to page."""
    chosen = {
        name: request.GET[name]
        for name in ("q", "actor", "action", "period", "since", "until")
        if request.GET.get(name)
    }
    return urlencode(chosen | ({"before": before} if before else {}))


def _opened(entry: Entry) -> Opened:
    row = queries.rows_of([lines.line_of(entry)])[0]
    subject = row.line.subject
    return Opened(
        row,
        links.word_for(row.line.stream_kind),
        links.word_for(subject.kind),
        links.url_of(subject.kind, subject.ref),
    )
