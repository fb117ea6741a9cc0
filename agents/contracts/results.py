"""What a tool answered, checked against what its contract promises. The effect has happened: nothing is refused."""

import json
from functools import lru_cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from agents.contracts.arguments import compiled
from agents.contracts.explain import explain
from agents.contracts.limits import depth
from agents.contracts.problems import BadSchema
from agents.contracts.weight import check_weight

MAX_RESULT_BYTES = 1024 * 1024
MAX_RESULT_DEPTH = 100


def check_result(
    value: Any, output_schema: dict[str, Any] | None, max_bytes: int = MAX_RESULT_BYTES
) -> tuple[Any, str | None]:
    """The result to keep, and a sentence if it breaks the contract.

    A result over `max_bytes` is kept as the beginning of its JSON text, one that is nested too deeply as its text. One
    that does not match is kept whole.
    """
    try:
        raw = json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError):
        return None, "The tool answered something that is not JSON. The answer was not kept."
    kept = raw[:max_bytes].decode("utf-8", "ignore")
    if len(raw) > max_bytes:
        return kept, f"The tool's answer is longer than {max_bytes:,} bytes. Only its beginning was kept."
    if depth(raw) > MAX_RESULT_DEPTH:
        return kept, f"The tool's answer is nested more than {MAX_RESULT_DEPTH} levels deep. It was kept as text."
    return value, _mismatch(value, output_schema)


@lru_cache(maxsize=256)
def _validator(text: str) -> Draft202012Validator:
    schema = json.loads(text)
    validator = compiled(schema)
    try:
        check_weight(schema)
    except LookupError as error:
        raise BadSchema("Its schema has a reference that leads nowhere.") from error
    return validator


def _mismatch(value: Any, schema: dict[str, Any] | None) -> str | None:
    if schema is None:
        return None
    try:
        validator = _validator(json.dumps(schema, sort_keys=True))
    except BadSchema as error:
        return f"The tool's answer could not be checked. {error}"
    if validator.is_valid(value):
        return None
    first = explain(validator.iter_errors(value), schema)[:3]
    return f"The tool's answer does not match its contract. {' '.join(problem.sentence for problem in first)}"
