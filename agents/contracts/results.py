"""What a tool answered, checked against what its contract promises. The effect has happened: nothing is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from agents.contracts.arguments import compiled
from agents.contracts.explain import explain
from agents.contracts.limits import is_deeper
from agents.contracts.problems import BadSchema
from agents.contracts.weight import check_weight

MAX_RESULT_BYTES = 1024 * 1024
MAX_RESULT_DEPTH = 100
_written = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True)
class Promise:
    """What a contract says of results: a schema and its compiled validator."""

    schema: dict[str, Any]
    validator: Draft202012Validator


def promise_of(schema: Mapping[str, Any]) -> Promise:
    """The compiled form of a schema for results; the last 256 are kept. Raises BadSchema."""
    return _promise(json.dumps(schema, sort_keys=True))


def check_result(
    value: Any, output_schema: dict[str, Any] | Promise | None, max_bytes: int = MAX_RESULT_BYTES
) -> tuple[Any, str | None]:
    """The result to keep, and a sentence if it breaks the contract: a schema, or its promise where that is at hand.

    A result over `max_bytes` is kept as the beginning of its JSON text, one that is nested too deeply as its text. One
    that does not match is kept whole.
    """
    try:
        raw = _written(value).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError):
        return None, "The tool answered something that is not JSON. The answer was not kept."
    if len(raw) > max_bytes:
        kept = raw[:max_bytes].decode("utf-8", "ignore")
        return kept, f"The tool's answer is longer than {max_bytes:,} bytes. Only its beginning was kept."
    if is_deeper(raw, MAX_RESULT_DEPTH):
        kept = raw.decode("utf-8", "ignore")
        return kept, f"The tool's answer is nested more than {MAX_RESULT_DEPTH} levels deep. It was kept as text."
    return value, _mismatch(value, output_schema)


@lru_cache(maxsize=256)
def _promise(text: str) -> Promise:
    schema = json.loads(text)
    validator = compiled(schema)
    try:
        check_weight(schema)
    except LookupError as error:
        raise BadSchema("Its schema has a reference that leads nowhere.") from error
    return Promise(schema, validator)


def _mismatch(value: Any, promised: dict[str, Any] | Promise | None) -> str | None:
    if promised is None:
        return None
    try:
        promise = promised if isinstance(promised, Promise) else promise_of(promised)
    except BadSchema as error:
        return f"The tool's answer could not be checked. {error}"
    if promise.validator.is_valid(value):
        return None
    first = explain(promise.validator.iter_errors(value), promise.schema)[:3]
    return f"The tool's answer does not match its contract. {' '.join(problem.sentence for problem in first)}"
