"""The statements of the fast lane, on Django's own connection.

What they write are the same rows as the models': `Step`, `Run`, `agents.ToolCall`, `audit.Entry` and `audit.Stream`.
They are prepared once in each connection, so that PostgreSQL parses and plans them once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from audit.chains import COLUMNS, Chain, Link
from audit.clock import db_now

_ENTRY_TYPES = {
    "stream_id": "bigint",
    "seq": "bigint",
    "at": "timestamptz",
    "payload": "bytea",
    "previous": "bytea",
    "hash": "bytea",
}
_CALL_TYPES = {
    "ref": "uuid",
    "agent_version_id": "bigint",
    "tool_version_id": "bigint",
    "tool_name": "text",
    "environment": "text",
    "run_ref": "uuid",
    "step_ref": "uuid",
    "within": "uuid[]",
    "step_began_at": "timestamptz",
    "call_key": "text",
    "review_from": "smallint",
    "arguments": "bytea",
    "digest": "text",
    "trace": "jsonb",
    "risk": "jsonb",
    "proposed_at": "timestamptz",
    "finished_at": "timestamptz",
    "state": "text",
    "result": "jsonb",
    "error": "text",
}
_LETTERS = "ab"  # short names: psycopg forgets how it read a statement of more than 4,096 characters
_JSON = {name for name, kind in _CALL_TYPES.items() if kind == "jsonb"}


@dataclass(frozen=True)
class Stored:
    """What one step leaves. `links` are its entry and, with `ended`, that of the run's end.

    The call of a step that has failed is stored all the same; the step then goes on in the ordinary way.
    """

    revision: int
    stream_id: int
    before: int
    links: Sequence[Link]
    call: dict[str, Any]
    step_id: int
    step_state: str
    finished_at: datetime | None
    agent_version_id: int
    input: Any
    started_at: datetime
    run_id: int
    output: Any
    ended: bool
    lane_until: datetime | None


def read(stream: str) -> tuple[int | None, Chain | None, datetime]:
    """The revision of the rules, the end of a stream (None for one that has not begun), and the database's time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT (SELECT revision FROM agents_rules WHERE id = 1), s.id, s.seq, s.head,
               clock_timestamp() FROM audit_stream s WHERE s.key = %s""",
            [stream],
        )
        row = cursor.fetchone()
    return (row[0], Chain(row[1], stream, row[2], bytes(row[3])), row[4]) if row else (None, None, db_now())


def claim(ref: UUID, versions: Sequence[int], owner: int, seconds: float) -> dict[str, Any] | None:
    """Take a run that nobody has touched yet and that follows one of these versions, with all that driving it needs.

    One statement and one commit; None when the run is not like that, or somebody else has it.
    """
    connection.ensure_connection()
    values = {"ref": ref, "versions": list(versions), "owner": owner, "seconds": seconds, "stream": f"run:{ref}"}
    with psycopg.Cursor(connection.connection, row_factory=dict_row) as cursor:
        found: dict[str, Any] | None = cursor.execute(_CLAIM, values, prepare=True).fetchone()
    return found


def store(stored: Stored) -> datetime | None:
    """Store a step in one statement and one commit; the database's time, or None when nothing was stored."""
    entries = {
        f"{_LETTERS[place]}{number}": link.columns[name]
        for place, link in enumerate(stored.links)
        for number, name in enumerate(COLUMNS)
    }
    call = {name: Jsonb(value) if name in _JSON and value is not None else value for name, value in stored.call.items()}
    last = stored.links[-1].columns
    values = {
        **entries,
        **call,
        "revision": stored.revision,
        "stream": stored.stream_id,
        "before": stored.before,
        "last_seq": last["seq"],
        "last_hash": last["hash"],
        "last_at": last["at"],
        "step": stored.step_id,
        "step_state": stored.step_state,
        "finished": stored.finished_at,
        "version": stored.agent_version_id,
        "input": Jsonb(stored.input),
        "started": stored.started_at,
        "run": stored.run_id,
    }
    text = _STEP
    if stored.ended:
        text, values["output"] = _LAST_STEP, Jsonb(stored.output)
    elif stored.lane_until is not None:
        text, values["until"] = _RENEWING_STEP, stored.lane_until
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(text, values, prepare=True).fetchone()
    return row[0] if row else None


def _entry(place: int) -> str:
    types = (_ENTRY_TYPES.get(name, "text") for name in COLUMNS)
    values = (f"%({_LETTERS[place]}{number})s::{kind}" for number, kind in enumerate(types))
    return f"SELECT {','.join(values)} FROM chain"  # noqa: S608 - made of the names above


def _statement(entries: int, run: str = "") -> str:
    """One statement: the stream moves on, or nothing happens; then everything else."""
    names = ",".join(_CALL_TYPES)
    call = ",".join(f"%({name})s::{kind}" for name, kind in _CALL_TYPES.items())
    return f"""
WITH chain AS (
  UPDATE audit_stream SET seq = %(last_seq)s::bigint, head = %(last_hash)s::bytea, last_at = %(last_at)s::timestamptz
  WHERE id = %(stream)s::bigint AND seq = %(before)s::bigint
    AND EXISTS (SELECT 1 FROM agents_rules WHERE id = 1 AND revision = %(revision)s::bigint)
  RETURNING id
), entry AS (
  INSERT INTO audit_entry ({",".join(COLUMNS)}) {" UNION ALL ".join(_entry(place) for place in range(entries))}
), call AS (
  INSERT INTO agents_toolcall ({names}, reason, fence, put_back, intent_at)
  SELECT {call}, '', 0, 0, %(proposed_at)s::timestamptz FROM chain
), step AS (
  UPDATE runs_step SET state = %(step_state)s::text, agent_version_id = %(version)s::bigint, input = %(input)s::jsonb,
    output = %(result)s::jsonb, started_at = %(started)s::timestamptz, finished_at = %(finished)s::timestamptz
  WHERE id = %(step)s::bigint AND EXISTS (SELECT 1 FROM chain)
){run}
SELECT clock_timestamp() FROM chain
"""  # noqa: S608 - made of the names above


# Django has texts come out of jsonb columns, for its own fields to read; json comes out as a value.
_CLAIM = """
WITH mine AS (
  SELECT id FROM runs_run
  WHERE ref = %(ref)s::uuid AND version = 0 AND state = 'pending' AND parent_id IS NULL AND definition IS NULL
    AND deadline_at IS NULL AND ending IS NULL AND workflow_version_id = ANY(%(versions)s::bigint[])
  FOR NO KEY UPDATE SKIP LOCKED
), run AS (
  UPDATE runs_run SET state = 'running', version = 1, lane_owner = %(owner)s::bigint,
    lane_until = clock_timestamp() + make_interval(secs => %(seconds)s::float8),
    wake_at = clock_timestamp() + make_interval(secs => %(seconds)s::float8)
  FROM mine WHERE runs_run.id = mine.id
  RETURNING runs_run.id, runs_run.ref, runs_run.workflow_version_id, runs_run.title, runs_run.environment,
    runs_run.input::json, runs_run.started_by_id, runs_run.lane_until, runs_run.state, runs_run.version
)
SELECT run.*, clock_timestamp() AS clock, (SELECT revision FROM agents_rules WHERE id = 1) AS revision,
  stream.id AS stream_id, stream.seq AS seq, stream.head AS head,
  (SELECT json_agg(json_build_object('id', id, 'ref', ref, 'key', key, 'kind', kind, 'title', title,
     'attempt', attempt) ORDER BY position) FROM runs_step WHERE run_id = run.id) AS steps
FROM run JOIN audit_stream stream ON stream.key = %(stream)s::text
"""
_STEP = _statement(1)
_RENEWING_STEP = _statement(
    1,
    """, run AS (
  UPDATE runs_run SET lane_until = %(until)s::timestamptz, wake_at = %(until)s::timestamptz, version = version + 1
  WHERE id = %(run)s::bigint AND EXISTS (SELECT 1 FROM chain)
)""",
)
_LAST_STEP = _statement(
    2,
    """, run AS (
  UPDATE runs_run SET state = 'succeeded', output = %(output)s::jsonb, finished_at = %(last_at)s::timestamptz,
    wake_at = NULL, lane_until = NULL, lane_owner = NULL, version = version + 1
  WHERE id = %(run)s::bigint AND EXISTS (SELECT 1 FROM chain)
)""",
)
