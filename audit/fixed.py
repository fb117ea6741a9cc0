"""Queries whose SQL Django makes once, and not again for every use.

Making the SQL of a query costs Django several times what PostgreSQL needs to answer it, and the engine asks the same
few questions again and again. What comes back are ordinary instances of the models, with what `select_related` and
`defer` say, read from the database each time.

This leans on parts of Django that are not promised to stay (`SQLCompiler`, `get_related_populators`);
tests/audit/test_fixed.py compares every answer with that of the query itself.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

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
        plan = self._plan
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, plan.filled(values))
            rows = cursor.fetchall()
        return plan.instances(rows)

    def first(self, *values: Any) -> M | None:
        """The first of the rows for these values."""
        return next(iter(self(*values)), None)

    @cached_property
    def _plan(self) -> "_Plan":
        return _Plan(self.make(*self.marks), self.marks)


class _Plan:
    """The SQL of a query, and how its rows become instances."""

    def __init__(self, query: QuerySet[Any], marks: Sequence[Any]) -> None:
        self.compiler = query.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, given = self.compiler.as_sql()
        self.given = list(given)
        self.places = [[place for place, value in enumerate(given) if value == mark] for mark in marks]
        if not all(self.places):
            raise ValueError("A value of this query does not stand in its SQL.")
        select, info = self.compiler.select, self.compiler.klass_info
        own = info["select_fields"]
        self.model, self.own = info["model"], slice(own[0], own[-1] + 1)
        self.names = [column.target.attname for column, _, _ in select[self.own]]
        self.related = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # the stub is of Django 6
        self.converters = self.compiler.get_converters([column for column, _, _ in select])

    def filled(self, values: Sequence[Any]) -> list[Any]:
        """The parameters of the SQL for these values."""
        given = list(self.given)
        for places, value in zip(self.places, values, strict=True):
            for place in places:
                given[place] = value
        return given

    def instances(self, rows: list[tuple[Any, ...]]) -> list[Any]:
        """The instances that rows speak of, with those they refer to."""
        found = []
        for row in self.compiler.apply_converters(rows, self.converters) if self.converters else rows:
            instance = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.own])
            for other in self.related:
                other.populate(row, instance)
            found.append(instance)
        return found


class FixedUpdate:
    """`save(update_fields=...)` of some columns of a model, for rows that are there. No signals are sent."""

    def __init__(self, model: type[Model], names: Sequence[str]) -> None:
        meta = model._meta
        self.fields = [field for field in meta.concrete_fields if field.name in names]
        columns = ", ".join(f'"{field.column}" = %s' for field in self.fields)
        self.sql = f'UPDATE "{meta.db_table}" SET {columns} WHERE "{meta.pk.column}" = %s'  # noqa: S608 - names of columns

    def __call__(self, instance: Model) -> None:
        """Write the columns of a row. Raises DatabaseError when it is not there."""
        values = [field.get_db_prep_save(field.pre_save(instance, False), connection) for field in self.fields]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [*values, instance.pk])
            if cursor.rowcount != 1:
                raise DatabaseError(f"{instance} was not there to be changed.")
