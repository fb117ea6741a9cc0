from django.db import migrations

from audit.migrations_sql import freeze, keep, let_go, thaw


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(freeze("runs_turn"), thaw("runs_turn")),
        migrations.RunSQL(freeze("runs_attempt"), thaw("runs_attempt")),
        migrations.RunSQL(keep("runs_run"), let_go("runs_run")),
        # A step changes a few times and then never: room on its page lets PostgreSQL leave the indexes alone (HOT).
        migrations.RunSQL("ALTER TABLE runs_step SET (fillfactor = 70)", migrations.RunSQL.noop),
    ]
