from django.db import migrations

from audit.migrations_sql import freeze, thaw

# Runs in the fast lane look at the number of the rules with each step, so withdrawing a version counts as a change.
COUNTED = """
CREATE TRIGGER workflows_withdrawal_counts AFTER INSERT ON workflows_withdrawal
  FOR EACH STATEMENT EXECUTE FUNCTION holdshort_rules_changed();
ALTER TABLE workflows_withdrawal ENABLE ALWAYS TRIGGER workflows_withdrawal_counts;
"""
UNCOUNTED = "DROP TRIGGER workflows_withdrawal_counts ON workflows_withdrawal;"


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial"), ("audit", "0002_append_only"), ("agents", "0003_rules")]

    operations = [
        migrations.RunSQL(freeze("workflows_workflowversion"), thaw("workflows_workflowversion")),
        migrations.RunSQL(freeze("workflows_withdrawal"), thaw("workflows_withdrawal")),
        migrations.RunSQL(COUNTED, UNCOUNTED),
    ]
