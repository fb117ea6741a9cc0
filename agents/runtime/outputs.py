"""The final output of an agent: how it is asked for, and whether what came fits."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from audit.canonical import NotCanonical, dump, parse
from audit.text import unescape

FINAL = "final_result"
DESCRIPTION = "Give the final result of your task. Call this once, alone, when everything else is done."
MOST_ERRORS = 3


def validator(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """A validator that asserts formats and fetches nothing. Raises ValueError for a schema that is none."""
    if schema.get("type") != "object":
        raise ValueError("The output schema of an agent must have the type object.")
    try:
        return jsonschema_rs.validator_for(dict(schema), validate_formats=True, retriever=_no_remote)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise ValueError(f"The output schema is not a JSON Schema: {str(error)[:300]}") from error


def check_output(text: str, schema: Mapping[str, Any] | None, called: bool) -> tuple[Any | None, str | None]:
    """The output in `text` and None, or None and a sentence that says what is wrong with it and where.

    `called` says that the text is the arguments of the tool `final_result`, as written; otherwise it is the model's
    prose, escaped, which counts when all of it is JSON that fits.
    """
    if schema is None:
        return text, None
    try:
        output = parse(text if called else unescape(_bare(text)))
        dump(output)
    except NotCanonical as error:
        return None, f"The arguments of {FINAL} cannot be read. {error}" if called else _ask()
    errors = [_sentence(error) for error in islice(validator(schema).iter_errors(output), MOST_ERRORS)]
    return (None, f"The final result does not fit its schema: {' '.join(errors)}") if errors else (output, None)


def _bare(text: str) -> str:
    """JSON without the fence that many models put around it."""
    inner = text.strip()
    return inner[3:-3].removeprefix("json") if inner.startswith("```") and inner.endswith("```") else inner


def _ask() -> str:
    return f"The answer calls no tool, and its text is not a result. Call {FINAL} with the result when you are done."


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    where = "".join(f"/{step}" for step in error.instance_path)
    return f"At {where[:100] or 'the top'}: {error.message[:200]}."


def _no_remote(uri: str) -> Any:
    raise ValueError(f"The schema refers to {uri}; only references inside it are followed.")
