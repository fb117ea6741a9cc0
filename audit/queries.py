"""The page of the record: newest entries first, some at a time."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from audit import links
from audit.filters import Filters
from audit.lines import Line, lines_of
from audit.models import Entry, Stream

PAGE = 50


@dataclass(frozen=True)
class LogRow:
    """A line with the thing it belongs to, under the short name people say, such as R-12."""

    line: Line
    code: str
    url: str


@dataclass(frozen=True)
class LogPage:
    """Some entries. `older` is where the next page begins, None on the last one."""

    rows: tuple[LogRow, ...]
    older: int | None

    @property
    def broken(self) -> Line | None:
        """The oldest entry shown that is not what was written."""
        return next((row.line for row in reversed(self.rows) if row.line.problem), None)


@dataclass(frozen=True)
class Size:
    """How much there is."""

    entries: int
    streams: int


def log_page(entries: QuerySet[Entry], filters: Filters, before: int | None) -> LogPage:
    """The newest entries that match, or those older than the entry `before`. The same number of queries at any size."""
    found = entries.filter(filters.condition()).order_by("-pk")
    lines = lines_of((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    shown = lines[:PAGE]
    return LogPage(rows_of(shown), shown[-1].pk if len(lines) > PAGE else None)


def rows_of(lines: list[Line]) -> tuple[LogRow, ...]:
    """The lines with the short names and addresses of what they belong to; one query for each kind of thing."""
    refs: dict[str, set[str]] = {}
    for line in lines:
        refs.setdefault(line.stream_kind, set()).add(line.stream_ref)
    codes = {kind: links.codes_of(kind, of_kind) for kind, of_kind in refs.items()}
    return tuple(
        LogRow(
            line,
            codes[line.stream_kind].get(line.stream_ref, ""),
            links.url_of(line.stream_kind, line.stream_ref),
        )
        for line in lines
    )


def size() -> Size:
    """How many entries were ever written, in how many streams."""
    found = Stream.objects.aggregate(entries=Sum("seq"), streams=Count("pk"))
    return Size(found["entries"] or 0, found["streams"])
