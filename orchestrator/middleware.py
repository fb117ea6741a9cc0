"""What every answer tells the browser, beyond what Django's own middleware says."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

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
