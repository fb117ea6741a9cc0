"""What is wrong with a request, in sentences."""

from typing import Any

_WANTED = {
    "string_type": "must be a text",
    "dict_type": "must be a JSON object, such as {}",
    "int_parsing": "must be a whole number",
    "uuid_parsing": "must be the ref of a run, as an earlier answer gave it",
    "uuid_type": "must be the ref of a run, as an earlier answer gave it",
}
_LIMITS = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "is too long; it has at most {max_length} characters",
    "string_too_short": "is empty",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
}


def sentence_of(detail: dict[str, Any], name: str) -> str:
    """One complaint of pydantic as a sentence about a field; `name` is empty when it is about the whole body."""
    kind, context = detail["type"], detail.get("ctx", {})
    if not name:
        return "Send a JSON object, such as {}." if detail["loc"][0] == "body" else f"{detail['msg']}."
    if kind == "missing":
        return f"Add “{name}”."
    if kind == "extra_forbidden":
        return f"There is no “{name[:60]}” here. Leave it out."
    if kind == "string_pattern_mismatch":
        return f"“{name}” does not have the form of one. Copy it from where it was given to you."
    wanted = _WANTED.get(kind) or _LIMITS.get(kind, "").format(**context)
    return f"“{name}” {wanted}." if wanted else f"“{name}”: {detail['msg']}."
