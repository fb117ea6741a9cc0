"""The pure helpers of the pages: arguments as rows, differences as lines, sentences with examples. None ever raises."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.comparison import Line, compare
from agents.preview import preview_of
from agents.schema_table import amount_arguments, rows_of
from tests.world import REFUND_SCHEMA

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
WORDS = st.sampled_from(["type", "properties", "items", "anyOf", "$ref", "enum", "required", "allOf", "const", "oneOf"])
SCHEMAS = st.recursive(
    JSON | st.sampled_from(["object", "array", "string", "number", "#", "#/properties/a", ["string", "null"]]),
    lambda inner: st.dictionaries(WORDS | st.just("a"), inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=30,
)


def test_arguments_are_listed_with_required_ones_first_and_limits_in_words() -> None:
    rows = rows_of(REFUND_SCHEMA)
    assert [row.name for row in rows] == ["order_id", "amount", "currency", "note"]
    assert [row.required for row in rows] == [True, True, True, False]
    assert [row.kind for row in rows] == ["text", "number", "one of EUR, USD", "text or empty"]
    assert rows[1].limits == "at least 0, at most 100,000"
    assert amount_arguments(REFUND_SCHEMA) == ["order_id", "amount", "currency", "note"]


def test_fields_of_groups_lists_and_references_are_listed_below_them() -> None:
    schema = {
        "type": "object",
        "$defs": {"Line": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}},
        "properties": {
            "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
            "to": {"anyOf": [{"$ref": "#/$defs/Line"}, {"type": "null"}]},
        },
    }
    assert [row.path for row in rows_of(schema)] == ["/lines", "/lines/sku", "/to", "/to/sku"]
    assert [row.kind for row in rows_of(schema)] == ["list", "text", "group or empty", "text"]


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"inner": {"$ref": "#"}}}
    assert len(rows_of(schema)) == 6
    assert preview_of("{inner}", schema, tool="t").parts


@given(SCHEMAS, st.text(max_size=40))
def test_no_schema_and_no_sentence_breaks_a_page(schema: Any, template: str) -> None:
    assert len(rows_of(schema)) <= 200
    amount_arguments(schema)
    preview_of(template, schema, tool="t")


def test_texts_are_compared_line_by_line() -> None:
    (found,) = compare({"x": "a\nb\nc"}, {"x": "a\nB\nc"}, {"x": "Text"})
    assert found.label == "Text"
    assert list(found.lines) == [Line("same", "a"), Line("del", "b"), Line("ins", "B"), Line("same", "c")]


def test_schemas_are_compared_leaf_by_leaf() -> None:
    before = {"properties": {"amount": {"maximum": 10, "type": "number"}}}
    after = {"properties": {"amount": {"maximum": 99, "type": "number"}, "to": {"type": "string"}}}
    found = compare({"s": before}, {"s": after}, {"s": "Arguments"})
    assert [(item.label, [line.kind for line in item.lines]) for item in found] == [
        ("Arguments: properties.amount.maximum", ["del", "ins"]),
        ("Arguments: properties.to.type", ["ins"]),
    ]


@given(st.dictionaries(st.sampled_from("ab"), JSON), st.dictionaries(st.sampled_from("ab"), JSON))
def test_a_difference_is_shown_exactly_when_there_is_one(before: dict[str, Any], after: dict[str, Any]) -> None:
    labels = {"a": "A", "b": "B"}
    found = compare(before, after, labels)
    differ = any(repr(before.get(name)) != repr(after.get(name)) for name in labels)
    assert not found or differ
