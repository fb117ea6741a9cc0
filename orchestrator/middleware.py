"""What every answer tells the browser beyond what Django's own middleware says, and in whose time it speaks."""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from whitenoise.middleware import WhiteNoiseMiddleware

from orchestrator.accounts.zones import zone_of

# Nothing inline, nothing from elsewhere. 'self' in connect-src covers the WebSocket of the same origin in every browser
# since Safari 15.4, so no wss: wildcard is needed (CSP level 3, "match url to source expression").
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that adds the Content-Security-Policy to every answer."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return middleware


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise, with each file answered in one piece.

    WhiteNoise streams from a synchronous iterator, which an ASGI server has to collect first and warns about each time;
    our files are small.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """The answer for `static_file`, with the headers WhiteNoise chose (type, encoding, validators, caching)."""
        chosen = static_file.get_response(request.method, request.META)
        content = b""
        if chosen.file is not None:  # there is none for HEAD and for 304
            with chosen.file:
                content = chosen.file.read()
        answer = HttpResponse(content, status=int(chosen.status))
        del answer.headers["Content-Type"]
        for name, value in chosen.headers:
            answer.headers[name] = value
        return answer


def time_zone(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that lets pages speak in the time zone of the person who reads them. Comes after authentication."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(zone_of(_chosen_zone(request))):
            return get_response(request)

    return middleware


def _chosen_zone(request: HttpRequest) -> str:
    """The reader's zone; none for strangers, and none while the database is down, which other code reports better."""
    try:
        return request.user.time_zone if request.user.is_authenticated else ""
    except DatabaseError:
        return ""
