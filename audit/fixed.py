"""Queries whose SQL Django makes once, and not again for every use.

Making the SQL of a query costs Django several times what PostgreSQL needs to answer it, planning it costs PostgreSQL
several times what it needs to look, and the engine asks the same few questions again and again. What comes back are
ordinary instances of the models, with what `select_related` and `defer` say, read from the database each time.

This leans on parts of Django that are not promised to stay (`SQLCompiler`, `get_related_populators`);
tests/audit/test_fixed.py compares every answer with that of the query itself.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import count
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from psycopg.sql import Literal

from audit.prepared import Statement, rows_of_each

M = TypeVar("M", bound=Model)
A_REF, AN_ID, OTHER_ID, A_TEXT, OTHER_TEXT = UUID(int=1), 2**31 - 7, 2**31 - 9, "(a text)", "(another text)"
"""Marks: values that stand for others in the making of a query."""


class Fixed(Generic[M]):
    """A query with values that are filled in later.

    `make` gives the query for some values, each of which it uses as it is, in conditions with `=` or the like; `marks`
    are values of the right types by which they are found again in the SQL, and that stand nowhere else in it.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], *marks: Any) -> None:
        self.make, self.marks = make, marks

    def __call__(self, *values: Any) -> list[M]:
        """The rows for these values. None is no value: SQL has another condition for it."""
        return self._plan.instances(self._plan.statement.rows(self._ordered(values)))

    def first(self, *values: Any) -> M | None:
        """The first of the rows for these values."""
        return next(iter(self(*values)), None)

    def first_and(
        self, values: Sequence[Any], then: Statement, then_values: Sequence[Any]
    ) -> tuple[M | None, list[tuple[Any, ...]]]:
        """The first of the rows for these values, and what a statement that is executed after it gives."""
        rows, others = rows_of_each([(self._plan.statement, self._ordered(values)), (then, then_values)])
        return next(iter(self._plan.instances(rows)), None), others

    def _ordered(self, values: Sequence[Any]) -> list[Any]:
        if len(values) != len(self.marks):
            raise TypeError(f"This query takes {len(self.marks)} values.")
        return [values[place] for place in self._plan.order]

    @cached_property
    def _plan(self) -> "_Plan":
        return _Plan(self.make(*self.marks), self.marks)


class _Plan:
    """The SQL of a query, and how its rows become instances."""

    def __init__(self, query: QuerySet[Any], marks: Sequence[Any]) -> None:
        self.compiler = query.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, given = self.compiler.as_sql()
        self.order = [marks.index(value) for value in given if value in marks]
        if {*self.order} != {*range(len(marks))}:
            raise ValueError("A value of this query does not stand in its SQL.")
        self.statement = Statement(sql % tuple(_parts(given, marks)))
        select, info = self.compiler.select, self.compiler.klass_info
        own = info["select_fields"]
        self.model, self.own = info["model"], slice(own[0], own[-1] + 1)
        self.names = [column.target.attname for column, _, _ in select[self.own]]
        self.related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # the stub is of Django 6
        self.converters = self.compiler.get_converters([column for column, _, _ in select])

    def instances(self, rows: list[tuple[Any, ...]]) -> list[Any]:
        """The instances that rows speak of, with those they refer to."""
        found = []
        for row in self.compiler.apply_converters(rows, self.converters) if self.converters else rows:
            instance = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.own])
            for other in self.related:
                other.populate(row, instance)
            found.append(instance)
        return found


def _parts(given: Iterable[Any], marks: Sequence[Any]) -> Iterator[str]:
    """What stands in the SQL for each of its values: a number for those that are filled in, and the others themselves.

    So PostgreSQL may choose an index whose condition one of them meets.
    """
    numbers = count(1)
    for value in given:
        yield f"${next(numbers)}" if value in marks else Literal(value).as_string()


class FixedUpdate:
    """`save(update_fields=...)` of some columns of a model, for rows that are there. No signals are sent."""

    def __init__(self, model: type[Model], names: Sequence[str]) -> None:
        meta = model._meta
        self.fields = [field for field in meta.concrete_fields if field.name in names]
        columns = ", ".join(f'"{field.column}" = ${place}' for place, field in enumerate(self.fields, 1))
        last = len(self.fields) + 1
        sql = f'UPDATE "{meta.db_table}" SET {columns} WHERE "{meta.pk.column}" = ${last}'  # noqa: S608 - names of columns
        self.statement = Statement(sql)

    def __call__(self, instance: Model) -> None:
        """Write the columns of a row. Raises DatabaseError when it is not there."""
        if self.statement.count([*_values(instance, self.fields, new=False), instance.pk]) != 1:
            raise DatabaseError(f"{instance} was not there to be changed.")


class FixedInsert(Generic[M]):
    """`save()` of a new row, whose key the database gives. No signals are sent."""

    def __init__(self, model: type[M]) -> None:
        meta = model._meta
        self.fields = [field for field in meta.concrete_fields if not field.primary_key]
        columns = ", ".join(f'"{field.column}"' for field in self.fields)
        numbers = ", ".join(f"${place}" for place in range(1, len(self.fields) + 1))
        sql = f'INSERT INTO "{meta.db_table}" ({columns}) VALUES ({numbers}) RETURNING "{meta.pk.column}"'  # noqa: S608 - names of columns
        self.statement = Statement(sql)

    def __call__(self, instance: M) -> M:
        """Store a new row, and give it back with its key."""
        ((instance.pk,),) = self.statement.rows(_values(instance, self.fields, new=True))
        instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
        return instance


def _values(instance: Model, fields: Iterable[Any], *, new: bool) -> list[Any]:
    through = connections[DEFAULT_DB_ALIAS]
    return [field.get_db_prep_save(field.pre_save(instance, new), through) for field in fields]
