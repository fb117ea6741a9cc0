"""References take values with their types, or say which value is missing; nothing else is ever evaluated."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.workflows.references import (
    BadReference,
    MissingReference,
    embed,
    look_up,
    parse,
    parse_title,
    resolve,
)

INPUT = {"order_id": "O-7", "amount": 12.5, "tags": ["a", "b"], "buyer": {"name": "Ada", "age": None}, "vip": True}
OUTPUTS = {"look_up": {"total": 40, "lines": [{"sku": "x"}]}, "write": "A letter"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${input.order_id}", "O-7"),
        ("${input.amount}", 12.5),
        ("${ input.tags }", ["a", "b"]),
        ("${input.tags.1}", "b"),
        ("${input.buyer.age}", None),
        ("${input}", INPUT),
        ("${steps.look_up.output}", OUTPUTS["look_up"]),
        ("${steps.look_up.output.lines.0.sku}", "x"),
        ("${steps.write.output}", "A letter"),
        ("${input.none?}", None),
        ("${input.buyer.age.years?}", None),
        ("${steps.later.output.total?}", None),
    ],
)
def test_a_text_that_is_one_reference_keeps_the_type(text: str, value: Any) -> None:
    assert resolve(text, INPUT, OUTPUTS) == value


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Order ${input.order_id}.", "Order O-7."),
        ("${input.order_id}${input.amount}", "O-712.5"),
        ("vip: ${input.vip}, age: ${input.buyer.age}", "vip: true, age: null"),
        ("${input.buyer} and ${input.tags}", '{"age": null, "name": "Ada"} and ["a", "b"]'),
        ("note: ${input.none?}!", "note: !"),
        ("costs $5 {net} $${input.order_id}", "costs $5 {net} ${input.order_id}"),
        ("$${", "${"),
    ],
)
def test_a_reference_inside_a_text_becomes_text(text: str, result: str) -> None:
    assert resolve(text, INPUT, OUTPUTS) == result


def test_references_are_found_at_any_depth_and_keys_are_left_alone() -> None:
    value = {"${input.order_id}": [{"a": "${input.amount}"}, 7, None, True]}
    assert resolve(value, INPUT, OUTPUTS) == {"${input.order_id}": [{"a": 12.5}, 7, None, True]}


def test_what_a_value_says_is_not_read_again() -> None:
    assert resolve("${input.a} ${input.b}", {"a": "${input.b}", "b": "$${"}, {}) == "${input.b} $${"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("${input.none}", '${input.none} cannot be filled in: the input has no "none".'),
        ("${input.buyer.mail}", '${input.buyer.mail} cannot be filled in: "buyer" of the input has no "mail".'),
        ("${input.tags.2}", '${input.tags.2} cannot be filled in: "tags" of the input has no "2".'),
        ("${input.order_id.0}", '${input.order_id.0} cannot be filled in: "order_id" of the input has no "0".'),
        ("a ${steps.later.output.x}", '${steps.later.output.x} cannot be filled in: step "later" has no output.'),
    ],
)
def test_a_missing_value_is_named(text: str, sentence: str) -> None:
    with pytest.raises(MissingReference) as caught:
        resolve(text, INPUT, OUTPUTS)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "text",
    [
        *("${", "${input.a", "${}", "${a}", "${input..a}", "${input.}", "${steps}", "${steps.a}", "${steps.a.input}"),
        *("${input.a b}", "${input[0]}", "${input.__class__.__mro__()}", "${1+1}", "${input.a|safe}"),
        "${in${input.a}put}",
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(BadReference) as caught:
        parse(text)
    assert caught.value.token in text


def test_a_title_leaves_out_what_is_missing() -> None:
    assert embed(parse_title("Refund {input.order_id} {{now}} {input.none}"), INPUT, {}) == "Refund O-7 {now} "
    for text in ("{order_id}", "{input}", "{", "}", "{}", "{steps.a.output}"):
        with pytest.raises(BadReference):
            parse_title(text)


@settings(deadline=None)
@given(st.text("${}input.?steps.aoutput ", max_size=40))
def test_every_text_parses_or_is_refused_and_then_resolves_or_is_missing(text: str) -> None:
    try:
        template = parse(text)
    except BadReference:
        return
    try:
        assert isinstance(embed(template, {"a": 1}, {"a": 2}), str)
    except MissingReference:
        assert any(not isinstance(part, str) for part in template)


@settings(deadline=None)
@given(st.text())
def test_a_value_is_carried_over_unchanged(text: str) -> None:
    assert resolve("${input.x}", {"x": text}, {}) == text
    assert resolve("<${input.x}>", {"x": text}, {}) == f"<{text}>"


def test_a_huge_number_as_a_place_in_a_list_is_missing() -> None:
    (reference,) = parse("${input.tags." + "9" * 100 + "}")
    with pytest.raises(MissingReference):
        look_up(reference, INPUT, {})  # type: ignore[arg-type]
