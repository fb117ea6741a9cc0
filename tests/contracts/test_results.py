"""What a tool answered is kept, and what is wrong with it is said."""

from typing import Any

import pytest

from agents.contracts import check_result

SCHEMA = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}


def test_a_result_that_fits_is_kept_as_it_is() -> None:
    value = {"status": "done", "extra": 1}
    assert check_result(value, SCHEMA) == (value, None)
    assert check_result("anything", None) == ("anything", None)


def test_a_result_that_does_not_fit_is_kept_and_named() -> None:
    value, problem = check_result({"status": 7}, SCHEMA)
    assert value == {"status": 7}
    assert problem == "The tool's answer does not match its contract. “status” is a number. It must be text."


def test_a_long_result_is_cut() -> None:
    value, problem = check_result("é" * 5_000, None, max_bytes=1_000)
    assert len(value.encode()) <= 1_000
    assert problem == "The tool's answer is longer than 1,000 bytes. Only its beginning was kept."


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\u202e", "é" * 10])
def test_hostile_text_is_measured_without_failing(text: str) -> None:
    assert check_result({"text": text}, None) == ({"text": text}, None)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strin"},
        {"$ref": "https://example.org/s"},
        {"$ref": "#anchor"},
        {"$defs": {"A": {"$ref": "#/$defs/A"}}, "$ref": "#/$defs/A"},
        {"properties": {"a": {"anyOf": [{"$ref": "#"}] * 5}}},
    ],
)
def test_an_unusable_schema_of_results_is_a_problem_not_a_failure(schema: dict[str, Any]) -> None:
    value, problem = check_result({"a": 1}, schema)
    assert value == {"a": 1}
    assert problem is not None
    assert problem.startswith("The tool's answer could not be checked.")


def test_what_is_not_json_is_not_kept() -> None:
    assert check_result(object(), None) == (
        None,
        "The tool answered something that is not JSON. The answer was not kept.",
    )
