"""Answers for requests that failed before or beside a view. They touch neither the database nor the session."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from orchestrator.context import Shell


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself is damaged."""
    return _page(request, "400.html", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault."""
    return _page(request, "500.html", 500)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(template, {"shell": Shell(request)}), status=status)
