"""The sentence of what will happen comes from the contract and the arguments, and from nothing else (T30, T31)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.contracts.pointers import leaves, shown
from agents.sentences import amount_of, check_template, sentence
from agents.sentences.money import MINUS, money, number_of
from tests.contracts.strategies import JSON, TEXT

ARGUMENTS: dict[str, Any] = {
    "amount": "18450.00",
    "cents": 1845000,
    "currency": "SEK",
    "order_id": "#W1",
    "customer": {"name": "Ada"},
    "items": [{"name": "lamp"}, {"name": "chair"}],
    "iban": "SE3550000000054910000003",
    "day": "2026-11-23",
    "at": "2026-11-23T09:40:00Z",
    "note": "two\nlines",
    "ok": True,
    "none": None,
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "currency": {"type": "string"},
        "order_id": {"type": "string"},
        "customer": {"$ref": "#/$defs/Customer"},
        "items": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "free": {"type": "object"},
        "any": {},
    },
    "additionalProperties": False,
    "$defs": {"Customer": {"type": "object", "properties": {"name": {"type": "string"}}}},
}


def told(template: str, arguments: dict[str, Any] | None = None) -> str:
    """A sentence with its values in square brackets."""
    parts = sentence(template, ARGUMENTS if arguments is None else arguments, tool="payments.refund")
    return "".join(f"[{part.text}]" if part.value else part.text for part in parts)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        (
            "Refund {amount|money:EUR} for order {order_id} to {customer.name}",
            "Refund [€18,450.00] for order [#W1] to [Ada]",
        ),
        ("{amount|money:{currency}}", "[SEK 18,450.00]"),
        ("{cents|money:USD:minor}", "[$18,450.00]"),
        ("{amount|money}", "[18,450.00]"),
        ("{order_id|money:EUR}", "[#W1]"),
        ("{items|count:item} and {customer|count:box/boxes}", "[2 items] and [1 box]"),
        ("{items.1.name} {items.7.name}", "[chair] [—]"),
        ("{iban|masked} {order_id|masked}", "[•••• 0003] [••••]"),
        ("{day|date}, {at|date}, {order_id|date}", "[23 Nov 2026], [23 Nov 2026, 09:40 UTC], [#W1]"),
        ("{order_id|quoted}", "[“#W1”]"),
        ("{ok} {none} {gone}", "[yes] [nothing] [—]"),
        ("{{order_id}} {customer}", "{order_id} [name: Ada]"),
        ("{ stray {order_id", "{ stray {order_id"),
        ("{order_id|unknown}", "[#W1]"),
    ],
)
def test_templates(template: str, result: str) -> None:
    assert told(template) == result


def test_without_a_template_every_argument_is_listed() -> None:
    assert told("", {"to": {"name": "Ada"}, "ids": [1, 2], "tags": []}) == (
        "Call payments.refund with [to.name] = [Ada], [ids[0]] = [1], [ids[1]] = [2], [tags] = [an empty list]"
    )
    assert told(" ", {}) == "Call payments.refund without arguments"


def test_long_values_are_shortened_with_their_length() -> None:
    assert told("{note}", {"note": "z" * 5_000}) == f"[{'z' * 140}… (5,000 characters)]"
    assert told("{ids}", {"ids": list(range(10))}) == "[0, 1, 2, 3, 4 and 5 more]"
    assert told("", {f"k{i:03}": i for i in range(60)}).endswith(" and 10 more values")


@given(st.dictionaries(TEXT, JSON, max_size=4))
@settings(deadline=None)
def test_t30_a_listing_names_every_leaf(arguments: dict[str, Any]) -> None:
    texts = [part.text for part in sentence("", arguments, tool="x") if part.value]
    assert texts[::2] == [shown(path) for path in leaves(arguments)] if arguments else not texts


@given(st.text(alphabet="{}|:.abmoney EURcount0date"), st.dictionaries(st.text("abc", max_size=2), JSON, max_size=3))
@settings(deadline=None, max_examples=300)
def test_no_template_and_no_arguments_make_it_fail(template: str, arguments: dict[str, Any]) -> None:
    assert sentence(template, arguments, tool="x") == sentence(template, dict(arguments), tool="x")
    assert isinstance(check_template(template, SCHEMA), list)


@given(TEXT, TEXT)
def test_t30_values_can_not_speak_as_the_product(name: str, order: str) -> None:
    """Whatever the arguments hold, the words between the values are those of the contract."""
    parts = sentence("Refund {order_id} to {customer.name}", {"order_id": order, "customer": {"name": name}}, tool="x")
    assert [part.text for part in parts if not part.value] == ["Refund ", " to "]
    assert len(parts) == 4


def test_a_template_in_a_value_is_not_followed() -> None:
    assert told("Pay {order_id}", {"order_id": "{amount|money:EUR}", "amount": 5}) == "Pay [{amount|money:EUR}]"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("18450.00", "€18,450.00"),
        (642.1, "€642.10"),
        (0.1, "€0.10"),
        (-5, f"{MINUS}€5.00"),
        ("1.000", "€1.00"),
        ("12.345", "€12.345"),
        ("0.005", "€0.005"),
        (0, "€0.00"),
        (10**15, "€1,000,000,000,000,000.00"),
        ("123456789012345678.123456789", "€123,456,789,012,345,678.123456789"),
    ],
)
def test_t31_amounts_are_never_rounded_and_never_ambiguous(value: Any, written: str) -> None:
    assert money(value, "EUR") == written


@pytest.mark.parametrize(
    "value", ["1,000", "1e5", "١٢", " 5", "5 ", "+5", "0x10", "NaN", "1_000", "", True, None, [], 1e300]
)
def test_t31_what_is_no_plain_number_is_no_amount(value: Any) -> None:
    assert money(value, "EUR") is None


@given(st.decimals(min_value=-(10**15), max_value=10**15, allow_nan=False, places=2))
def test_t31_a_written_amount_reads_back(number: Any) -> None:
    written = money(str(number), "EUR")
    assert written is not None
    assert number_of(written.replace("€", "").replace(",", "").replace(MINUS, "-")) == number


def test_t31_currencies_have_their_own_decimals() -> None:
    assert money(5000, "JPY") == "¥5,000"
    assert money(5000, "JPY", minor=True) == "¥5,000"
    assert money(5000, "KWD", minor=True) == "KWD 5.000"


def test_t31_a_currency_that_is_none_is_shown_as_it_came() -> None:
    template = "Pay {amount|money:{currency}}"
    assert told(template, {"amount": 5, "currency": "EUR (paid already)"}) == "Pay [5.00 EUR (paid already)]"
    assert told(template, {"amount": 5}) == "Pay [5.00 —]"


def test_amounts_for_lists() -> None:
    assert amount_of({"amount": "642.10"}, "amount", "EUR") == "€642.10"
    assert amount_of({"amount_cents": 64210}, "amount_cents", "EUR") == "€642.10"
    assert amount_of({"amount": 5, "currency": "USD"}, "amount", "") == "$5.00"
    assert amount_of({"total": {"value": 5}}, "total.value", "") == "5.00"
    assert amount_of({"amount": "much"}, "amount", "EUR") is None
    assert amount_of({}, "amount", "EUR") is None
    assert amount_of({"amount": 5}, "", "EUR") is None


@pytest.mark.parametrize(
    "template",
    [
        "",
        "No arguments",
        "{amount|money:EUR}",
        "{customer.name}",
        "{items.0.name}",
        "{items|count:item}",
        "{free.x} {any.y.z}",
    ],
)
def test_fitting_templates_have_no_problems(template: str) -> None:
    assert check_template(template, SCHEMA) == []


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{amuont}", "There is no argument “amuont”. Did you mean “amount”?"),
        ("{customer.nam}", "There is no argument “customer.nam”. Did you mean “customer.name”?"),
        ("{xyz}", "There is no argument “xyz”. There are amount, currency, order_id, customer, items, free, any."),
        ("{amount|mony:EUR}", "“mony” is not a way to write {amount}. Did you mean “money”?"),
        ("{amount|money:eur}", "“eur” is not a currency. Write three capitals such as EUR, or {currency}."),
        ("{amount|money:{curency}}", "There is no argument “curency”. Did you mean “currency”?"),
        ("{amount|money:EUR:cents}", "“cents” is not known after the currency. Only “minor” is, for cents."),
        ("{items|money:EUR}", "“items” can't be an amount. It must be a number or a decimal text."),
        ("{order_id|count:x}", "“order_id” is not a list, so there is nothing to count."),
        ("{order_id|quoted:x}", "“quoted” has too many options at {order_id}."),
        ("{order_id", "A brace stands alone. Enclose names of arguments as {name}, and write {{ or }} for a brace."),
        ("x" * 501, "The sentence has 501 characters. At most 500 are allowed."),
    ],
)
def test_problems_of_a_template_say_what_would_be_right(template: str, problem: str) -> None:
    assert check_template(template, SCHEMA) == [problem]
