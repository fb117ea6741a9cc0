from importlib import import_module

from django.apps import AppConfig


class OrchestratorConfig(AppConfig):
    """The project as an app: management commands, template tags, checks, and the Celery application."""

    name = "orchestrator"
    label = "orchestrator"
    verbose_name = "Holdshort"

    def ready(self) -> None:
        """Make the Celery application the current one, so that `task.delay()` in a web process finds the broker."""
        import_module("orchestrator.celery")
