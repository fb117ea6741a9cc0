"""Many runs that wait for a person, made by the database itself as copies of one."""

from typing import Any

from django.db import connection
from django.db.models import Model

from approvals.models import Review, ReviewGroupPermission
from audit.models import Entry, Stream
from orchestrator.runs.models import Run, Step


def park(run: Run, count: int) -> None:
    """So many more runs like this one, each with its steps, its open review and its record (which does not hold)."""
    review = Review.objects.get(run_ref=run.ref)
    stream = Stream.objects.get(key=f"run:{run.ref}")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TEMPORARY TABLE parked AS
            SELECT gen_random_uuid() AS run, nextval('runs_run_id_seq') AS run_id,
                nextval('approvals_review_id_seq') AS review_id, nextval('audit_stream_id_seq') AS stream_id
            FROM generate_series(1, %s)
            """,
            [count],
        )
        _copy(cursor, run, id="p.run_id", ref="p.run")
        _copy(cursor, stream, id="p.stream_id", key="'run:' || p.run")
        _copy(cursor, review, id="p.review_id", ref="gen_random_uuid()", run_ref="p.run")
        for step in Step.objects.filter(run=run):
            changes = {"ref": "gen_random_uuid()", "run_id": "p.run_id"}
            _copy(cursor, step, **changes | ({"review_id": "p.review_id"} if step.review_id else {}))
        for entry in Entry.objects.filter(stream=stream):
            _copy(cursor, entry, stream_id="p.stream_id")
        for asked in ReviewGroupPermission.objects.filter(content_object=review):
            _copy(cursor, asked, content_object_id="p.review_id")
        cursor.execute("DROP TABLE parked")
        cursor.execute("VACUUM ANALYZE")  # as autovacuum does in a database that lives


def _copy(cursor: Any, row: Model, **changes: str) -> None:
    """A copy of a row for each parked run, with these columns changed."""
    columns_of = (field.column or "" for field in row._meta.concrete_fields)
    fields = [column for column in columns_of if column != "id" or "id" in changes]
    values = ", ".join(changes.get(column, f'r."{column}"') for column in fields)
    columns = ", ".join(f'"{column}"' for column in fields)
    table = row._meta.db_table
    sql = f'INSERT INTO "{table}" ({columns}) SELECT {values} FROM parked p, "{table}" r WHERE r.id = %s'
    cursor.execute(sql, [row.pk])
