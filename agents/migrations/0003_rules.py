"""The database counts every change of what decides what agents may do, whoever makes it and however."""

from django.conf import settings
from django.db import migrations

COUNT = """
CREATE SEQUENCE agents_rules_revision;
INSERT INTO agents_rules (id, revision) VALUES (1, nextval('agents_rules_revision'));
CREATE FUNCTION holdshort_rules_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO agents_rules (id, revision) VALUES (1, nextval('agents_rules_revision'))
    ON CONFLICT (id) DO UPDATE SET revision = excluded.revision;
  RETURN NULL;
END $$;
"""
UNCOUNT = """
DROP FUNCTION holdshort_rules_changed() CASCADE;
DROP SEQUENCE agents_rules_revision;
DELETE FROM agents_rules;
"""
WATCHED = {
    "agents_agent": "INSERT OR UPDATE OR DELETE OR TRUNCATE",
    "agents_agentversion": "UPDATE OR DELETE OR TRUNCATE",
    "agents_connection": "INSERT OR UPDATE OR DELETE OR TRUNCATE",
    "agents_grant": "INSERT OR UPDATE OR DELETE OR TRUNCATE",
    "agents_stop": "INSERT OR UPDATE OR DELETE OR TRUNCATE",
    "agents_tool": "INSERT OR UPDATE OR DELETE OR TRUNCATE",
    "agents_toolversion": "UPDATE OR DELETE OR TRUNCATE",
    "accounts_user": "UPDATE OF is_active, email, name OR DELETE OR TRUNCATE",
    "auth_group": "UPDATE OR DELETE OR TRUNCATE",
    "accounts_user_groups": "INSERT OR UPDATE OR DELETE OR TRUNCATE",
    "guardian_groupobjectpermission": "INSERT OR UPDATE OR DELETE OR TRUNCATE",
    "guardian_userobjectpermission": "INSERT OR UPDATE OR DELETE OR TRUNCATE",
}


def watch(table: str, changes: str) -> str:
    """SQL after which changes of a table are counted, also in a session that plays the part of a replica."""
    return f"""
CREATE TRIGGER {table}_counts AFTER {changes} ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION holdshort_rules_changed();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_counts;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0002_immutable_versions"),
        ("guardian", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(COUNT, UNCOUNT),
        *(migrations.RunSQL(watch(table, changes), migrations.RunSQL.noop) for table, changes in WATCHED.items()),
    ]
