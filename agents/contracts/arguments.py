"""Arguments of one call: from the bytes someone sent to the bytes everyone agrees on."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema_rs import Draft202012Validator, FancyRegexOptions, ValidationError

from agents.contracts.closing import close
from agents.contracts.explain import explain
from agents.contracts.limits import excess, oversized
from agents.contracts.nulls import without_empty
from agents.contracts.problems import BadArguments, BadSchema, Problem
from audit.canonical import NotCanonical, digest_bytes, dump, parse

# A pattern is the server's, the text the agent's: neither may keep a worker busy.
_PATTERNS = FancyRegexOptions(backtrack_limit=10_000, size_limit=1_000_000)


@dataclass(frozen=True)
class Prepared:
    """Arguments that fit: canonical bytes (RFC 8785), the same as a value, and the SHA-256 of the bytes in hex."""

    canonical: bytes
    value: dict[str, Any]
    digest: str


def prepare(raw: bytes | Mapping[str, Any], schema: "Mapping[str, Any] | Checker") -> Prepared:
    """Canonical arguments that fit the closed form of a tool's schema, or its checker where that is at hand.

    Size and depth are checked before anything is parsed. Nulls of optional fields go where the schema gives null no
    meaning of its own, and 5.0 is 5. Raises BadArguments with every problem found (at most 20), BadSchema if the schema
    can't be used.
    """
    checker = schema if isinstance(schema, Checker) else checker_for(schema)
    given, text = _read(raw)
    value = without_empty(given, checker.schema)
    if not checker.validator.is_valid(value):
        raise BadArguments(explain(checker.errors(value), checker.schema))
    canonical = text if value is given else _dump(value)
    return Prepared(canonical, value, digest_bytes(canonical))


@dataclass(frozen=True)
class Checker:
    """A closed schema and its compiled validator."""

    schema: dict[str, Any]
    validator: Draft202012Validator

    def errors(self, value: Any) -> Iterator[ValidationError]:
        """What the validator finds wrong with a value."""
        return self.validator.iter_errors(value)


def checker_for(schema: Mapping[str, Any]) -> Checker:
    """The compiled, closed form of a schema; the last 256 are kept. Raises BadSchema."""
    try:
        return _closed_checker(json.dumps(schema, sort_keys=True))
    except (TypeError, ValueError, RecursionError) as error:
        raise error if isinstance(error, BadSchema) else BadSchema("The schema is not JSON.") from error


def compiled(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator with formats asserted, bounded patterns and no way to fetch anything. Raises BadSchema."""
    try:
        return Draft202012Validator(schema, validate_formats=True, offline=True, pattern_options=_PATTERNS)
    except (ValidationError, ValueError) as error:
        place = ".".join(str(step) for step in getattr(error, "instance_path", []))
        reason = str(getattr(error, "message", error)).splitlines()[0][:200]
        raise BadSchema(f"The schema is not valid at “{place or 'the top'}”: {reason}.") from error


@lru_cache(maxsize=256)
def _closed_checker(text: str) -> Checker:
    closed = close(json.loads(text))
    return Checker(closed, compiled(closed))


def _read(raw: bytes | Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The value of a JSON text, or of a mapping by way of its own canonical text: what is checked is what is sent.

    With it come its canonical bytes.
    """
    too_much = None if isinstance(raw, bytes) else oversized(raw)
    text = raw if isinstance(raw, bytes) else b"" if too_much else _dump(dict(raw))
    too_much = too_much or excess(text)
    if too_much:
        raise BadArguments([Problem("", too_much)])
    try:
        value = parse(text)
        if isinstance(raw, bytes):
            text = dump(value)
            value = parse(text)
    except NotCanonical as error:
        raise BadArguments([Problem("", f"The arguments can't be used. {error}")]) from error
    if not isinstance(value, dict):
        raise BadArguments([Problem("", 'The arguments must be one JSON object, such as {} or {"name": "value"}.')])
    return value, text


def _dump(value: Any) -> bytes:
    try:
        return dump(value)
    except NotCanonical as error:
        raise BadArguments([Problem("", f"The arguments can't be used. {error}")]) from error
