"""The statements of the fast lane, on Django's own connection.

What they write are the same rows as the models': `Step`, `Run`, `agents.ToolCall`, `approvals.Review`, `audit.Entry`
and `audit.Stream`.
PostgreSQL plans a prepared statement once and for all, perhaps while the tables are empty and every index looks as good
as any other. So the run that goes on after a question is looked for by the indexes that name it and by no others,
however many runs wait: `|| ''`, `+ 0` and `OFFSET 0` hide the rest of what is asked from the planner.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from approvals.access import DECIDE
from approvals.models import Review, ReviewGroupPermission, ReviewUserPermission
from audit.chains import COLUMNS, TYPES, Chain, Link
from audit.clock import db_now
from audit.prepared import Prepared, Statement, first_of_each, types_of

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
_CHANGE_TYPES = {"revision": "bigint", "stream": "bigint", "before": "bigint", "at": "timestamptz"}
_STEP_TYPES = {
    "step": "bigint",
    "step_state": "text",
    "finished": "timestamptz",
    "input": "jsonb",
    "run": "bigint",
    "output": "jsonb",
    "until": "timestamptz",
    "review": "bigint",
    "asked": "bigint",
    "answer": "jsonb",
}
_REVIEW_TYPES = types_of(Review)
_REVIEW_NAMES = {str(field.column): field.attname for field in Review._meta.concrete_fields}
_OWN = [name for name in COLUMNS if name not in ("stream_id", "at")]  # of each entry; the others they have in common
_ENTRY_TYPES = {f"{name}{place}": TYPES[name] for place in (1, 2, 3) for name in _OWN}


@dataclass(frozen=True)
class Change:
    """What every statement that stores something has: the entries, and what it depends on.

    It stores nothing unless the last entry of the stream is number `before` and the rules are at `revision`.
    """

    revision: int
    stream_id: int
    before: int
    at: datetime
    links: Sequence[Link]


@dataclass(frozen=True)
class Stored(Change):
    """What one call leaves. `links` are its entry and, with `ended`, that of the run's end.

    With `answer`, the question that was before it ends, and its entry comes first. The call of a step that failed is
    stored all the same; the step then goes on in the ordinary way.
    """

    call: dict[str, Any]
    step_id: int
    step_state: str
    finished_at: datetime | None
    input: Any
    run_id: int
    output: Any
    ended: bool
    lane_until: datetime | None
    answer: "Answer | None" = None


@dataclass(frozen=True)
class Answer:
    """What a person has answered, to which review, and the step that it ends."""

    review_id: int
    step_id: int
    output: Any


def try_out() -> None:
    """Have this connection parse and plan what it will need: each statement is used twice, for a row that is not there.

    A comparison with NULL is never true, so nothing is found and nothing is stored.
    """
    for statement in (_CLAIM, _RESUME, _ASK_TEAM, _ASK_PERSON, *_CALLED.values()):
        for _ in range(2):
            statement.first(dict.fromkeys(statement.types))


def read(stream: str, version: int) -> tuple[int | None, Chain | None, datetime]:
    """The revision of the rules, the end of a stream (None for one that has not begun), and the database's time.

    There is no revision for a workflow version that was withdrawn, and so no lane.
    """
    row = next(iter(_END.rows((version, stream))), None)
    return (row[0], Chain(row[1], stream, row[2], bytes(row[3])), row[4]) if row else (None, None, db_now())


def claim(refs: Sequence[UUID], versions: Sequence[int], owner: int, seconds: float) -> list[dict[str, Any]]:
    """Take runs that nobody has touched yet and that follow one of these versions, with all that driving them needs.

    One statement and one commit; what it gives is JSON. A run that is not like that, or that somebody else has, is not
    among them.
    """
    found = _CLAIM.first({"refs": refs, "versions": versions, "owner": owner, "seconds": seconds})
    return json.loads(found) if found else []


def resume(ref: UUID, versions: Sequence[int], owner: int, seconds: float) -> dict[str, Any] | None:
    """Take a run of one of these versions that waits for nothing but one question, which was answered.

    One statement and one commit; what it gives is JSON. The answer is not taken up yet. None when the run is not like
    that, or somebody else has it.
    """
    values = {"ref": ref, "versions": versions, "owner": owner, "seconds": seconds, "stream": f"run:{ref}"}
    found = _RESUME.first(values)
    return json.loads(found) if found else None


def store(changes: "Sequence[Stored | Asking]") -> list[datetime | None]:
    """Store calls with their steps, and questions, each of another run: a statement for each, one commit for all.

    For each the database's time, or None for nothing stored.
    """
    asked = [_of_question(change) if isinstance(change, Asking) else _of_call(change) for change in changes]
    return [datetime.fromisoformat(clock.decode()) if clock else None for clock in first_of_each(asked)]


def _of_call(stored: Stored) -> tuple[Prepared, dict[str, Any]]:
    """The statement that stores a call, and its values."""
    run = "ends" if stored.ended else "renews" if stored.lane_until else ""
    answer = stored.answer
    heard = {"review": answer.review_id, "asked": answer.step_id, "answer": answer.output} if answer else {}
    values = {
        **heard,
        "step": stored.step_id,
        "step_state": stored.step_state,
        "finished": stored.finished_at,
        "input": stored.input,
        "run": stored.run_id,
        "output": stored.output,
        "until": stored.lane_until,
    }
    return _CALLED[run, answer is not None], _with_entries(stored, {**stored.call, **values})


@dataclass(frozen=True)
class Asking(Change):
    """A review, of a step that waits for it now, as its run does."""

    step_id: int
    input: Any
    run_id: int
    review: Review
    dossier: bytes


def next_review() -> int:
    """A key for a review that is about to be stored. One that is not stored leaves a gap."""
    return int(_NEXT_REVIEW.rows()[0][0])


def _of_question(asked: Asking) -> tuple[Prepared, dict[str, Any]]:
    """The statement that stores a question, and its values."""
    review = asked.review
    values = {"step": asked.step_id, "input": asked.input, "run": asked.run_id}
    values |= {column: getattr(review, name) for column, name in _REVIEW_NAMES.items()}
    values["dossier"] = asked.dossier
    return _ASK_TEAM if review.team_id else _ASK_PERSON, _with_entries(asked, values)


def _with_entries(change: Change, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a change, and those of what all changes have."""
    values |= {"revision": change.revision, "stream": change.stream_id, "before": change.before, "at": change.at}
    for place, link in enumerate(change.links, 1):
        for name in _OWN:
            values[f"{name}{place}"] = link.columns[name]
    return values


def _entry(place: int) -> str:
    own = ",".join(f"%({name}{place})s" for name in _OWN)
    return f"SELECT %(stream)s,%(at)s,{own} FROM chain"  # noqa: S608 - made of the names above


_LOCK_RUN = """locked AS (
  SELECT id FROM runs_run WHERE id = %(run)s FOR NO KEY UPDATE
), """
_LOCK_REVIEW = """run_locked AS (
  SELECT id FROM runs_run WHERE id = %(run)s FOR NO KEY UPDATE
), locked AS (
  SELECT id FROM approvals_review WHERE id = %(review)s AND EXISTS (SELECT 1 FROM run_locked) FOR NO KEY UPDATE
), """


def _statement(entries: int, then: str, types: Mapping[str, str], lock: str = "") -> Prepared:
    """One statement: the stream moves on, or nothing happens; then its entries and everything else.

    What it changes of the run and a review is locked before the stream, as everybody does (docs/decisions/engine.md).
    """
    text = f"""
WITH {lock}chain AS (
  UPDATE audit_stream SET seq = %(seq{entries})s, head = %(hash{entries})s, last_at = %(at)s
  WHERE id = %(stream)s AND seq = %(before)s{" AND EXISTS (SELECT 1 FROM locked)" if lock else ""}
    AND EXISTS (SELECT 1 FROM agents_rules WHERE id = 1 AND revision = %(revision)s)
  RETURNING id
), entry AS (
  INSERT INTO audit_entry (stream_id,at,{",".join(_OWN)})
  {" UNION ALL ".join(_entry(place) for place in range(1, entries + 1))}
), {then}
SELECT clock_timestamp() FROM chain
"""  # noqa: S608 - made of the names above
    return Prepared(text, {**_ENTRY_TYPES, **_CHANGE_TYPES, **types})


_RUN_CHANGES = {
    "": "",
    "renews": """, run AS (
  UPDATE runs_run SET lane_until = %(until)s, wake_at = %(until)s, version = version + 1
  WHERE id = %(run)s AND EXISTS (SELECT 1 FROM chain)
)""",
    "ends": """, run AS (
  UPDATE runs_run SET state = 'succeeded', output = %(output)s, finished_at = %(at)s,
    wake_at = NULL, lane_until = NULL, lane_owner = NULL, version = version + 1
  WHERE id = %(run)s AND EXISTS (SELECT 1 FROM chain)
)""",
}
_HEARD = """, review AS (
  UPDATE approvals_review SET delivered_at = %(at)s WHERE id = %(review)s AND EXISTS (SELECT 1 FROM chain)
), asked AS (
  UPDATE runs_step SET state = 'succeeded', output = %(answer)s, finished_at = %(at)s, fence = fence + 1
  WHERE id = %(asked)s AND EXISTS (SELECT 1 FROM chain)
)"""


def _after_call(run: str, heard: bool) -> Prepared:
    """The statement of a call and its step, perhaps of a change of the run, and of the answer that came before."""
    call = ",".join(f"%({column})s" for column in _CALL_TYPES)
    then = f"""call AS (
  INSERT INTO agents_toolcall ({",".join(_CALL_TYPES)},finished_at,reason,fence,put_back,intent_at)
  SELECT {call},%(at)s,'',0,0,%(proposed_at)s FROM chain
), step AS (
  UPDATE runs_step SET state = %(step_state)s, agent_version_id = %(agent_version_id)s, input = %(input)s,
    output = %(result)s, started_at = %(proposed_at)s, finished_at = %(finished)s
  WHERE id = %(step)s AND EXISTS (SELECT 1 FROM chain)
){_RUN_CHANGES[run]}{_HEARD if heard else ""}"""  # noqa: S608 - made of the names above
    lock = _LOCK_REVIEW if heard else _LOCK_RUN if run else ""
    return _statement(1 + (run == "ends") + heard, then, _CALL_TYPES | _STEP_TYPES, lock)


def _asking(model: type[Model], whom: str) -> Prepared:
    """The statement of a question to a team or a person: the review, the right to decide it, the step, the run."""
    columns = tuple(_REVIEW_NAMES)
    then = f"""review AS (
  INSERT INTO approvals_review ({",".join(columns)})
  SELECT {",".join(f"%({column})s" for column in columns)} FROM chain
), put AS (
  INSERT INTO {model._meta.db_table} (permission_id, {whom}_id, content_object_id)
  SELECT permission.id, %({"team" if whom == "group" else "person"}_id)s, %(id)s FROM chain, auth_permission permission
  JOIN django_content_type type ON type.id = permission.content_type_id
  WHERE type.app_label = 'approvals' AND permission.codename = '{DECIDE}'
), step AS (
  UPDATE runs_step SET state = 'waiting', started_at = %(at)s, input = %(input)s, review_id = %(id)s, fence = fence + 1
  WHERE id = %(step)s AND EXISTS (SELECT 1 FROM chain)
), run AS (
  UPDATE runs_run SET state = 'waiting', wake_at = %(expires_at)s, lane_until = NULL, lane_owner = NULL,
    version = version + 1
  WHERE id = %(run)s AND EXISTS (SELECT 1 FROM chain)
)"""  # noqa: S608 - made of the names above
    return _statement(2, then, _REVIEW_TYPES | {"step": "bigint", "input": "jsonb", "run": "bigint"}, _LOCK_RUN)


_END = Statement("""
SELECT (SELECT revision FROM agents_rules WHERE id = 1
    AND NOT EXISTS (SELECT 1 FROM workflows_withdrawal WHERE version_id = $1)),
  s.id, s.seq, s.head, clock_timestamp() FROM audit_stream s WHERE s.key = $2
""")
_NEXT_REVIEW = Statement("SELECT nextval('approvals_review_id_seq')")
_FOUND = """json_build_object('run', to_json(run), 'clock', clock_timestamp(),
  'revision', (SELECT revision FROM agents_rules WHERE id = 1
     AND NOT EXISTS (SELECT 1 FROM workflows_withdrawal WHERE version_id = run.workflow_version_id)),
  'stream', stream.id, 'seq', stream.seq, 'head', encode(stream.head, 'hex')"""
_RUN = ", ".join(
    f"runs_run.{name}"
    for name in (
        *("id", "ref", "workflow_version_id", "title", "environment", "input", "started_by_id", "lane_until"),
        *("state", "version", "input_tokens", "output_tokens"),
    )
)
_RUN += ", runs_run.cost::text AS cost"  # a number of JSON would lose its decimals
_BRIEF = (
    "json_build_object('id', step.id, 'ref', step.ref, 'key', step.key, 'position', step.position, 'kind', step.kind,"
    " 'title', step.title, 'attempt', step.attempt)"
)
_TAKEN = """lane_owner = %(owner)s, lane_until = clock_timestamp() + make_interval(secs => %(seconds)s),
    wake_at = clock_timestamp() + make_interval(secs => %(seconds)s)"""
_UNHURRIED = """unhurried AS (
  SELECT set_config('synchronous_commit', 'off', true)
)"""
"""A claim need not be on the disk: what is stored next takes it there, and until then nothing has come of it.

PostgreSQL documentation, 30.4, "Asynchronous Commit".
"""
_CLAIM = Prepared(
    f"""
WITH {_UNHURRIED}, mine AS (
  SELECT id FROM runs_run
  WHERE ref = ANY(%(refs)s) AND version = 0 AND state = 'pending' AND parent_id IS NULL AND definition IS NULL
    AND deadline_at IS NULL AND ending IS NULL AND workflow_version_id = ANY(%(versions)s)
  FOR NO KEY UPDATE SKIP LOCKED
), run AS (
  UPDATE runs_run SET state = 'running', version = 1, {_TAKEN}
  FROM mine, unhurried WHERE runs_run.id = mine.id
  RETURNING {_RUN}
)
SELECT json_agg({_FOUND},
  'steps', (SELECT json_agg(json_build_object('key', step.key, 'brief', {_BRIEF}) ORDER BY step.position)
     FROM runs_step step WHERE step.run_id = run.id)) ORDER BY run.id)
FROM run JOIN audit_stream stream ON stream.key = 'run:' || run.ref
""",  # noqa: S608 - made of the names above
    {"refs": "uuid[]", "versions": "bigint[]", "owner": "bigint", "seconds": "float8"},
)
_RESUME = Prepared(
    f"""
WITH {_UNHURRIED}, mine AS (
  SELECT runs_run.id, asked.key, review.id AS review_id, decision.answer FROM runs_run
  CROSS JOIN LATERAL (SELECT * FROM runs_step WHERE run_id = runs_run.id OFFSET 0) asked
  CROSS JOIN LATERAL (SELECT * FROM approvals_review WHERE id = asked.review_id OFFSET 0) review
  CROSS JOIN LATERAL (
    SELECT * FROM approvals_decision WHERE review_id = review.id AND undone_at IS NULL OFFSET 0
  ) decision
  WHERE runs_run.ref = %(ref)s AND runs_run.state || '' = 'waiting' AND troubles = 0 AND parent_id IS NULL
    AND definition IS NULL AND runs_run.deadline_at IS NULL AND ending IS NULL AND lane_owner IS NULL
    AND workflow_version_id + 0 = ANY(%(versions)s)
    AND asked.state = 'waiting' AND asked.kind = 'human'
    AND review.delivered_at IS NULL AND review.kind = 'form' AND review.state = 'answered'
    AND decision.held_until <= clock_timestamp()
    AND NOT EXISTS (SELECT 1 FROM runs_step other WHERE other.run_id = runs_run.id AND other.id <> asked.id
      AND other.state IN ('running', 'waiting', 'resting'))
  FOR NO KEY UPDATE OF runs_run SKIP LOCKED
), run AS (
  UPDATE runs_run SET state = 'running', version = version + 1, {_TAKEN}
  FROM mine, unhurried WHERE runs_run.id = mine.id
  RETURNING {_RUN}
)
SELECT {_FOUND}, 'heard', mine.key, 'review', mine.review_id, 'answer', mine.answer,
  'steps', (SELECT json_agg(json_build_object('key', step.key, 'brief', {_BRIEF}, 'became', json_build_object(
     'state', step.state, 'output', step.output, 'reason', step.reason, 'ended', step.finished_at))
     ORDER BY step.position) FROM runs_step step WHERE step.run_id = run.id))
FROM run JOIN mine ON mine.id = run.id JOIN audit_stream stream ON stream.key = %(stream)s
""",  # noqa: S608 - made of the names above
    {"ref": "uuid", "versions": "bigint[]", "owner": "bigint", "seconds": "float8", "stream": "text"},
)
_CALLED = {(run, heard): _after_call(run, heard) for run in _RUN_CHANGES for heard in (False, True)}
_ASK_TEAM, _ASK_PERSON = _asking(ReviewGroupPermission, "group"), _asking(ReviewUserPermission, "user")
