"""SQL that makes rows unchangeable in the database itself. Used by migrations of every app that keeps history.

`ENABLE ALWAYS` matters: an ordinary trigger is skipped by a session that sets `session_replication_role` to replica.
"""

FUNCTION = """
CREATE OR REPLACE FUNCTION holdshort_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% rows are history: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
"""


def freeze(table: str, *, but: tuple[str, ...] = (), fixed: tuple[str, ...] = ()) -> str:
    """SQL after which rows can be added, but not changed (except in the columns `but`), deleted or truncated.

    With `fixed`, only these columns may not be written, be it with the value they have. PostgreSQL tells that from the
    statement alone, which matters for a row that changes often.
    """
    names = f"OF {', '.join(fixed)} " if fixed else ""
    when = f"WHEN (to_jsonb(OLD) - {_array(but)} IS DISTINCT FROM to_jsonb(NEW) - {_array(but)})" if not fixed else ""
    return f"""
CREATE TRIGGER {table}_no_change BEFORE UPDATE {names}ON {table} FOR EACH ROW
  {when} EXECUTE FUNCTION holdshort_refuse_change();
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION holdshort_refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION holdshort_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_delete;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
"""


def _array(names: tuple[str, ...]) -> str:
    return f"ARRAY{list(names)}::text[]"


def keep(table: str) -> str:
    """SQL after which rows of a table cannot be deleted.

    Whatever refers to such a row needs no foreign key in the database to be sure of it. Each would cost a query with
    every row that refers, and a lock on the row that is referred to.
    """
    return f"""
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION holdshort_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_delete;
"""


def let_go(table: str) -> str:
    """SQL that takes `keep` back; only for undoing a migration."""
    return f"DROP TRIGGER {table}_no_delete ON {table};"


def thaw(table: str) -> str:
    """SQL that takes `freeze` back; only for undoing a migration."""
    return f"""
DROP TRIGGER {table}_no_change ON {table};
DROP TRIGGER {table}_no_delete ON {table};
DROP TRIGGER {table}_no_truncate ON {table};
"""
