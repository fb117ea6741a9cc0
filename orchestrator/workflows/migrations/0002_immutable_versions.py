from django.db import migrations

from audit.migrations_sql import freeze, thaw


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(freeze("workflows_workflowversion"), thaw("workflows_workflowversion")),
    ]
