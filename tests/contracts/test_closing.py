"""Closing schemas: only ever tighter, whole again when closed twice, and honest about what it did (T41)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema_rs import Draft202012Validator

from agents.contracts import BadArguments, BadSchema, close, lint, prepare
from tests.contracts.strategies import JSON, OBJECTS


@given(OBJECTS, JSON)
@settings(deadline=None)
def test_what_the_closed_schema_accepts_the_original_accepts(kind: Any, value: Any) -> None:
    if Draft202012Validator(close(kind.schema)).is_valid(value):
        assert Draft202012Validator(kind.schema).is_valid(value)


@given(OBJECTS)
@settings(deadline=None)
def test_closing_twice_is_closing_once(kind: Any) -> None:
    closed = close(kind.schema)
    assert close(closed) == closed
    assert close(json.loads(json.dumps(kind.schema))) == closed


def test_closing_leaves_the_original_alone() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {}}}}}
    before = json.dumps(schema)
    close(schema)
    assert json.dumps(schema) == before


def test_unknown_fields_are_refused_at_every_level() -> None:
    schema = {
        "type": "object",
        "additionalProperties": True,
        "properties": {"to": {"type": "object", "properties": {"name": {"type": "string"}}}},
    }
    assert prepare({"to": {"name": "Ada"}}, schema)
    for value in ({"cc": 1}, {"to": {"name": "Ada", "bcc": 1}}):
        with pytest.raises(BadArguments):
            prepare(value, schema)


def test_fields_with_a_schema_of_their_own_stay_open() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": {"type": "integer"}}
    assert prepare({"any": 1}, schema)
    with pytest.raises(BadArguments):
        prepare({"any": "text"}, schema)


def test_combined_schemas_are_closed_as_a_whole() -> None:
    base = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    schema = {
        "type": "object",
        "properties": {"x": {"allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"name": {"type": "string"}}}]}},
        "$defs": {"Base": base},
    }
    assert prepare({"x": {"id": "1", "name": "Ada"}}, schema)
    with pytest.raises(BadArguments):
        prepare({"x": {"id": "1", "name": "Ada", "admin": True}}, schema)


def test_optional_free_objects_stay_usable() -> None:
    schema = {"type": "object", "properties": {"x": {"anyOf": [{"type": "object"}, {"type": "null"}]}}}
    assert prepare({"x": {"anything": 1}}, schema).value == {"x": {"anything": 1}}


def test_a_tool_without_arguments_takes_none() -> None:
    for schema in ({"type": "object"}, {"type": "object", "additionalProperties": True}, {}):
        assert prepare({}, schema).canonical == b"{}"
        with pytest.raises(BadArguments):
            prepare({"a": 1}, schema)


def test_texts_and_lists_get_bounds() -> None:
    closed = close(
        {"properties": {"t": {"type": "string"}, "l": {"type": "array"}, "m": {"type": "string", "maxLength": 5}}}
    )
    assert closed["properties"]["t"]["maxLength"] == 10_000
    assert closed["properties"]["l"]["maxItems"] == 1_000
    assert closed["properties"]["m"]["maxLength"] == 5


def test_older_spellings_keep_their_meaning() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "pair": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "additionalItems": False},
            "n": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            "a": {"type": "string"},
        },
        "dependencies": {"a": ["n"]},
    }
    assert prepare({"pair": ["x", 1], "n": 1, "a": "y"}, schema)
    for value in ({"pair": [1, "x"]}, {"pair": ["x", 1, 2]}, {"n": 0}, {"a": "y"}):
        with pytest.raises(BadArguments):
            prepare(value, schema)


def test_bounds_that_no_number_can_reach_are_dropped() -> None:
    schema = {"properties": {"n": {"type": "integer", "minimum": -(2**63), "maximum": 2**64 - 1, "default": 2**63}}}
    assert close(schema)["properties"]["n"] == {"type": "integer"}


def test_inside_not_nothing_is_tightened() -> None:
    forbidden = {"type": "object", "properties": {"role": {"const": "admin"}}, "required": ["role"]}
    schema = {"properties": {"x": {"type": "object", "additionalProperties": {"type": "string"}, "not": forbidden}}}
    with pytest.raises(BadArguments):
        prepare({"x": {"role": "admin", "extra": "1"}}, schema)


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({"type": "array"}, "must describe an object"),
        (7, "must describe an object"),
        ({"properties": {"a": {"$ref": "https://example.org/s"}}}, "“https://example.org/s” leads outside"),
        ({"properties": {"a": {"$ref": "#/$defs/None"}}}, "“#/$defs/None” leads outside"),
        ({"properties": {"a": {"$ref": "#anchor"}}}, "“#anchor” leads outside"),
        ({"properties": {"a": {"$dynamicRef": "#a"}}}, "“a” uses $id or a dynamic reference"),
        ({"properties": {"a": {"$id": "https://x"}}}, "“a” uses $id"),
        ({"properties": {"a": {"not": {"$ref": "#"}}}}, "a reference inside “not”"),
        ({"properties": {"a": {"type": "strin"}}}, "not valid at “properties.a.type”"),
        ({"properties": {"a": {"type": "string", "pattern": "("}}}, "not valid at “properties.a.pattern”"),
        ({"properties": {"a": {"type": "string", "pattern": "((a{1,999}){1,999}){1,999}"}}}, "not valid"),
        ({"properties": 7}, "“properties” in the schema must be an object"),
        ({"properties": {"a": {"anyOf": 7}}}, "“anyOf” in the schema must be a list"),
        ({"properties": {"a": 7}}, "“a” must be an object"),
        ({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}, "contains itself"),
        ({"properties": {"a": {"anyOf": [{"$ref": "#"}] * 5}}}, "refers to itself in so many alternatives"),
        ({"properties": {"a": {"description": "x" * 300_000}}}, "bytes long"),
        ({"properties": {"a": {"const": "\ud800"}}}, "more than one way"),
    ],
)
def test_t41_unusable_schemas_are_refused_with_a_reason(schema: Any, sentence: str) -> None:
    with pytest.raises(BadSchema, match=re.escape(sentence)):
        prepare({}, schema)


def test_t41_deep_and_doubling_schemas_are_refused() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(80):
        deep = {"type": "object", "properties": {"a": deep}}
    doubling = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(40)} | {
        "d40": {"type": "string"}
    }
    for schema in (deep, {"properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": doubling}):
        with pytest.raises(BadSchema):
            close(schema)


def test_recursive_schemas_are_usable() -> None:
    tree = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "kids": {"type": "array", "items": {"$ref": "#"}}},
    }
    assert prepare({"name": "a", "kids": [{"name": "b", "kids": []}]}, tree)
    with pytest.raises(BadArguments):
        prepare({"kids": [{"kids": [{"nick": "c"}]}]}, tree)


def test_lint_says_what_was_tightened_and_what_stays_wide() -> None:
    schema = {
        "properties": {
            "note": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "extra": {"type": "object"},
            "any": {},
        }
    }
    assert lint(schema) == [
        "There was no limit for the text “note”, “tags[]”; at most 10,000 characters are accepted.",
        "There was no limit for the list “tags”; at most 1,000 items are accepted.",
        "Any fields are accepted in “extra”: the schema lists none.",
        "Anything is accepted for “any”: the schema does not say what it is.",
        "Fields that are not listed are refused in the arguments.",
    ]
    assert lint(close({"properties": {"note": {"type": "string"}}})) == []
    assert lint({"type": "array"}) == ["The schema of a tool's arguments must describe an object (“type”: “object”)."]


def test_the_tools_of_a_real_server_can_be_closed() -> None:
    """Schemas as pydantic and zod write them."""
    for text in json.loads((Path(__file__).parent / "schemas.json").read_text()):
        closed = close(text["schema"])
        for value in text["fits"]:
            assert prepare(value, closed)
        for value in text["does_not_fit"]:
            with pytest.raises(BadArguments):
                prepare(value, closed)
