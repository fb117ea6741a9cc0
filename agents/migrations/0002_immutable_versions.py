from django.db import migrations

from audit.migrations_sql import freeze, thaw


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(freeze("agents_toolversion"), thaw("agents_toolversion")),
        migrations.RunSQL(freeze("agents_agentversion"), thaw("agents_agentversion")),
    ]
