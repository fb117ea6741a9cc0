"""What every answer tells the browser, beyond what Django's own middleware says."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

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
    def serve(static_file: object, request: HttpRequest) -> HttpResponse:
        """The answer for `static_file`, with the headers WhiteNoise chose (type, encoding, validators, caching)."""
        streamed = WhiteNoiseMiddleware.serve(static_file, request)
        answer = HttpResponse(b"".join(streamed.streaming_content), status=streamed.status_code)
        streamed.close()
        del answer.headers["Content-Type"]
        for name, value in streamed.headers.items():
            answer.headers[name] = value
        return answer
