"""Addresses of the API. Whatever is asked for, and however it goes wrong, the answer is JSON."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt

from orchestrator.gate import errors
from orchestrator.gate.api import api
from orchestrator.gate.bodies import check_size

View = Callable[..., HttpResponse]


def in_json(view: View) -> View:
    """Check the size of what is sent before it is read, and say in JSON what ninja says as text."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            check_size(request)
            response = view(request, *args, **kwargs)
        except errors.Refusal as refusal:
            return refusal.response()
        except Http404:
            return errors.not_found().response()
        if isinstance(response, HttpResponseNotAllowed):
            return errors.not_allowed(sorted(response.headers["Allow"].split(", "))).response()
        return response

    return answer


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Any other address below that of the API."""
    return errors.not_found().response()


app_name = "api"
urlpatterns: list[URLPattern] = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)]
for pattern in urlpatterns:
    pattern.callback = in_json(pattern.callback)
urlpatterns.append(re_path(r"^.*$", nothing, name="nothing"))
