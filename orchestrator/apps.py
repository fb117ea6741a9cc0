from importlib import import_module

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate


class OrchestratorConfig(AppConfig):
    """The project as an app: management commands, template tags, checks, and the Celery application."""

    name = "orchestrator"
    label = "orchestrator"
    verbose_name = "Holdshort"

    def ready(self) -> None:
        """Make the Celery application the current one, so that `task.delay()` in a web process finds the broker."""
        import_module("orchestrator.celery")
        import_module("orchestrator.checks")
        import_module("orchestrator.bells")
        # Django sends this signal only for apps that have models, and this one has none.
        post_migrate.connect(make_cache_table, sender=apps.get_app_config("accounts"), dispatch_uid="cache-table")


def make_cache_table(using: str, **_: object) -> None:
    """After `migrate`: the table of the database cache, which Django makes by a command instead of a migration."""
    call_command("createcachetable", database=using, verbosity=0)
