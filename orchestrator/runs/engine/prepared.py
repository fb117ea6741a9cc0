"""Statements that one connection parses and plans once, and that are then sent as libpq sends them.

psycopg's cursors look anew at every parameter of every call, which costs more than the statement itself where there are
fifty of them. Here each parameter has its type from the beginning. psycopg's own module `pq` does the sending (psycopg
documentation, "libpq wrapper module"), on Django's connection and in whatever transaction it has.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connection
from psycopg import pq


def json_text(value: Any) -> bytes:
    """A JSON value as the text of a `jsonb` parameter."""
    return json.dumps(value).encode()


_NAME = re.compile(r"%\((\w+)\)s")
_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_WRITERS: dict[str, Callable[[Any], bytes]] = {
    "bigint": lambda value: b"%d" % value,
    "bigint[]": lambda values: f"{{{','.join(map(str, values))}}}".encode(),
    "float8": lambda value: str(value).encode(),
    "smallint": lambda value: b"%d" % value,
    "text": str.encode,
    "uuid": lambda value: str(value).encode(),
    "uuid[]": lambda values: f"{{{','.join(map(str, values))}}}".encode(),
    "timestamptz": lambda value: value.isoformat().encode(),
    "bytea": lambda value: value,
    "jsonb": lambda value: value if type(value) is bytes else json_text(value),
}


class Prepared:
    """One statement with named parameters, written as `%(name)s`, each of the PostgreSQL type that `types` gives it.

    None is NULL. A `jsonb` may be given as its text, in bytes, where that is known already.
    """

    def __init__(self, name: str, text: str, types: Mapping[str, str]) -> None:
        self.name, self.text, self.types = name.encode(), text, types
        names = tuple(dict.fromkeys(_NAME.findall(text)))
        numbers = {each: f"${place}::{types[each]}" for place, each in enumerate(names, 1)}
        self._command = _NAME.sub(lambda found: numbers[found[1]], text).encode()
        self._writers = tuple((each, _WRITERS[types[each]]) for each in names)
        self._formats = [_BINARY if types[each] == "bytea" else _TEXT for each in names]
        self._known: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def first(self, values: Mapping[str, Any]) -> bytes | None:
        """Execute the statement; the text of the first column of its first row, None when it gives no row.

        Raises what psycopg raises for what the database says.
        """
        connection.ensure_connection()
        to: psycopg.Connection[Any] = connection.connection
        if to not in self._known:
            _checked(to, to.pgconn.prepare(self.name, self._command))
            self._known.add(to)
        given: Any = [None if (value := values[each]) is None else write(value) for each, write in self._writers]
        result = _checked(to, to.pgconn.exec_prepared(self.name, given, self._formats))
        return result.get_value(0, 0) if result.ntuples else None


def _checked(to: "psycopg.Connection[Any]", result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        return result
    if to.pgconn.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError(result.get_error_message())
    raise psycopg.errors.error_from_result(result, encoding=to.info.encoding)
