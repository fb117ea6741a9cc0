"""Answers for requests that failed before or beside a view. They touch neither the database nor the session."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from audit.outages import is_full, is_outage
from orchestrator.alarms import storage_fails
from orchestrator.context import Shell


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself is damaged."""
    return _page(request, "400.html", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; 503 where only the database was away or full."""
    error = sys.exception()
    if is_full(error):
        storage_fails()
    return _page(request, "503.html", 503) if is_outage(error) else _page(request, "500.html", 500)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(template, {"shell": Shell(request)}), status=status)
