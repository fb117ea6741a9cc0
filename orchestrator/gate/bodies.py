"""Reading what a program sends: strict JSON, of limited size and depth."""

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from agents.contracts.limits import depth
from audit import canonical
from orchestrator.gate.errors import Refusal, too_large
from orchestrator.gate.limits import MAX_BODY, MAX_BODY_DEPTH


def check_size(request: HttpRequest) -> None:
    """Refuse a body by what its header says, before anything of it is read. Raises Refusal."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.headers.get("Transfer-Encoding"):
        raise Refusal(411, "length_required", "Say how long the body is: Content-Length.")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise too_large()


class StrictParser(Parser):
    """Reads bodies that every reader understands alike."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The value of the body. Raises Refusal with the line and the column of what is wrong."""
        return read_json(request)


def read_json(request: HttpRequest) -> Any:
    """The value of a body. Raises Refusal with the line and the column of what is wrong."""
    if request.content_type != "application/json":
        raise Refusal(415, "unsupported_type", "Send JSON, with Content-Type: application/json.")
    raw = request.body
    if len(raw) > MAX_BODY:
        raise too_large()
    if depth(raw) > MAX_BODY_DEPTH:
        message = f"The body is nested more than {MAX_BODY_DEPTH} levels deep. Send a flatter value."
        raise Refusal(400, "malformed_json", message)
    try:
        value = canonical.parse(raw)
        canonical.dump(value)
    except canonical.NotCanonical as error:
        raise Refusal(400, "malformed_json", _where(raw, str(error))) from error
    return value


def _where(raw: bytes, said: str) -> str:
    """What is wrong, with line and column also where only a byte was named."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        line, start = raw.count(b"\n", 0, error.start) + 1, raw.rfind(b"\n", 0, error.start)
        return f"This is not UTF-8 at line {line}, column {error.start - start}."
    return said
