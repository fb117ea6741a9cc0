"""Conditions: what is refused when a workflow is imported, what is read, and what holds in a run."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.workflows.conditions import BadCondition, ConditionFailed, check, holds, paths, warnings
from orchestrator.workflows.conditions.holding import LONGEST_BUILT


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


ITEM = _object(["price"], price={"type": "integer"}, tag={"type": "string"})
SCHEMAS: dict[str | None, dict[str, Any] | None] = {
    None: _object(
        ["amount", "count", "country", "when", "items"],
        amount={"type": "number"},
        count={"type": "integer"},
        country={"type": "string", "enum": ["SE", "NO"]},
        note={"type": "string"},
        when={"type": ["string", "null"]},
        items={"type": "array", "items": ITEM},
    ),
    "look_up": _object(["total"], total={"type": "integer"}, paid={"type": "boolean"}, **{"order-id": {}}),
    "ask": None,
}
INPUT = {"amount": 5, "count": 4, "country": "SE", "when": None, "items": [{"price": 2}, {"price": 9, "tag": "a"}]}
OUTPUTS = {"look_up": {"total": 4, "order-id": "x"}, "ask": {"answer": {"ok": True}}}

WORKS = (
    "input.amount > 3",
    "input.amount >= 4.5 || input.count == 4",
    "input.country == 'SE' && input.country in ['SE', 'NO']",
    "has(input.note) && input.note.startsWith('x')",
    "input.note == 'x' && has(input.note)",
    "!has(input.note) || size(input.note) > 1",
    "has(input.note) ? input.note == 'x' : true",
    "input.when != null && input.when > '2026'",
    "input.items.all(i, i.price > 1) && input.items.exists(i, has(i.tag) && i.tag == 'a')",
    "input.items[0].price == 2",
    "input.items.filter(i, i.price > 3).size() == 1",
    "steps.look_up.output.total > 3",
    "steps['look_up'].output.total % 2 == 0",
    "'order-id' in steps.look_up.output && steps.look_up.output['order-id'] == 'x'",
    "steps.look_up.output == null || steps.look_up.output.total > 1",
    "steps.ask.output.answer.ok",
    "double(input.amount) * 1.2 > 3.0",
    "timestamp('2026-01-01T00:00:00Z') + duration('1h') > timestamp('2026-01-01T00:00:00Z')",
)

REFUSED = {
    "input.amuont > 3": ['input.amuont: the input has no "amuont". Did you mean "amount"?'],
    "inptu.amount > 3": ['There is no "inptu". Did you mean "input"?'],
    "input.amount > 'x'": ['">" does not take a number and a text. input.amount is a number.'],
    "input.count == 'x'": ['input.count is a whole number, "x" is a text: they are never equal.'],
    "input.country == 'NOR'": ['input.country is never "NOR". Did you mean "NO"?'],
    "input.country in ['SE', 'NOR']": ['input.country is never "NOR". Did you mean "NO"?'],
    "input.items.exists(i, i.prise > 3)": ['i.prise: "items.0" has no "prise". Did you mean "price"?'],
    "input.items[0].prize == 1": ['input.items[0].prize: "items.0" has no "prize". Did you mean "price"?'],
    "input.items.price == 1": ["input.items is a list. Write input.items[0] for an item, or input.items.exists(i, …)."],
    "has(input.nota)": ['input.nota: the input has no "nota". Did you mean "note"?'],
    "steps.lookup.output.total > 1": ['There is no earlier step "lookup". Did you mean "look_up"?'],
    "steps.look_up.total > 1": ['"steps.look_up" lacks "output". Did you mean steps.look_up.output.total?'],
    "steps.look_up.output.totl > 1": [
        'steps.look_up.output.totl: the output of step "look_up" has no "totl". Did you mean "total"?'
    ],
    "steps.look_up.output.order-id == 'x'": [
        'There is no "id". A name with a dash stands in brackets, like input["order-id"].'
    ],
    "input.count": ["A condition is true or false; this one is a whole number."],
    "input.count && true": ['"&&" does not take a whole number and true or false. input.count is a whole number.'],
    "'S' in input.country": ['Right of "in" stands a list; input.country is a text. For texts write a.contains("b").'],
    "size(input.count) > 1": ['"size" does not take a whole number. input.count is a whole number.'],
    "input.country.startWith('S')": ['There is no function "startWith". Did you mean "startsWith"?'],
    "input.count = 3": ["The condition cannot be read at character 13. Write == to compare."],
    "input.count > 3 and true": ["The condition cannot be read at character 17. Write && for and."],
    "1 +": ["The condition cannot be read at character 4. Something is missing at the end."],
    "1 > 'a'": ['">" does not take a whole number and a text.'],
    "  ": ["The condition is empty. Write one, like input.amount > 100."],
    "x" * 2_001: ["The condition is too long. It has at most 2000 characters."],
    "(" * 200: ["The condition is nested too deeply. Split it over several steps."],
    "'\ud800' == 'a'": ["The condition holds a character that is not a character."],
}

DOUBTED = {
    "input.note == 'x'": ["input.note may be absent, and the step then fails. Ask first: has(input.note) && …"],
    "has(input.note) || input.note == 'x'": [
        "input.note may be absent, and the step then fails. Ask first: has(input.note) && …"
    ],
    "input.items.exists(i, i.tag == 'x')": ["i.tag may be absent, and the step then fails. Ask first: has(i.tag) && …"],
    "input.when > '2026'": ['input.when may be null, and ">" then fails. Ask first: input.when != null && …'],
    "input.amount * 2 > 3": [
        '"*" does not mix whole numbers and decimals. Write double(…) around values, and 2.0 for 2.'
    ],
}

FAILS = {
    "input.note == 'x'": 'The condition reads input.note, but input has no "note" here.',
    "steps.ask.output.answer.no": (
        'The condition reads steps.ask.output.answer.no, but steps.ask.output.answer has no "no" here.'
    ),
    "steps.later.output.x": 'The condition reads steps.later.output.x, but steps.later.output has no "x" here.',
    "input.when > 'a'": '">" does not take nothing and a text.',
    "input.count": "The condition gives neither true nor false.",
    "1 / (input.count - 4) == 1": "The condition could not be decided: divide by zero.",
    "input.items[7].price == 1": "The condition could not be decided: Index error: index=7 size=2.",
    "input.amuont >": "The condition cannot be read at character 15. Something is missing at the end.",
}


@pytest.mark.parametrize("text", WORKS)
def test_a_condition_that_fits_is_accepted_without_remarks_and_holds(text: str) -> None:
    assert check(text, SCHEMAS) == []
    assert warnings(text, SCHEMAS) == []
    assert isinstance(holds(text, INPUT, OUTPUTS), bool)


@pytest.mark.parametrize(("text", "sentences"), REFUSED.items(), ids=range(len(REFUSED)))
def test_a_mistake_is_refused_with_its_place_and_what_would_be_right(text: str, sentences: list[str]) -> None:
    assert check(text, SCHEMAS) == sentences


@pytest.mark.parametrize(("text", "sentences"), DOUBTED.items())
def test_a_condition_that_fails_in_some_runs_is_doubted(text: str, sentences: list[str]) -> None:
    assert check(text, SCHEMAS) == []
    assert warnings(text, SCHEMAS) == sentences


@pytest.mark.parametrize(("text", "sentence"), FAILS.items())
def test_a_condition_that_cannot_be_decided_says_why(text: str, sentence: str) -> None:
    with pytest.raises(ConditionFailed) as caught:
        holds(text, INPUT, OUTPUTS)
    assert str(caught.value) == sentence


def test_the_output_of_a_step_that_may_be_skipped_is_doubted_until_it_is_asked_for() -> None:
    doubted = "steps.look_up.output.total > 1"
    assert warnings(doubted, SCHEMAS, {"look_up"}) == [
        "steps.look_up.output.total may be absent, and the step then fails. "
        "Ask first: has(steps.look_up.output.total) && …"
    ]
    for asked in ("has(steps.look_up.output.total) && ", "steps.look_up.output != null && "):
        assert warnings(asked + doubted, SCHEMAS, {"look_up"}) == []
    assert warnings(f"steps.look_up.output == null || {doubted}", SCHEMAS, {"look_up"}) == []


def test_what_a_condition_reads_is_known() -> None:
    text = "input.a.b > 1 && steps.x.output[0].y && input.items.exists(input, input.z) && has(steps.y.output.c)"
    assert paths(text) == {(None, ("a", "b")), ("x", ("0", "y")), (None, ("items",)), ("y", ("c",))}
    with pytest.raises(BadCondition):
        paths("input.")


def test_a_skipped_step_has_null_as_its_output() -> None:
    assert holds("steps.look_up.output == null", {}, {"look_up": None})
    assert not holds("has(steps.look_up.output.total)", {}, {"look_up": None})
    assert not holds("steps.look_up.output != null && steps.look_up.output.total > 1", {}, {})


def test_what_a_condition_does_not_read_cannot_stop_it() -> None:
    odd = {"count": 1, "huge": 10**400, "text": "\ud800", "bytes": b"x"}
    assert holds("input.count == 1", odd, {"deep": _deep(100_000)})


@pytest.mark.parametrize("value", [10**30, "\ud800", "\x00", float("inf"), float("nan"), 1 << 63, {"\udfff": 1}])
def test_an_odd_value_is_read(value: Any) -> None:
    assert holds("has(input.a) && input.a != 7", {"a": value}, {})


@pytest.mark.parametrize("value", [10**400, [0] * 100_001, "x" * 7_000_000], ids=["number", "list", "text"])
def test_too_much_to_read_is_refused(value: Any) -> None:
    with pytest.raises(ConditionFailed, match=r"too (large|deeply)"):
        holds("input.a == input.a", {"a": value}, {})


def test_values_nested_too_deeply_are_refused() -> None:
    with pytest.raises(ConditionFailed, match="too deeply nested"):
        holds("input.a == input.a", _deep(100_000), {})


def test_loops_are_bounded() -> None:
    many = {"items": list(range(300)), "long": list(range(LONGEST_BUILT + 1))}
    with pytest.raises(ConditionFailed, match="goes over too many items"):
        holds("input.items.all(x, input.items.all(y, x + y >= 0))", many, {})
    with pytest.raises(ConditionFailed, match="at most 1000 items"):
        holds("input.long.map(x, x).size() > 0", many, {})
    assert holds("input.long.all(x, x >= 0)", many, {})


def test_conditions_are_shared_between_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [
            (n, pool.submit(holds, "input.n % 3 == 0 && input.s == 'x'", {"n": n, "s": "x"}, {})) for n in range(999)
        ]
        assert all(answer.result() == (n % 3 == 0) for n, answer in asked)


def test_the_runtime_is_loaded_only_when_a_condition_is_met() -> None:
    code = "import sys; import orchestrator.workflows.conditions; print('cel_expr_python' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


NAMES = st.sampled_from(
    ["input", "steps", "look_up", "output", "count", "items", "note", "x", "order-id", "all", "has"]
)
MARKS = st.sampled_from(
    [*".()[]{}?:!,'\"`-+*/%<>=&|\n\\ ", "==", "&&", "||", " in ", "null", "true", "1", "2.5", "'a'"]
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.one_of(NAMES, MARKS), max_size=25).map("".join))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5) | NAMES, inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(TEXTS)
def test_any_text_is_checked_without_a_crash(text: str) -> None:
    assert all(isinstance(sentence, str) for sentence in [*check(text, SCHEMAS), *warnings(text, SCHEMAS)])


@settings(max_examples=400)
@given(TEXTS | st.sampled_from(WORKS), VALUES, st.dictionaries(NAMES, VALUES, max_size=3))
def test_any_condition_over_any_values_holds_or_not_or_says_why_and_always_the_same(
    text: str, run_input: Any, outputs: dict[str, Any]
) -> None:
    assert _outcome(text, run_input, outputs) == _outcome(text, run_input, outputs)


@given(st.integers(-9, 9), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(-9, 9))
def test_comparisons_mean_what_they_mean(left: int, sign: str, right: int) -> None:
    expected = {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }
    assert holds(f"input.a {sign} input.b", {"a": left, "b": float(right)}, {}) == expected[sign]


def _outcome(text: str, run_input: Any, outputs: dict[str, Any]) -> bool | str:
    try:
        return holds(text, run_input, outputs)
    except ConditionFailed as error:
        return str(error)


def _deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"a": 1}
    for _ in range(levels):
        value = {"a": value}
    return value
