"""Arguments: what is refused, what is one and the same, and in what words (T02, T41)."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.contracts import MAX_BYTES, BadArguments, prepare
from agents.contracts.limits import depth
from agents.contracts.pointers import leaves, parts
from audit.canonical import NotCanonical, digest_bytes, dump, parse
from tests.contracts.strategies import JSON, WHOLE, broken_cases, cases, spelled

ANYTHING = {"type": "object", "properties": {"value": {}}}
REFUND = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string", "pattern": "^#W[0-9]+$"},
        "amount": {"type": "number", "minimum": 0.01, "maximum": 25_000},
        "count": {"type": "integer"},
        "speed": {"enum": ["instant", "standard"]},
        "day": {"type": "string", "format": "date"},
        "note": {"anyOf": [{"type": "string", "maxLength": 140}, {"type": "null"}], "default": None},
        "phone": {"type": ["string", "null"]},
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
    },
    "required": ["order_id", "amount"],
    "$defs": {
        "Item": {
            "type": "object",
            "properties": {"sku": {"type": "string"}, "price": {"type": "number"}},
            "required": ["sku"],
        }
    },
}


def refusal(raw: bytes | dict[str, Any], schema: dict[str, Any] = REFUND) -> dict[str, str]:
    """The sentences of a refusal by the pointer of what they are about."""
    with pytest.raises(BadArguments) as caught:
        prepare(raw, schema)
    return {problem.path: problem.sentence for problem in caught.value.problems}


@given(cases())
@settings(deadline=None)
def test_arguments_that_fit_are_accepted_and_their_canonical_form_is_a_fixed_point(case: Any) -> None:
    schema, value = case
    prepared = prepare(value, schema)
    assert prepare(prepared.canonical, schema) == prepared
    assert prepared.digest == digest_bytes(prepared.canonical)
    assert json.loads(prepared.canonical) == prepared.value == value


@given(broken_cases())
@settings(deadline=None)
def test_arguments_that_do_not_fit_are_refused_with_the_place(case: Any) -> None:
    schema, value, broken = case
    assert all(parts(path)[0] == broken for path in refusal(value, schema))


@given(first=JSON, second=JSON, same=st.booleans(), style=st.tuples(st.sampled_from([None, 0, 3]), st.booleans()))
@settings(deadline=None, max_examples=300)
def test_t02_digests_are_equal_exactly_when_the_strict_reading_is(
    first: Any, second: Any, same: Any, style: Any
) -> None:
    other = first if same else second
    one = spelled({"value": first}, indent=None, ascii_only=True, reverse=False)
    two = spelled({"value": other}, indent=style[0], ascii_only=style[1], reverse=True)
    readings = [json.dumps(parse(raw), sort_keys=True) for raw in (one, two)]
    assert (prepare(one, ANYTHING).digest == prepare(two, ANYTHING).digest) == (readings[0] == readings[1])


@given(cases(), st.data())
@settings(deadline=None)
def test_a_change_of_any_leaf_changes_the_digest(case: Any, data: st.DataObject) -> None:
    _, value = case
    assume(leaves(value).keys() - {""})
    path = data.draw(st.sampled_from(sorted(leaves(value))))
    changed = json.loads(json.dumps(value))
    holder, last = changed, parts(path)[-1]
    for step in parts(path)[:-1]:
        holder = holder[int(step) if isinstance(holder, list) else step]
    holder[int(last) if isinstance(holder, list) else last] = data.draw(WHOLE | st.text("abc"))
    assume(changed != value)
    assert prepare({"value": changed}, ANYTHING).digest != prepare({"value": value}, ANYTHING).digest


@pytest.mark.parametrize(
    "raw",
    [
        b'{"value": 1, "value": 1}',
        b'{"value": NaN}',
        b'{"value": -Infinity}',
        b'{"value": 1e999}',
        b'{"value": 9007199254740992}',
        b'{"value": 1152921504606846976.0}',
        b'{"value": "\\ud800"}',
        b'{"value": "\\u0000"}',
        b'{"value": "\xff"}',
        b'{"value": 1}}',
        b'{"value": "open',
        b"",
        b"[]",
        b'"text"',
        b"null",
    ],
)
def test_t02_texts_with_two_readings_are_refused(raw: bytes) -> None:
    assert list(refusal(raw, ANYTHING)) == [""]


def test_t02_numbers_have_one_form() -> None:
    forms = [b"5", b"5.0", b"5e0", b"0.5e1", b"50e-1"]
    assert len({prepare(b'{"value": %s}' % form, ANYTHING).digest for form in forms}) == 1
    assert prepare({"value": 5.0}, ANYTHING).value == {"value": 5}
    assert prepare(b'{"value": -0.0}', ANYTHING).canonical == b'{"value":0}'
    assert prepare(b'{"value": 1}', ANYTHING).digest != prepare(b'{"value": true}', ANYTHING).digest


def test_t02_text_is_not_normalised() -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    assert prepare({"value": composed}, ANYTHING).digest != prepare({"value": decomposed}, ANYTHING).digest


def test_the_canonical_form_is_that_of_rfc_8785() -> None:
    """The examples of its sections 3.2.2 (numbers) and 3.2.3 (order of names, by UTF-16 code units)."""
    numbers = b'{"value": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]}'
    assert prepare(numbers, ANYTHING).canonical == b'{"value":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6"]
    assert list(json.loads(dump(dict.fromkeys(names, 0)))) == [names[i] for i in (1, 3, 5, 6, 0, 4, 2)]


def test_nulls_that_mean_nothing_are_dropped() -> None:
    bare = prepare({"order_id": "#W1", "amount": 5}, REFUND)
    full = prepare({"order_id": "#W1", "amount": 5, "count": None, "note": None, "speed": None, "items": None}, REFUND)
    assert full == bare
    nested = prepare({"order_id": "#W1", "amount": 5, "items": [{"sku": "a", "price": None}]}, REFUND)
    assert nested.value["items"] == [{"sku": "a"}]


def test_nulls_that_mean_something_are_kept() -> None:
    assert prepare({"order_id": "#W1", "amount": 5, "phone": None}, REFUND).value["phone"] is None
    assert refusal({"order_id": None, "amount": 5}) == {"/order_id": "“order_id” is null. It must be text."}
    assert list(refusal({"order_id": "#W1", "amount": 5, "nothing": None})) == ["/nothing"]


def test_every_sentence_says_what_would_be_right() -> None:
    raw = {
        "order_id": 7,
        "count": 1.5,
        "speed": "now",
        "day": "tomorrow",
        "note": "x" * 141,
        "items": [{"price": "free"}],
        "amuont": 3,
    }
    assert refusal(raw) == {
        "/amount": "“amount” is missing. Add it: a number.",
        "/amuont": "“amuont” is not known here. Did you mean “amount”?",
        "/count": "“count” is a number. It must be a whole number.",
        "/day": "“day” does not have the form of a date such as 2026-11-23.",
        "/items/0/price": "“items[0].price” is text. It must be a number.",
        "/items/0/sku": "“items[0].sku” is missing. Add it: text.",
        "/note": "“note” has 141 characters. At most 140 are allowed.",
        "/order_id": "“order_id” is a number. It must be text.",
        "/speed": '“speed” is not one of the allowed values. Give "instant" or "standard".',
    }


def test_an_address_with_letters_of_any_script_can_be_asked_for() -> None:
    schema = {"type": "object", "properties": {"from": {"type": "string", "format": "idn-email"}}}
    assert prepare({"from": "jörg@müller.example"}, schema).value == {"from": "jörg@müller.example"}
    assert refusal({"from": "jörg at müller"}, schema) == {
        "/from": "“from” does not have the form of an e-mail address such as ada@example.org."
    }


def test_sentences_never_repeat_what_was_sent() -> None:
    secret = "SECRET-4471"
    sentences = refusal({"order_id": secret, "amount": secret, "speed": secret, "day": secret, "count": [secret]})
    assert sentences
    assert not any(secret in sentence for sentence in sentences.values())


def test_a_field_of_a_failed_alternative_is_not_called_unknown() -> None:
    schema = {
        "type": "object",
        "properties": {"to": {"oneOf": [{"$ref": "#/$defs/Card"}, {"type": "string"}]}},
        "$defs": {"Card": {"type": "object", "properties": {"last4": {"type": "string"}}}},
    }
    assert refusal({"to": {"last4": 1}}, schema) == {"/to/last4": "“to.last4” is a number. It must be text."}


def test_a_refusal_always_has_a_sentence() -> None:
    """Valid for one alternative, with a field that only another knows: nothing but that field is wrong."""
    one = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    two = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
    schema = {"type": "object", "properties": {"x": {"anyOf": [one, two]}}}
    assert refusal({"x": {"a": "fine", "b": 5}}, schema) == {
        "/x/b": "“x.b” does not go with the other fields given here. Leave it out, or put its value right."
    }


def test_t41_size_and_depth_are_checked_before_parsing() -> None:
    assert "65,537 bytes" in refusal(b"[" * (MAX_BYTES + 1))[""]
    assert "17 levels" in refusal(b"[" * 17)[""]
    assert depth(b'{"a": "[[[[[[", "b": ["\\"[["]}') == 2
    assert prepare(b'{"value": %s}' % (b"[" * 15 + b"]" * 15), ANYTHING).value


def _mapping_of(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"value": value}
    return value


TEXTS = {"type": "array", "items": {"type": "string"}}
NASTY: list[tuple[Any, dict[str, Any]]] = [
    (b"[" * 65_000, ANYTHING),
    (b'{"value": "' + b'\\"' * 32_000, ANYTHING),
    (b'"' * 65_000, ANYTHING),
    (b"\\" * 65_000, ANYTHING),
    (b'{"value": [' + b"{}," * 20_000 + b"{}]}", ANYTHING),
    (b'{"value": [' + b"null," * 12_000 + b"null]}", ANYTHING),
    (b'{"value": ' + b"9" * 60_000 + b"}", ANYTHING),
    (b'{"value": 0.' + b"9" * 60_000 + b"}", ANYTHING),
    (b'{"value": 1e' + b"9" * 60_000 + b"}", ANYTHING),
    (b"{" + b",".join(b'"k%d":0' % i for i in range(6_000)) + b"}", ANYTHING),
    (_mapping_of(900), ANYTHING),
    (_mapping_of(100_000), ANYTHING),
    ({"value": "x" * 10_000_000}, ANYTHING),
    ({"v": "a" * 9_000 + "b"}, {"type": "object", "properties": {"v": {"type": "string", "pattern": "^(a+)+$"}}}),
    ({"v": "a" * 9_000 + "b"}, {"type": "object", "properties": {"v": {"type": "string", "pattern": r"^(a*)*\1$"}}}),
    (
        {"v": list(range(9_000))},
        {"type": "object", "properties": {"v": {"type": "array", "items": {"type": "string"}}}},
    ),
    ({"v": [None] * 9_000}, {"type": "object", "properties": {"v": TEXTS}}),
]


@pytest.mark.parametrize(("raw", "schema"), NASTY, ids=range(len(NASTY)))
def test_t41_nasty_input_is_answered_soon(raw: Any, schema: dict[str, Any]) -> None:
    started = time.process_time()
    with suppress(BadArguments):
        prepare(raw, schema)
    assert time.process_time() - started < 5  # seconds of this process, other threads included


def test_t41_a_schema_that_multiplies_work_is_bounded() -> None:
    """Two alternatives that lead back to the whole, as an expression tree has, down to the deepest value allowed."""
    node = {"type": "object", "properties": {"of": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/N"}] * 2}}}}
    schema = {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}, "$defs": {"N": node}}
    value: Any = {"of": [1]}
    for _ in range(6):
        value = {"of": [value]}
    started = time.process_time()
    assert refusal({"n": value}, schema)
    assert time.process_time() - started < 5


def test_what_can_not_be_json_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["value"] = loop
    for value in ({"value": object()}, {"value": {1: 2}}, loop, {"value": float("nan")}, {"value": 2**60}):
        assert list(refusal(value, ANYTHING)) == [""]
    with pytest.raises(NotCanonical):
        dump({"value": "\ud800"})
