"""Files of cases: whatever a spreadsheet program writes is read as it was meant, and every problem has its place."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.runs.starting.cases import MAX_ROWS, Cases, column_names, read_cases, template_of

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["order_id", "gift"],
    "properties": {
        "order_id": {"type": "string", "minLength": 1, "maxLength": 40, "title": "Order"},
        "amount": {"type": "number"},
        "count": {"type": "integer"},
        "currency": {"type": "string", "enum": ["EUR", "USD"]},
        "gift": {"type": "boolean"},
        "urgent": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}},
        "due": {"type": "string", "format": "date"},
        "address": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"city": {"type": "string", "maxLength": 40}},
        },
    },
}


def read(text: str) -> Cases:
    """The cases in a text."""
    return read_cases(text.encode(), SCHEMA)


def value(cells: dict[str, str]) -> Any:
    """The input that one row makes, or the sentences about it."""
    out = io.StringIO()
    full = {"order_id": "O-1", "gift": "no"} | cells
    csv.writer(out).writerows([list(full), list(full.values())])
    (case,) = read(out.getvalue()).cases
    return case.value if case.value is not None else [str(problem) for problem in case.problems]


def problems(text: str | bytes) -> list[tuple[int, str, str]]:
    """What is wrong in a file that cannot be used."""
    found = read_cases(text if isinstance(text, bytes) else text.encode(), SCHEMA)
    assert not found.cases
    return [(each.row, each.column, each.sentence) for each in found.problems]


def test_columns_are_named_and_ordered_as_the_workflow_was_written() -> None:
    names = ["order_id", "amount", "count", "currency", "gift", "urgent", "tags", "due", "address.city"]
    assert column_names(SCHEMA) == names
    assert template_of(SCHEMA) == b"\xef\xbb\xbf" + ",".join(names).encode() + b"\r\n"


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({}, {}),
        ({"amount": "12.50", "count": "3"}, {"amount": 12.5, "count": 3}),
        ({"amount": " 7 "}, {"amount": 7}),
        ({"currency": "EUR "}, {"currency": "EUR"}),
        ({"gift": "YES", "urgent": "0"}, {"gift": True, "urgent": False}),
        ({"tags": "a\nb\n"}, {"tags": ["a", "b"]}),
        ({"due": "2026-01-31"}, {"due": "2026-01-31"}),
        ({"address.city": "Malmö"}, {"address": {"city": "Malmö"}}),
        ({"order_id": '=1+1 "x", y'}, {"order_id": '=1+1 "x", y'}),
        ({"amount": "", "urgent": ""}, {}),
    ],
)
def test_cells_are_read_as_the_schema_says(cells: dict[str, str], wanted: dict[str, Any]) -> None:
    assert value(cells) == {"order_id": "O-1", "gift": False} | wanted


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"amount": "12,50"}, "amount: “Amount” is not a number. Write 12.50, with a point before the decimals."),
        ({"count": "1.5"}, "count: “Count” must be a whole number, without a decimal point."),
        ({"currency": "SEK"}, "currency: Write one of: EUR, USD."),
        ({"gift": "maybe"}, "gift: Write true or false."),
        ({"gift": ""}, "“gift” is missing. Add it: true or false."),
        ({"due": "31.1.2026"}, "“due” does not have the form of a date such as 2026-11-23."),
        ({"order_id": "x" * 41}, "“order_id” has 41 characters. At most 40 are allowed."),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_with_what_would_be_right(cells: dict[str, str], sentence: str) -> None:
    assert value(cells) == [sentence]


def test_several_problems_of_one_row_are_told_together() -> None:
    assert len(value({"amount": "x", "currency": "SEK", "urgent": "?"})) == 3


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_commas_semicolons_tabs_byte_order_marks_and_all_line_ends_are_understood(
    separator: str, mark: str, end: str
) -> None:
    text = mark + separator.join(["gift", "order_id"]) + end + separator.join(["no", '"a, b; c"']) + end
    assert [case.value for case in read(text).cases] == [{"gift": False, "order_id": "a, b; c"}]


@pytest.mark.parametrize(
    "header", ["ORDER_ID,Gift", "order,gift", " order_id , gift ", "'order_id,gift", "Order,Gift,,"]
)
def test_column_names_may_be_those_of_forms_and_capitalised_otherwise(header: str) -> None:
    assert [case.value for case in read(f"{header}\nO-1,yes\n").cases] == [{"order_id": "O-1", "gift": True}]


def test_rows_are_counted_as_a_spreadsheet_shows_them() -> None:
    found = read('order_id,gift\nO-1,yes\n\n,,\n"O\n2",x\nO-3,?\n')
    assert [case.row for case in found.cases] == [2, 5, 6]
    assert [problem.row for case in found.cases for problem in case.problems] == [5, 6]


def test_values_beyond_the_columns_and_short_rows() -> None:
    found = read("order_id,gift,amount\nO-1,yes\nO-2,no,5,\nO-3,no,5,x,y\n")
    assert [case.value for case in found.cases][:2] == [
        {"order_id": "O-1", "gift": True},
        {"order_id": "O-2", "gift": False, "amount": 5},
    ]
    assert [str(each) for each in found.cases[2].problems] == ["The value in column 4 stands under no column name."]


def test_a_header_is_refused_with_everything_that_is_wrong_with_it() -> None:
    assert problems("oder_id,amount,amount\nO-1,1,1\n") == [
        (1, "oder_id", 'There is no input “oder_id”. Did you mean "order_id"?'),
        (1, "amount", "This column is there twice. Keep one of the two."),
        (1, "order_id", "This column is missing, and every run needs it. Add it."),
        (1, "gift", "This column is missing, and every run needs it. Add it."),
    ]


def test_broken_quotes_are_named_by_their_row() -> None:
    for text in ('order_id,gift\nO-1,yes\n"O-2,yes\n', 'order_id,gift\nO-1,yes\n"O"2,yes\n'):
        ((row, _, sentence),) = problems(text)
        assert (row, "quote" in sentence) == (3, True)
    ((_, _, sentence),) = problems("order_id,gift\n" + "x" * 200_000 + ",yes\n")
    assert sentence.startswith("A cell is longer than 100,000 characters")


def test_as_many_rows_as_allowed_are_read_and_one_more_is_refused() -> None:
    row = "O-1,yes\n"
    assert len(read("order_id,gift\n" + row * MAX_ROWS).cases) == MAX_ROWS
    ((_, _, sentence),) = problems("order_id,gift\n" + row * (MAX_ROWS + 1))
    assert sentence == "The file has more than 10,000 rows. Cut it into several files."


def test_a_name_that_looks_like_a_formula_goes_out_quoted_and_comes_back() -> None:
    schema = {"type": "object", "additionalProperties": False, "properties": {"=cmd": {"type": "string"}}}
    header = template_of(schema)
    assert header == b"\xef\xbb\xbf'=cmd\r\n"
    assert read_cases(header + b"x\r\n", schema).cases[0].value == {"=cmd": "x"}


plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)
rows = st.fixed_dictionaries(
    {"order_id": plain.filter(lambda text: bool(text.strip())), "gift": st.booleans()},
    optional={"count": st.integers(-(10**9), 10**9), "currency": st.sampled_from(["EUR", "USD"])},
)


@settings(max_examples=100, deadline=None)
@given(cases=st.lists(rows, min_size=1, max_size=5), separator=st.sampled_from(",;"))
def test_what_is_written_is_what_is_read(cases: list[dict[str, Any]], separator: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    names = ["order_id", "gift", "count", "currency"]
    writer.writerow(names)
    writer.writerows([[_cell(case.get(name)) for name in names] for case in cases])
    found = read(out.getvalue())
    breaks = [{**case, "order_id": case["order_id"].replace("\r\n", "\n").replace("\r", "\n")} for case in cases]
    assert [case.value for case in found.cases] == breaks


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=300) | st.text(alphabet='order_id,gift;"\n\r=x1 \ufeff', max_size=120).map(str.encode))
def test_no_file_breaks_the_reader(raw: bytes) -> None:
    found = read_cases(raw, SCHEMA)
    assert bool(found.problems) != bool(found.cases)
    assert all((case.value is None) == bool(case.problems) for case in found.cases)


def _cell(given: Any) -> str:
    return "" if given is None else str(given).lower() if isinstance(given, bool) else str(given)
