from django.db import migrations

from audit.migrations_sql import freeze, keep, let_go, thaw


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(freeze("approvals_decision", but=("undone_at",)), thaw("approvals_decision")),
        migrations.RunSQL(freeze("approvals_comment"), thaw("approvals_comment")),
        migrations.RunSQL(keep("approvals_review"), let_go("approvals_review")),
    ]
