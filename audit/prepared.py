"""Statements that a connection parses and plans once, at their second use, and that are sent as libpq sends them.

Django has PostgreSQL parse and plan the same text for every use, which costs more than what most statements of the
engine then do. psycopg's module `pq` does the sending (psycopg documentation, "libpq wrapper module"), on Django's
connection and in whatever transaction that has. What the database refuses is raised as Django raises it.
"""

import json
import re
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from psycopg import pq
from psycopg.abc import Transformer
from psycopg.adapt import PyFormat
from psycopg.adapt import Transformer as NewTransformer

_numbers = count(1)
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_HandIn = Callable[["psycopg.Connection[Any]"], None]
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Statement:
    """One statement with the parameters `$1`, `$2`…, of the types that PostgreSQL works out or is told (`$1::uuid`).

    Whatever decides which index serves it has to stand in its text: its plan is made without the parameters.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._name, self._command = b"holdshort_%d" % next(_numbers), text.encode()
        self._used: WeakSet[psycopg.Connection[Any]] = WeakSet()
        self._known: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def rows(self, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What the statement gives for these values, each of a type that psycopg knows."""
        return _loaded(*self._result(values))

    def count(self, values: Sequence[Any]) -> int:
        """How many rows the statement has changed."""
        found, _ = self._result(values)
        return found.command_tuples or 0

    def _result(self, values: Sequence[Any]) -> tuple[pq.abc.PGresult, Transformer]:
        through, to = _connection()
        with through.wrap_database_errors:
            given, transformer = _dumped(to, values)
        return self.send(given, through, to), transformer

    def send(
        self,
        given: Sequence[Any],
        through: BaseDatabaseWrapper,
        to: "psycopg.Connection[Any]",
        formats: Sequence[pq.Format] | None = None,
    ) -> pq.abc.PGresult:
        """Execute the statement with parameters as libpq takes them, all of them text without `formats`."""
        began = time.monotonic()
        with through.wrap_database_errors:
            self.learn(to)
            if _must_begin(to):
                begun, result = _together(to, [_begin, partial(self.hand_in, given=given, formats=formats)])
                _checked(to, begun)
            else:
                result = self._execute(to, given, formats)
            _checked(to, result)
        if through.queries_logged:
            took = time.monotonic() - began
            through.queries_log.append({"sql": _told(self.text, given), "time": f"{took:.3f}"})
        return result

    def learn(self, to: "psycopg.Connection[Any]") -> None:
        """Have the connection prepare what it is about to use for the second time."""
        if to not in self._used:  # of a connection for one request, most statements are needed once
            self._used.add(to)
        elif to not in self._known:
            _checked(to, to.pgconn.prepare(self._name, self._command))
            self._known.add(to)

    def _execute(
        self, to: "psycopg.Connection[Any]", given: Sequence[Any], formats: Sequence[pq.Format] | None
    ) -> pq.abc.PGresult:
        if to in self._known:
            return to.pgconn.exec_prepared(self._name, given, formats)
        return to.pgconn.exec_params(self._command, given, param_formats=formats)

    def hand_in(self, to: "psycopg.Connection[Any]", given: Sequence[Any], formats: Sequence[pq.Format] | None) -> None:
        """Put the statement into the pipeline of a connection, whose results are fetched later."""
        if to in self._known:
            to.pgconn.send_query_prepared(self._name, given, formats)
        else:
            to.pgconn.send_query_params(self._command, given, param_formats=formats)


def json_text(value: Any) -> bytes:
    """A JSON value as the text of a `jsonb` parameter."""
    return json.dumps(value).encode()


_NAME, _NUMBER = re.compile(r"%\((\w+)\)s"), re.compile(r"\$(\d+)")
_WRITERS: dict[str, Callable[[Any], bytes]] = {
    "bigint": lambda value: b"%d" % value,
    "boolean": lambda value: b"t" if value else b"f",
    "bigint[]": lambda values: f"{{{','.join(map(str, values))}}}".encode(),
    "float8": lambda value: str(value).encode(),
    "numeric": lambda value: str(value).encode(),
    "smallint": lambda value: b"%d" % value,
    "text": str.encode,
    "uuid": lambda value: str(value).encode(),
    "uuid[]": lambda values: f"{{{','.join(map(str, values))}}}".encode(),
    "timestamptz": lambda value: value.isoformat().encode(),
    "bytea": lambda value: value,
    "jsonb": json_text,
}


_FIELD_TYPES = {
    "BigAutoField": "bigint",
    "BigIntegerField": "bigint",
    "BinaryField": "bytea",
    "BooleanField": "boolean",
    "CharField": "text",
    "DateTimeField": "timestamptz",
    "DecimalField": "numeric",
    "ForeignKey": "bigint",
    "IntegerField": "bigint",
    "JSONField": "jsonb",
    "SmallIntegerField": "smallint",
    "TextField": "text",
    "UUIDField": "uuid",
}


def types_of(model: type[Model]) -> dict[str, str]:
    """The PostgreSQL types of the columns of a model, as `Prepared` takes them. Raises KeyError for an unusual one."""
    fields = model._meta.concrete_fields
    return {str(field.column): _FIELD_TYPES[field.get_internal_type()] for field in fields}


class Prepared:
    """A statement with named parameters, written as `%(name)s`, each of the PostgreSQL type that `types` gives it.

    psycopg looks anew at every parameter of every call, which costs more than the statement itself where there are
    fifty of them; here each has its type from the beginning. None is NULL. Any value may be given as its text, in
    bytes, where that is known already.
    """

    def __init__(self, text: str, types: Mapping[str, str]) -> None:
        self.text, self.types = text, types
        names = tuple(dict.fromkeys(_NAME.findall(text)))
        numbers = {each: f"${place}::{types[each]}" for place, each in enumerate(names, 1)}
        self._statement = Statement(_NAME.sub(lambda found: numbers[found[1]], text))
        self._writers = tuple((each, _WRITERS[types[each]]) for each in names)
        self._formats = [_BINARY if types[each] == "bytea" else _TEXT for each in names]

    def first(self, values: Mapping[str, Any]) -> bytes | None:
        """Execute the statement; the text of the first column of its first row, None when it gives no row."""
        result = self._statement.send(self._given(values), *_connection(), self._formats)
        return _first_of(result)

    def _given(self, values: Mapping[str, Any]) -> list[Any]:
        return [
            value if (value := values[each]) is None or type(value) is bytes else write(value)
            for each, write in self._writers
        ]


def rows_of_each(asked: Sequence[tuple[Statement, Sequence[Any]]]) -> list[list[tuple[Any, ...]]]:
    """What `Statement.rows` gives for each of these, one behind the other in the same transaction, asked for at once.

    When the database refuses one, that one is raised.
    """
    through, to = _connection()
    began = time.monotonic()
    with through.wrap_database_errors:
        given = [(statement, *_dumped(to, values)) for statement, values in asked]
        parts: list[_HandIn] = [_begin] if _must_begin(to) else []
        for statement, values, _ in given:
            statement.learn(to)
            parts.append(partial(statement.hand_in, given=values, formats=None))
        results = [_checked(to, result) for result in _together(to, parts)]
    if through.queries_logged:
        took = f"{time.monotonic() - began:.3f}"
        through.queries_log.extend({"sql": _told(each.text, values), "time": took} for each, values, _ in given)
    return [_loaded(result, each[2]) for result, each in zip(results[-len(given) :], given, strict=True)]


def first_of_each(asked: Sequence[tuple[Prepared, Mapping[str, Any]]]) -> list[bytes | None]:
    """Execute statements one behind the other and commit once; what `Prepared.first` gives, for each of them.

    They are sent together, and nobody waits for an answer in between (PostgreSQL documentation, 34.5, "Pipeline Mode").
    When the database refuses one, nothing of any of them is stored, and that one is raised.
    """
    through, to = _connection()
    if len(asked) < 2 or not to.autocommit:  # a transaction of Django's is no business of ours
        return [prepared.first(values) for prepared, values in asked]
    began = time.monotonic()
    given = [(prepared, prepared._given(values)) for prepared, values in asked]
    with through.wrap_database_errors:
        parts = [partial(each._statement.hand_in, given=values, formats=each._formats) for each, values in given]
        results = _together(to, parts)
        for result in results:
            _checked(to, result)
    if through.queries_logged:
        took = f"{time.monotonic() - began:.3f}"
        told = [_told(prepared._statement.text, values) for prepared, values in given]
        through.queries_log.extend({"sql": text, "time": took} for text in told)
    return [_first_of(result) for result in results]


def _connection() -> "tuple[BaseDatabaseWrapper, psycopg.Connection[Any]]":
    """Django's connection and psycopg's. Raises what Django raises in a transaction that is broken already."""
    through = connections[DEFAULT_DB_ALIAS]
    through.close_if_health_check_failed()
    if through.connection is None:
        through.ensure_connection()
    through.validate_no_broken_transaction()
    return through, through.connection


def _dumped(to: "psycopg.Connection[Any]", values: Sequence[Any]) -> tuple[Sequence[Any], Transformer]:
    """Values as libpq takes them, and what will read the rows."""
    transformer: Transformer = NewTransformer(to)
    return transformer.dump_sequence(values, [PyFormat.TEXT] * len(values)), transformer


def _loaded(result: pq.abc.PGresult, transformer: Transformer) -> list[tuple[Any, ...]]:
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)


def _must_begin(to: "psycopg.Connection[Any]") -> bool:
    """Whether a transaction of Django's has yet to reach the database."""
    return not to.autocommit and to.pgconn.transaction_status == pq.TransactionStatus.IDLE


def _begin(to: "psycopg.Connection[Any]") -> None:
    """Put the beginning of a transaction into the pipeline: alone it would be a message and an answer of its own."""
    to.pgconn.send_query_params(b"BEGIN", ())


def _together(to: "psycopg.Connection[Any]", parts: Sequence[_HandIn]) -> list[pq.abc.PGresult]:
    """What comes of each part of a pipeline. A connection on which anything is left over afterwards is closed."""
    to.pgconn.enter_pipeline_mode()
    try:
        for hand_in in parts:
            hand_in(to)
        to.pgconn.pipeline_sync()
        results = list(_results(to.pgconn))
        to.pgconn.exit_pipeline_mode()
    except BaseException:
        to.close()
        raise
    return results


def _results(connection: pq.abc.PGconn) -> Iterator[pq.abc.PGresult]:
    """What comes out of a pipeline, up to its end. Other threads go on while this one waits."""
    readable, either = select.poll(), select.poll()
    readable.register(connection.socket, select.POLLIN)
    either.register(connection.socket, select.POLLIN | select.POLLOUT)
    while connection.flush():
        either.poll()
        connection.consume_input()
    while True:
        while connection.is_busy():
            readable.poll()
            connection.consume_input()
        result = connection.get_result()
        if result is not None and result.status == pq.ExecStatus.PIPELINE_SYNC:
            return
        if result is not None:
            yield result
        elif connection.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError(connection.get_error_message())


def _first_of(result: pq.abc.PGresult) -> bytes | None:
    return result.get_value(0, 0) if result.ntuples else None


def _checked(to: "psycopg.Connection[Any]", result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status in _GOOD:
        return result
    if to.pgconn.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError(result.get_error_message())
    raise psycopg.errors.error_from_result(result, encoding=to.info.encoding)


def _told(text: str, given: Sequence[Any]) -> str:
    """The statement with its values in it, for those who log statements."""

    def literal(found: re.Match[str]) -> str:
        value = given[int(found[1]) - 1]
        return "NULL" if value is None else "'" + bytes(value).decode(errors="replace").replace("'", "''") + "'"

    return _NUMBER.sub(literal, text)
