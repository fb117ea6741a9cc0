from django.db import migrations

from audit.migrations_sql import freeze, thaw

# Runs in the fast lane look at the number of the rules with each step. So withdrawing a version counts as a change, and
# so does another title, which reviews show.
COUNTED = "".join(
    f"""
CREATE TRIGGER {table}_counts AFTER {change} ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION holdshort_rules_changed();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_counts;
"""
    for table, change in (("workflows_withdrawal", "INSERT"), ("workflows_workflow", "UPDATE"))
)
UNCOUNTED = """
DROP TRIGGER workflows_workflow_counts ON workflows_workflow;
DROP TRIGGER workflows_withdrawal_counts ON workflows_withdrawal;
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial"), ("audit", "0002_append_only"), ("agents", "0003_rules")]

    operations = [
        migrations.RunSQL(freeze("workflows_workflowversion"), thaw("workflows_workflowversion")),
        migrations.RunSQL(freeze("workflows_withdrawal"), thaw("workflows_withdrawal")),
        migrations.RunSQL(COUNTED, UNCOUNTED),
    ]
