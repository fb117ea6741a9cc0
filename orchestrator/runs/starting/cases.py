"""Reading a CSV file of cases: one run a row. Pure.

Rows are counted as a spreadsheet shows them: the row of column names is row 1. Every problem names its row and column.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from agents.schema_forms import Field, parse_many
from agents.schema_forms.texts import choices_of
from orchestrator.runs.starting.inputs import input_fields
from orchestrator.workflows.wording import suggestion

MAX_BYTES = 5_000_000
MAX_ROWS = 10_000
LONGEST_CELL = 100_000
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class CaseProblem:
    """Something wrong in a file. Without `row` it is about the whole file, without `column` about the whole row."""

    row: int
    column: str
    sentence: str

    def __str__(self) -> str:
        named = not self.column or self.sentence.startswith(f"“{self.column}”")
        return self.sentence if named else f"{self.column}: {self.sentence}"


@dataclass(frozen=True)
class Case:
    """One row as it was written, and as the input of a run when nothing is wrong with it."""

    row: int
    cells: tuple[str, ...]
    value: dict[str, Any] | None
    problems: tuple[CaseProblem, ...] = ()


@dataclass(frozen=True)
class Cases:
    """A file that was read. With `problems` no row could be looked at."""

    columns: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    problems: tuple[CaseProblem, ...] = ()


class _Unusable(Exception):
    """The file, or its row of column names, cannot be used."""

    def __init__(self, *problems: CaseProblem) -> None:
        self.problems = problems
        super().__init__(problems)


def template_of(schema: Mapping[str, Any]) -> bytes:
    """An empty file with the right column names, as spreadsheet programs open it: UTF-8 with a byte order mark."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_safe(each.code) for each in input_fields(schema)])
    return text.getvalue().encode("utf-8-sig")


def column_names(schema: Mapping[str, Any]) -> list[str]:
    """The names that the columns of a file may have."""
    return [each.code for each in input_fields(schema)]


def read_cases(raw: bytes, schema: Mapping[str, Any]) -> Cases:
    """The cases in a file for a workflow with this input. Raises nothing: what is wrong stands in the result."""
    try:
        text = _decoded(raw)
        known = {each.code: each for each in input_fields(schema)}
        rows = _rows(text, _delimiter(text, known))
        header = next(rows, (0, []))[1]
        columns = _columns(header, known)
        return Cases(tuple(each.code for each in columns if each), tuple(_cases(rows, columns, schema)))
    except _Unusable as error:
        return Cases(problems=error.problems)


def _about_file(sentence: str) -> _Unusable:
    return _Unusable(CaseProblem(0, "", sentence))


def _decoded(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise _about_file(f"The file is larger than {MAX_BYTES // 1_000_000} MB. Cut it into several files.")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _about_file("The file is UTF-16. Save it as “CSV UTF-8”.")
    if raw.startswith(b"PK\x03\x04"):
        raise _about_file("This is a spreadsheet or an archive. Save the sheet as “CSV UTF-8” and choose that file.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _about_file(f"A character on line {line} is not UTF-8. Save the file as “CSV UTF-8”.") from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise _about_file(f"Line {line} holds the character U+0000, which is not allowed. Remove it.")
    if not text.strip():
        raise _about_file("The file is empty. Write the column names in the first row, and one run per row below.")
    return text


def _delimiter(text: str, known: Mapping[str, Field]) -> str:
    """Comma, semicolon or tab, whichever makes most known names of the first row."""

    def names(delimiter: str) -> int:
        try:
            row = next(_rows(text, delimiter), (0, []))[1]
        except _Unusable:  # with the wrong delimiter quotes do not fit
            return 0
        return sum(_named(cell, known) is not None for cell in row)

    return max((",", ";", "\t"), key=names)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, with their numbers. Raises _Unusable where quotes do not fit."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _Unusable(CaseProblem(number + 1, "", _sentence(error))) from error
        if row is None:
            return
        number += 1
        if any(cell.strip() for cell in row):
            yield number, row


def _sentence(error: csv.Error) -> str:
    if "field limit" in str(error):
        return f"A cell is longer than {LONGEST_CELL:,} characters, or a quote is opened and not closed."
    return "A quoted text is not closed, or text follows its closing quote. Write a quote inside quotes twice."


def _named(cell: str, known: Mapping[str, Field]) -> Field | None:
    """The field that a column name means: its name, or what forms call it, however it is capitalised."""
    name = cell.strip().removeprefix("'").strip()
    if name in known:
        return known[name]
    same = [each for each in known.values() if name.casefold() in (each.code.casefold(), each.label.casefold())]
    return same[0] if len(same) == 1 else None


def _columns(header: list[str], known: Mapping[str, Field]) -> list[Field | None]:
    """The field of each column; None for one without a name. Raises _Unusable with everything that is wrong."""
    problems, columns, seen = [], [], set()
    for cell in header:
        found = _named(cell, known) if cell.strip() else None
        columns.append(found)
        name = cell.strip()[:60]
        if found is None and name:
            sentence = f"There is no input “{name}”.{suggestion(name, known)}"
            problems.append(CaseProblem(1, name, sentence))
        elif found is not None and found.code in seen:
            problems.append(CaseProblem(1, name, "This column is there twice. Keep one of the two."))
        seen.add(found.code if found else "")
    for code, each in known.items():
        if each.required and code not in seen:
            problems.append(CaseProblem(1, code, "This column is missing, and every run needs it. Add it."))
    if problems:
        raise _Unusable(*problems)
    return columns


@dataclass(frozen=True)
class _Draft:
    """A row before its values are checked together; `data` is what a form with these cells would send."""

    row: int
    cells: tuple[str, ...]
    data: dict[str, str]
    problems: tuple[CaseProblem, ...]


def _cases(
    rows: Iterator[tuple[int, list[str]]], columns: list[Field | None], schema: Mapping[str, Any]
) -> Iterator[Case]:
    drafts = [_draft(row, cells, columns) for row, cells in islice(rows, MAX_ROWS + 1)]
    if not drafts:
        raise _about_file("The file has column names but no rows. Write one run per row below them.")
    if len(drafts) > MAX_ROWS:
        raise _about_file(f"The file has more than {MAX_ROWS:,} rows. Cut it into several files.")
    by_path = {own.path: own.code for own in columns if own}
    for draft, parsed in zip(drafts, parse_many(schema, (draft.data for draft in drafts)), strict=True):
        told = {problem.column for problem in draft.problems}
        more = ((by_path.get(path, ""), sentence) for path, sentence in parsed.errors.items())
        problems = [CaseProblem(draft.row, column, sentence) for column, sentence in more if column not in told]
        value = None if draft.problems else parsed.value
        yield Case(draft.row, draft.cells, value, (*draft.problems, *problems))


def _draft(row: int, cells: list[str], columns: list[Field | None]) -> _Draft:
    problems, data = [], {}
    for place, cell in enumerate(cells):
        own = columns[place] if place < len(columns) else None
        if not cell.strip():
            continue
        if own is None:
            problems.append(CaseProblem(row, "", f"The value in column {place + 1} stands under no column name."))
            break
        try:
            data[own.name] = _typed(cell, own)
        except ValueError as error:
            problems.append(CaseProblem(row, own.code, str(error)))
    shown = tuple(cells[place] if place < len(cells) else "" for place, own in enumerate(columns) if own)
    return _Draft(row, shown, data, tuple(problems))


def _typed(cell: str, own: Field) -> str:
    """The text that a form would have sent for a cell. Raises ValueError with a sentence."""
    text = cell.strip()
    if own.shape.kind == "boolean":
        if text.casefold() not in _YES | _NO:
            raise ValueError("Write true or false.")
        return "true" if text.casefold() in _YES else "false"
    if own.widget == "select":
        offered = choices_of(own.shape)
        if text not in offered:
            raise ValueError(f"Write one of: {', '.join(list(offered)[:20])}.")
        return text
    return cell


def _safe(name: str) -> str:
    """A column name that no spreadsheet program takes for a formula; reading takes the quote off again."""
    return f"'{name}" if name.startswith(_FORMULA) else name
