from django.db import migrations

from audit.migrations_sql import FUNCTION, freeze, thaw


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION holdshort_refuse_change()"),
        migrations.RunSQL(freeze("audit_entry"), thaw("audit_entry")),
        migrations.RunSQL(freeze("audit_stream", fixed=("id", "key")), thaw("audit_stream")),
        # The end of a chain moves with every entry: room on its page lets PostgreSQL leave the indexes alone (HOT).
        migrations.RunSQL("ALTER TABLE audit_stream SET (fillfactor = 50)", migrations.RunSQL.noop),
    ]
