"""How the API says no: in JSON, with a code for programs, a sentence for people, and every problem with its path."""

import logging
from collections.abc import Iterable
from functools import singledispatch
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from agents.contracts import BadArguments, Problem
from audit.outages import is_full, is_outage
from orchestrator.alarms import storage_fails
from orchestrator.gate.limits import MAX_BODY
from orchestrator.gate.sentences import sentence_of
from orchestrator.runs.exceptions import EventIdUsed, KeyUsed

log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is not carried out."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        problems: Iterable[Problem] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.problems = list(problems)
        self.headers = headers or {}

    def response(self) -> HttpResponse:
        """The answer."""
        problems = [{"path": problem.path, "sentence": problem.sentence} for problem in self.problems]
        error = {"code": self.code, "message": self.message, "problems": problems}
        return JsonResponse({"error": error}, status=self.status, headers=self.headers)


def not_found() -> Refusal:
    """Nothing there, or nothing that this person may see."""
    return Refusal(404, "not_found", "There is nothing here that you may see.")


def not_allowed(methods: list[str]) -> Refusal:
    """The method of HTTP is not one of this address."""
    message = f"This address knows only {' and '.join(methods)}."
    return Refusal(405, "method_not_allowed", message, headers={"Allow": ", ".join(methods)})


def too_large() -> Refusal:
    """A body beyond the limit."""
    return Refusal(413, "too_large", f"The body is larger than {MAX_BODY:,} bytes. Send less.")


def unfit(*problems: Problem) -> Refusal:
    """A request that can be read, but does not fit."""
    return Refusal(422, "invalid_request", "The request does not fit.", problems)


def install(api: NinjaAPI) -> None:
    """Let the API answer every exception this way."""

    def handle(_: HttpRequest, error: Any) -> HttpResponse:
        return refusal_of(error).response()

    for kind in (Exception, HttpError, Http404, ValidationError):
        api.add_exception_handler(kind, handle)


@singledispatch
def refusal_of(error: Exception) -> Refusal:
    """What to say about an exception. One that nobody expected is logged, and nothing is said about it."""
    log.error("A request to the API failed.", exc_info=error)
    return Refusal(500, "internal", "This failed on our side. Nothing is done twice when you send the same key again.")


@refusal_of.register
def _(error: Refusal) -> Refusal:
    return error


@refusal_of.register
def _(error: DatabaseError) -> Refusal:
    if is_full(error):
        storage_fails()
    if not is_outage(error):
        return refusal_of.dispatch(Exception)(error)
    message = "Nothing can be stored at the moment. Send it again in a minute: with the same key nothing is done twice."
    return Refusal(503, "unavailable", message)


@refusal_of.register
def _(_: Http404) -> Refusal:
    return not_found()


@refusal_of.register
def _(_: PermissionDenied) -> Refusal:
    return Refusal(403, "forbidden", "You may see this, but not do this.")


@refusal_of.register
def _(_: AuthenticationError) -> Refusal:
    message = "Send a token that is in force: “Authorization: Bearer” and the token. Make one on your account page."
    return Refusal(401, "unauthorised", message, headers={"WWW-Authenticate": "Bearer"})


@refusal_of.register
def _(_: Throttled) -> Refusal:
    return Refusal(429, "too_many_requests", "Too many requests with this token. Wait a little, then try again.")


@refusal_of.register
def _(_: RequestDataTooBig) -> Refusal:
    return too_large()


@refusal_of.register
def _(error: HttpError) -> Refusal:
    """ninja wraps what the parser of bodies raises."""
    if isinstance(error.__cause__, Refusal):
        return error.__cause__
    return Refusal(error.status_code, "bad_request", "The request could not be read.")


@refusal_of.register
def _(error: ValidationError) -> Refusal:
    return unfit(*(_problem(detail) for detail in error.errors))


@refusal_of.register
def _(error: BadArguments) -> Refusal:
    problems = [Problem(f"/input{problem.path}", problem.sentence) for problem in error.problems]
    return Refusal(422, "invalid_input", "The input does not fit the workflow.", problems)


@refusal_of.register
def _(error: KeyUsed) -> Refusal:
    message = f"This Idempotency-Key has already started run {error.run.code}, with another body."
    return Refusal(409, "key_used", f"{message} Use another key to start another run.")


@refusal_of.register
def _(error: EventIdUsed) -> Refusal:
    return Refusal(409, "id_used", error.message)


def _problem(detail: dict[str, Any]) -> Problem:
    """A complaint of pydantic. Its path begins with where it was found, and in a body with the name of that."""
    place = [str(part) for part in detail["loc"][2 if detail["loc"][0] == "body" else 1 :]]
    return Problem("".join(f"/{part}" for part in place), sentence_of(detail, place[-1] if place else ""))
