"""Forms made from schemas: nothing is changed by showing it, and what is typed is read strictly and kept."""

from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from hypothesis import assume, given, settings

from agents.contracts import prepare
from agents.schema_forms import Field, Parsed, fields, parse
from tests.contracts.browser import Form
from tests.contracts.strategies import cases

PAYMENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "minimum": 0.01, "maximum": 25_000, "description": "What is paid out."},
        "count": {"type": "integer", "exclusiveMinimum": 0},
        "payee_name": {"type": "string", "maxLength": 140},
        "note": {"anyOf": [{"type": "string", "maxLength": 500}, {"type": "null"}], "default": None},
        "phone": {"type": ["string", "null"]},
        "speed": {"enum": ["instant", "standard"]},
        "urgent": {"type": "boolean"},
        "confirmed": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "mail": {"type": "string", "format": "email"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        "limits": {"type": "array", "items": {"type": "integer"}},
        "to": {"$ref": "#/$defs/Address"},
        "extra": {"type": "object"},
    },
    "required": ["amount", "confirmed"],
    "$defs": {
        "Address": {
            "type": "object",
            "title": "Address",
            "properties": {
                "street": {"type": "string"},
                "door": {"type": "object", "properties": {"no": {"type": "integer"}}},
            },
            "required": ["street"],
        }
    },
}
BASE = {"amount": 18450, "confirmed": True}


def by_path(found: list[Field]) -> dict[str, Field]:
    return {one.path: one for one in found}


def sent(**typed: str) -> QueryDict:
    """A submitted form; names are paths with __ for the slash."""
    data = QueryDict(mutable=True)
    for name, text in typed.items():
        data[f"a/{name.replace('__', '/')}"] = text
    return data


def submitted(found: list[Field]) -> Form:
    return Form(render_to_string("forms/schema_form.html", {"fields": found}))


def as_data(form: Form) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, texts in form.data.items():
        data.setlist(name, texts)
    return data


@given(cases())
@settings(deadline=None, max_examples=50)
def test_what_is_shown_and_sent_back_untouched_is_what_it_was(case: Any) -> None:
    schema, value = case
    value = prepare(value, schema).value
    parsed = parse(schema, as_data(submitted(fields(schema, value))), value)
    assert parsed.errors == {}
    assert parsed.value == value


@given(cases())
@settings(deadline=None, max_examples=50)
def test_what_is_typed_anew_is_read_as_it_was_meant(case: Any) -> None:
    """Without a base everything counts as typed. Left out: what no form can tell apart, as an empty text and none."""
    schema, value = case
    value = prepare(value, schema).value
    assume(_can_be_typed(value))
    shown, empty = fields(schema, value), fields(schema, {})
    assume([one.widget for one in shown] == [one.widget for one in empty])
    parsed = parse(schema, as_data(submitted(shown)), {})
    assert parsed.errors == {}
    assert parsed.value == value


def _can_be_typed(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip()) and "\r" not in value
    if isinstance(value, dict):
        return bool(value) and all(map(_can_be_typed, value.values()))
    return all(map(_can_be_typed, value)) if isinstance(value, list) else True


def test_hostile_values_come_back_unchanged() -> None:
    schema = {
        "type": "object",
        "properties": {"t": {"type": "string"}, "l": {"type": "array", "items": {"type": "string"}}},
    }
    texts = [
        "\n",
        "\r",
        "a\r\nb",
        "\n\nx",
        " ",
        "\u202egnp.exe",
        "\u2028",
        "<script>",
        '"><img>',
        "&amp;",
        "</textarea>",
    ]
    for text in texts:
        value = {"t": text, "l": ["a", text]}
        assert parse(schema, as_data(submitted(fields(schema, value))), value).value == value


def test_each_kind_of_value_has_its_widget() -> None:
    widgets = {path: one.widget for path, one in by_path(fields(PAYMENT)).items()}
    assert widgets == {
        "/amount": "number",
        "/count": "number",
        "/payee_name": "text",
        "/note": "textarea",
        "/phone": "text",
        "/speed": "select",
        "/urgent": "select",
        "/confirmed": "checkbox",
        "/day": "date",
        "/mail": "email",
        "/tags": "list",
        "/limits": "list",
        "/to/street": "text",
        "/to/door/no": "number",
        "/extra": "json",
    }


def test_a_value_that_an_input_would_change_gets_a_widget_that_keeps_it() -> None:
    schema = PAYMENT["properties"]
    value = BASE | {"payee_name": "two\nlines", "tags": ["a\nb"], "day": "2026-11-23 "}
    found = by_path(fields({"properties": {**schema, "day": {"type": "string"}}, "$defs": PAYMENT["$defs"]}, value))
    assert (found["/payee_name"].widget, found["/tags"].widget, found["/day"].widget) == ("textarea", "json", "text")


def test_hints_are_plain_words() -> None:
    found = by_path(fields(PAYMENT))
    assert found["/amount"].hint == "What is paid out. 0.01 to 25,000."
    assert found["/count"].hint == "More than 0."
    assert found["/payee_name"].hint == "At most 140 characters."
    assert found["/tags"].hint == "One per line. At most 3 items."
    assert found["/phone"].hint == ""
    assert found["/extra"].hint == "As JSON."
    assert found["/payee_name"].attrs == {"maxlength": "140"}
    assert found["/amount"].attrs == {"inputmode": "decimal"}


def test_an_example_is_shown_and_a_pattern_never() -> None:
    amount = {"type": "string", "pattern": "^(0|[1-9][0-9]*)[.][0-9]{2}$", "maxLength": 12}
    found = by_path(fields({"properties": {"plain": amount, "shown": {**amount, "examples": ["642.10", "1.00"]}}}))
    assert found["/plain"].hint == "At most 12 characters."
    assert found["/shown"].hint == "At most 12 characters. Like 642.10."


def test_labels_name_the_group() -> None:
    found = by_path(fields(PAYMENT))
    assert found["/payee_name"].label == "Payee name"
    assert (found["/to/street"].label, found["/to/street"].code) == ("To: Street", "to.street")


def test_defaults_fill_a_new_form_and_are_sent() -> None:
    schema = {"properties": {"days": {"type": "integer", "default": 14}, "why": {"type": "string"}}}
    shown = fields(schema)
    assert shown[0].value == "14"
    assert parse(schema, as_data(submitted(shown))).value == {"days": 14}
    assert parse(schema, sent(days="")).value == {}
    assert by_path(fields(schema, {}))["/days"].value == ""


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("1,5", "“Amount” is not a number. Write 1.5, with a point before the decimals."),
        ("18,450.00", "“Amount” is not a number. Write 18450.00, without commas between thousands."),
        ("18.450,50", "“Amount” is not a number. Write 18450.50, with a point before the decimals."),
        ("€ 1,234,567", "“Amount” is not a number. Write 1234567, without commas between thousands."),
        ("007", "“Amount” is not a number. Write 7, without zeros in front."),
        ("much", "“Amount” is not a number. Write digits only, such as 12 or 18450.50."),
        ("٣", "“Amount” is not a number. Write digits only, such as 12 or 18450.50."),
        ("1e999", "A number is too large; send it as a string."),
        ("99999", "“amount” is too large. It must be 25,000 or less."),
        ("", "“amount” is missing. Add it: a number."),
    ],
)
def test_numbers_are_read_strictly_and_kept_as_typed(typed: str, sentence: str) -> None:
    parsed = parse(PAYMENT, sent(amount=typed), BASE)
    assert parsed.value is None
    assert parsed.errors == {"/amount": sentence}
    again = by_path(fields(PAYMENT, BASE, parsed=parsed))["/amount"]
    assert (again.value, again.error) == (typed, sentence)


def test_numbers_are_read() -> None:
    for typed, value in (("18450.50", 18450.5), (" 12 ", 12), ("12.0", 12), ("1e3", 1000)):
        assert parse(PAYMENT, sent(amount=typed), BASE).value == BASE | {"amount": value}
    assert parse(PAYMENT, sent(count="1.5"), BASE).errors == {
        "/count": "“Count” must be a whole number, without a decimal point."
    }


def test_lists_groups_and_json_are_read() -> None:
    typed = sent(tags="one\r\n\r\n two ", limits="3\r\n4", to__street="Main", to__door__no="7", extra='{"a": [1]}')
    assert parse(PAYMENT, typed, BASE).value == BASE | {
        "tags": ["one", "two"],
        "limits": [3, 4],
        "to": {"street": "Main", "door": {"no": 7}},
        "extra": {"a": [1]},
    }


def test_mistakes_in_lists_groups_and_json_are_named_at_their_field() -> None:
    parsed = parse(PAYMENT, sent(limits="3\nx", extra="{", to__door__no="7", tags="a\nb\nc\nd", speed="now"), BASE)
    assert parsed.errors == {
        "/limits": "Line 2 of “Limits” is not a number. Write digits only, such as 12 or 18450.50.",
        "/extra": "This is not JSON: Expecting property name enclosed in double quotes at line 1, column 2.",
        "/speed": "“Speed” must be one of the choices shown.",
        "/tags": "“tags” has 4 items. At most 3 are allowed.",
        "/to/street": "“to.street” is missing. Add it: text.",
    }


def test_an_optional_field_or_group_left_empty_is_left_out() -> None:
    value = BASE | {"payee_name": "Ada", "to": {"street": "Main"}, "urgent": True, "speed": "instant"}
    assert parse(PAYMENT, sent(payee_name="", to__street=" ", urgent="", speed=""), value).value == BASE


def test_a_null_that_means_something_survives_a_form() -> None:
    value = BASE | {"phone": None}
    assert parse(PAYMENT, as_data(submitted(fields(PAYMENT, value))), value).value == value


def test_a_checkbox_says_yes_no_or_was_not_there() -> None:
    assert parse(PAYMENT, sent(confirmed="false"), BASE).value == BASE | {"confirmed": False}
    assert parse(PAYMENT, sent(), BASE).value == BASE
    ticked = QueryDict("a/amount=5&a/confirmed=false&a/confirmed=true")
    assert parse(PAYMENT, ticked).value == {"amount": 5, "confirmed": True}
    assert "/confirmed" in parse(PAYMENT, sent(amount="5")).errors


def test_edited_fields_show_what_was_proposed() -> None:
    found = by_path(fields(PAYMENT, BASE | {"payee_name": "Eve", "tags": ["a"]}, original=BASE | {"payee_name": "Ada"}))
    assert (found["/payee_name"].edited, found["/payee_name"].original) == (True, "Ada")
    assert (found["/tags"].edited, found["/tags"].original) == (True, "")
    assert not found["/amount"].edited
    assert sum(one.edited for one in found.values()) == 2


def test_typing_counts_as_editing_before_it_can_be_read() -> None:
    parsed = parse(PAYMENT, sent(amount="much"), BASE)
    assert by_path(fields(PAYMENT, BASE, original=BASE, parsed=parsed))["/amount"].edited


def test_protected_fields_can_not_be_sent() -> None:
    value = BASE | {"payee_name": "Ada Lovelace", "tags": ["a"], "to": {"street": "Main"}}
    data = sent(payee_name="Eve", tags="b", to__street="Side", amount="5")
    parsed = parse(PAYMENT, data, value, readonly=["/tags", "/to"], masked=["/payee_name"])
    assert parsed.value == value | {"amount": 5}
    found = by_path(fields(PAYMENT, value, readonly=["/tags", "/to"], masked=["/payee_name"]))
    assert (found["/payee_name"].value, found["/payee_name"].masked) == ("•••• lace", True)
    assert found["/to/street"].readonly
    html = render_to_string("forms/schema_form.html", {"fields": list(found.values())})
    assert "Lovelace" not in html
    assert not {"a/payee_name", "a/tags", "a/to/street"} & Form(html).data.keys()


def test_a_form_that_is_only_to_be_read_sends_nothing() -> None:
    value = BASE | {"tags": ["a"], "note": "n", "extra": {}, "speed": "instant"}
    html = render_to_string("forms/schema_form.html", {"fields": fields(PAYMENT, value), "readonly": True})
    assert Form(html).data == {}


def test_a_masked_field_inside_a_list_masks_the_whole() -> None:
    schema = {"properties": {"cards": {"type": "array", "items": {"properties": {"no": {"type": "string"}}}}}}
    found = fields(schema, {"cards": [{"no": "4111111111111111"}]}, masked=["/cards/no"])
    assert [one.value for one in found] == ["••••"]


def test_what_has_alternatives_is_edited_as_json() -> None:
    schema = {"properties": {"to": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"id": {}}}]}}}
    parsed = parse(schema, sent(to='{"id": 1}'))
    assert parsed.value == {"to": {"id": 1}}
    whole = {"type": "object", "anyOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {}}}]}
    assert [one.widget for one in fields(whole)] == ["json"]
    assert parse(whole, QueryDict("a=%7B%22a%22%3A%22x%22%7D")).value == {"a": "x"}
    assert parse(whole, QueryDict("a=%5B%5D")).errors[""].startswith("The arguments must be one JSON object")


def test_a_recursive_schema_ends_as_json() -> None:
    tree = {"type": "object", "properties": {"name": {"type": "string"}, "kid": {"$ref": "#"}}}
    assert by_path(fields(tree))["/kid/kid/kid/kid"].widget == "json"


def test_every_description_and_label_points_at_something() -> None:
    value = BASE | {"payee_name": "a\u200bb"}
    parsed = parse(PAYMENT, sent(amount="x"), value)
    found = fields(PAYMENT, value, original=BASE, parsed=parsed)
    form = submitted(found)
    assert form.described
    assert form.described <= form.ids
    assert len({one.id for one in found}) == len(found)


def test_hidden_characters_are_shown_beside_the_input() -> None:
    found = by_path(fields(PAYMENT, BASE | {"payee_name": "Ada\u202e"}))
    assert found["/payee_name"].has_hidden
    assert "U+202E" in render_to_string("forms/field.html", {"field": found["/payee_name"]})
    assert not found["/amount"].has_hidden


def test_texts_of_a_server_are_inert() -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    schema = {
        "properties": {
            evil: {"type": "string", "title": evil, "description": evil, "pattern": "<b>", "default": evil},
            "b": {"enum": [evil]},
        }
    }
    html = render_to_string("forms/schema_form.html", {"fields": fields(schema, original={evil: "x"})})
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert Form(html).data[f"a/{evil.replace('/', '~1')}"] == [evil]


def test_a_form_without_fields_says_so() -> None:
    assert "nothing to fill in" in render_to_string("forms/schema_form.html", {"fields": fields({"type": "object"})})
    assert parse({"type": "object"}, QueryDict("")) == Parsed({}, {}, {})
