"""Every mistake in a definition is told with its line and its fix, and nothing that is read surprises later."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.workflows.reading import (
    DefinitionError,
    Problem,
    definition_digest,
    from_canonical,
    read,
    read_source,
    to_canonical,
)
from orchestrator.workflows.schema import Definition

DATA = Path(__file__).parent / "data"
GOOD = sorted((DATA / "good").glob("*.yaml"))
BAD = sorted((DATA / "bad").glob("*.yaml"))
REFUND = (DATA / "good" / "customer-refund.yaml").read_text()
SMALLEST = (DATA / "good" / "smallest.yaml").read_text()


def said(text: str | bytes) -> list[str]:
    """The problems of a text as `line N: sentence`."""
    with pytest.raises(DefinitionError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_bad_definition_is_told_what_is_wrong_and_where(file: Path) -> None:
    text = file.read_text()
    expected = re.findall(r"^# (line \d+: .*)$", text, re.MULTILINE)
    assert expected, "a bad example says in its first lines what is wrong with it"
    assert said(text) == expected


def test_there_are_enough_bad_examples() -> None:
    assert len(BAD) >= 25


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_definition_survives_its_canonical_form(file: Path) -> None:
    definition = read(file.read_bytes())
    again = from_canonical(to_canonical(definition))
    assert again == definition
    assert definition_digest(again) == definition_digest(definition)


def test_how_a_definition_is_written_does_not_change_its_digest() -> None:
    other = "# A remark\n" + SMALLEST.replace("{id: greet, kind: agent,", "{kind: 'agent', id: greet,")
    assert definition_digest(read(other)) == definition_digest(read(SMALLEST))
    assert definition_digest(read(REFUND.replace("90m", "5400s"))) == definition_digest(read(REFUND))
    assert definition_digest(read(REFUND.replace("90m", "91m"))) != definition_digest(read(REFUND))


def test_all_problems_are_told_at_once_in_the_order_of_the_text() -> None:
    text = REFUND.replace("name: customer-refund", "name: 7").replace("kind: tool", "kind: tol").replace("90m", "soon")
    assert [line.split(":")[0] for line in said(text)] == ["line 1", "line 17", "line 43"]


def test_a_problem_names_the_path_and_the_column() -> None:
    with pytest.raises(DefinitionError) as caught:
        read(REFUND.replace("look_up.output.total", "lookup.output"))
    problem = caught.value.problems[0]
    assert (problem.line, problem.column, problem.path) == (30, 16, "steps[1].task")


def test_bytes_that_are_not_utf8_name_their_line() -> None:
    raw = REFUND.replace("Look up the order", "Bestellung prüfen").encode("latin-1")
    assert said(raw) == ["line 18: A character is not UTF-8. Save the file with the encoding UTF-8."]


def test_a_control_character_names_its_line() -> None:
    assert said("name: a\ntitle: b\x07\n") == ["line 2: The character U+0007 is not allowed. Remove it."]


@pytest.mark.parametrize("text", ["", "# only a remark\n", "\n\n", "---\n"])
def test_an_empty_text_is_refused(text: str) -> None:
    assert "empty" in said(text)[0]


@pytest.mark.parametrize("text", ["just a text", "- a\n- list\n", "7", "[]"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    assert said(text)[0].startswith("line 1: A definition must be a mapping of key: value; here it is a")


def test_a_text_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    begun = time.monotonic()
    sentence = "line 1: The text is too large. A definition has at most 1024 kB."
    assert said("a: " + "[" * 1_100_000) == [sentence]
    assert said(b"\xe2\x82\xac" * 400_000) == [sentence]
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: " + "[" * 10_000, "This is nested more than 40 levels deep. Make it flatter."),
        ("a: " + "{b: " * 10_000, "This is nested more than 40 levels deep. Make it flatter."),
        ("a: &a [*a]", "Aliases repeat too much here. Write the values out."),
        ("a: &a {b: *a}", "Aliases repeat too much here. Write the values out."),
        ("a: &a 1\nb: [" + "*a, " * 101 + "]", "There are more than 100 aliases. Write the values out."),
    ],
)
def test_depth_and_aliases_are_limited(text: str, sentence: str) -> None:
    begun = time.monotonic()
    assert said(text)[0].endswith(sentence)
    assert time.monotonic() - begun < 10


def test_an_anchor_bomb_does_not_go_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    begun = time.monotonic()
    assert said("\n".join(lines))[0].endswith("Aliases repeat too much here. Write the values out.")
    assert time.monotonic() - begun < 10


def test_references_from_one_schema_part_to_the_next_do_not_exhaust_the_reader() -> None:
    parts = ", ".join(f"d{n}: {{$ref: '#/$defs/d{n + 1}'}}" for n in range(4000))
    closed = "{type: object, additionalProperties: false, properties: {a: {$ref: '#/$defs/d0'}}"
    text = SMALLEST.replace("steps:", f"input: {closed}, $defs: {{{parts}, d4000: {{type: string}}}}}}\nsteps:")
    assert said(text) == ["line 3: References lead to references too many times here. Write the parts out."]


def test_thousands_of_mistakes_are_cut_short() -> None:
    wrong = "".join(f"        - ${{steps.nope{n}.output}}\n" for n in range(6000))
    text = REFUND.replace("    with: {order:", "    with:\n      more:\n" + wrong + "      order: {all:")
    begun = time.monotonic()
    assert len(said(text)) == 100
    assert time.monotonic() - begun < 10


def test_a_surrogate_written_as_an_escape_is_refused() -> None:
    assert said(SMALLEST.replace("Say hello\n", '"\\uD800"\n')) == [
        "line 2: The text holds the character U+D800, which is not allowed. Remove it."
    ]


def test_a_character_that_json_writes_as_a_pair_of_escapes_is_one_character() -> None:
    assert read(SMALLEST.replace("Say hello\n", '"\\ud83d\\ude00"\n')).title == "\U0001f600"


def test_a_missing_key_says_what_it_is_for() -> None:
    assert said("title: Only a title\nsteps: []\n") == [
        'line 1: Add "name": a short name, like customer-refund.',
        'line 2: "steps" is empty. Fill it in.',
    ]


def test_a_source_knows_the_lines_of_its_definition() -> None:
    source = read_source(REFUND)
    assert source.document.place(("steps", 1, "agent")).line == 27
    assert source.document.place(("steps", 1, "max_turns")).line == 24


def test_references_in_every_place_are_checked() -> None:
    wrong = "${input.nothing}"
    text = (
        REFUND.replace("Call the customer about", wrong)
        .replace("Decide on", wrong)
        .replace("ok: $", f"no: {wrong}\n  ok: $")
    )
    assert [line.split(":")[0] for line in said(text)] == ["line 29", "line 41", "line 45"]


def read_or_told(text: str) -> Definition | None:
    """The definition, or None once it is sure that every problem is a sentence with a place."""
    told: list[Problem] = []
    try:
        return read(text)
    except DefinitionError as error:
        told = error.problems
    assert told
    assert all(problem.line >= 1 and problem.sentence.endswith((".", "?")) for problem in told)
    return None


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert read_or_told(text) is None


@settings(deadline=None)
@given(st.data())
def test_no_damage_to_a_good_text_breaks_the_reader(data: st.DataObject) -> None:
    lines = REFUND.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.sampled_from(lines) | st.text("ab: {}[]-'\"$.&*!|>#\t\n%@", max_size=20))
    kept = data.draw(st.integers(0, len(lines[place])))
    lines[place] = lines[place][:kept] + other
    definition = read_or_told("\n".join(lines))
    assert definition is None or from_canonical(to_canonical(definition)) == definition


WORDS = ("object", "#/$defs/a", "${input.order_id}", "${steps.decide.output.amount}", "30s", "(", "tool")
KEYS = ("type", "properties", "$ref", "$defs", "required", "items", "allOf", "pattern", "a")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["object", "#/$defs/a", "${input.order_id}", "${steps.decide.output.amount}", "30s", "(", "tool"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "$ref", "$defs", "required", "items", "allOf", "a"]), inner
        )
    ),
    max_leaves=6,
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every place inside a JSON value at which something else could stand: a container and a key."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [spot for key in keys for spot in [(value, key), *spots(value[key])]]


@settings(deadline=None)
@given(st.data())
def test_no_value_in_any_place_breaks_the_reader(data: st.DataObject) -> None:
    value = to_canonical(read(REFUND))
    container, key = data.draw(st.sampled_from(spots(value)))
    container[key] = data.draw(JSON)
    definition = read_or_told(json.dumps(value))
    assert definition is None or from_canonical(to_canonical(definition)) == definition


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    with pytest.raises(DefinitionError):
        read(raw)
