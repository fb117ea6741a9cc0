"""The statements of the fast lane, on Django's own connection.

What they write are the same rows as the models': `Step`, `Run`, `agents.ToolCall`, `audit.Entry` and `audit.Stream`.
PostgreSQL plans a prepared statement only after a few uses once and for all; none of these is planned worse for not
knowing its values.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.chains import COLUMNS, TYPES, Chain, Link
from audit.clock import db_now
from audit.prepared import Prepared, Statement

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
    "state": "text",
    "result": "jsonb",
    "error": "text",
}
_STEP_TYPES = {
    "revision": "bigint",
    "stream": "bigint",
    "before": "bigint",
    "at": "timestamptz",
    "step": "bigint",
    "step_state": "text",
    "finished": "timestamptz",
    "input": "jsonb",
    "run": "bigint",
    "output": "jsonb",
    "until": "timestamptz",
}
_OWN = [name for name in COLUMNS if name not in ("stream_id", "at")]  # of each entry; the others they have in common
_TYPES = _CALL_TYPES | _STEP_TYPES | {f"{name}{place}": TYPES[name] for place in (1, 2) for name in _OWN}


@dataclass(frozen=True)
class Stored:
    """What one step leaves. `links` are its entry and, with `ended`, that of the run's end.

    The call of a step that has failed is stored all the same; the step then goes on in the ordinary way.
    """

    revision: int
    stream_id: int
    before: int
    at: datetime
    links: Sequence[Link]
    call: dict[str, Any]
    step_id: int
    step_state: str
    finished_at: datetime | None
    input: Any
    run_id: int
    output: Any
    ended: bool
    lane_until: datetime | None


def read(stream: str, version: int) -> tuple[int | None, Chain | None, datetime]:
    """The revision of the rules, the end of a stream (None for one that has not begun), and the database's time.

    There is no revision for a workflow version that was withdrawn, and so no lane.
    """
    row = next(iter(_END.rows((version, stream))), None)
    return (row[0], Chain(row[1], stream, row[2], bytes(row[3])), row[4]) if row else (None, None, db_now())


def claim(ref: UUID, versions: Sequence[int], owner: int, seconds: float) -> dict[str, Any] | None:
    """Take a run that nobody has touched yet and that follows one of these versions, with all that driving it needs.

    One statement and one commit; what it gives is JSON. None when the run is not like that, or somebody else has it.
    """
    found = _CLAIM.first({"ref": ref, "versions": versions, "owner": owner, "seconds": seconds, "stream": f"run:{ref}"})
    return json.loads(found) if found else None


def store(stored: Stored) -> datetime | None:
    """Store a step in one statement and one commit; the database's time, or None when nothing was stored."""
    values = {
        **stored.call,
        "revision": stored.revision,
        "stream": stored.stream_id,
        "before": stored.before,
        "at": stored.at,
        "step": stored.step_id,
        "step_state": stored.step_state,
        "finished": stored.finished_at,
        "input": stored.input,
        "run": stored.run_id,
        "output": stored.output,
        "until": stored.lane_until,
    }
    for place, link in enumerate(stored.links, 1):
        for name in _OWN:
            values[f"{name}{place}"] = link.columns[name]
    statement = _LAST_STEP if stored.ended else _STEP if stored.lane_until is None else _RENEWING_STEP
    heard = statement.first(values)
    return datetime.fromisoformat(heard.decode()) if heard else None


def _entry(place: int) -> str:
    own = ",".join(f"%({name}{place})s" for name in _OWN)
    return f"SELECT %(stream)s,%(at)s,{own} FROM chain"  # noqa: S608 - made of the names above


def _statement(entries: int, run: str = "") -> Prepared:
    """One statement: the stream moves on, or nothing happens; then everything else."""
    call = ",".join(f"%({column})s" for column in _CALL_TYPES)
    text = f"""
WITH chain AS (
  UPDATE audit_stream SET seq = %(seq{entries})s, head = %(hash{entries})s, last_at = %(at)s
  WHERE id = %(stream)s AND seq = %(before)s
    AND EXISTS (SELECT 1 FROM agents_rules WHERE id = 1 AND revision = %(revision)s)
  RETURNING id
), entry AS (
  INSERT INTO audit_entry (stream_id,at,{",".join(_OWN)})
  {" UNION ALL ".join(_entry(place) for place in range(1, entries + 1))}
), call AS (
  INSERT INTO agents_toolcall ({",".join(_CALL_TYPES)},finished_at,reason,fence,put_back,intent_at)
  SELECT {call},%(at)s,'',0,0,%(proposed_at)s FROM chain
), step AS (
  UPDATE runs_step SET state = %(step_state)s, agent_version_id = %(agent_version_id)s, input = %(input)s,
    output = %(result)s, started_at = %(proposed_at)s, finished_at = %(finished)s
  WHERE id = %(step)s AND EXISTS (SELECT 1 FROM chain)
){run}
SELECT clock_timestamp() FROM chain
"""  # noqa: S608 - made of the names above
    return Prepared(text, _TYPES)


_END = Statement("""
SELECT (SELECT revision FROM agents_rules WHERE id = 1
    AND NOT EXISTS (SELECT 1 FROM workflows_withdrawal WHERE version_id = $1)),
  s.id, s.seq, s.head, clock_timestamp() FROM audit_stream s WHERE s.key = $2
""")
_CLAIM = Prepared(
    """
WITH mine AS (
  SELECT id FROM runs_run
  WHERE ref = %(ref)s AND version = 0 AND state = 'pending' AND parent_id IS NULL AND definition IS NULL
    AND deadline_at IS NULL AND ending IS NULL AND workflow_version_id = ANY(%(versions)s)
  FOR NO KEY UPDATE SKIP LOCKED
), run AS (
  UPDATE runs_run SET state = 'running', version = 1, lane_owner = %(owner)s,
    lane_until = clock_timestamp() + make_interval(secs => %(seconds)s),
    wake_at = clock_timestamp() + make_interval(secs => %(seconds)s)
  FROM mine WHERE runs_run.id = mine.id
  RETURNING runs_run.id, runs_run.ref, runs_run.workflow_version_id, runs_run.title, runs_run.environment,
    runs_run.input, runs_run.started_by_id, runs_run.lane_until, runs_run.state, runs_run.version
)
SELECT json_build_object('run', to_json(run), 'clock', clock_timestamp(),
  'revision', (SELECT revision FROM agents_rules WHERE id = 1
     AND NOT EXISTS (SELECT 1 FROM workflows_withdrawal WHERE version_id = run.workflow_version_id)),
  'stream', stream.id, 'seq', stream.seq, 'head', encode(stream.head, 'hex'),
  'steps', (SELECT json_agg(json_build_object('id', id, 'ref', ref, 'key', key, 'kind', kind, 'title', title,
     'attempt', attempt) ORDER BY position) FROM runs_step WHERE run_id = run.id))
FROM run JOIN audit_stream stream ON stream.key = %(stream)s
""",
    {"ref": "uuid", "versions": "bigint[]", "owner": "bigint", "seconds": "float8", "stream": "text"},
)
_STEP = _statement(1)
_RENEWING_STEP = _statement(
    1,
    """, run AS (
  UPDATE runs_run SET lane_until = %(until)s, wake_at = %(until)s, version = version + 1
  WHERE id = %(run)s AND EXISTS (SELECT 1 FROM chain)
)""",
)
_LAST_STEP = _statement(
    2,
    """, run AS (
  UPDATE runs_run SET state = 'succeeded', output = %(output)s, finished_at = %(at)s,
    wake_at = NULL, lane_until = NULL, lane_owner = NULL, version = version + 1
  WHERE id = %(run)s AND EXISTS (SELECT 1 FROM chain)
)""",
)
