from importlib import import_module

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "orchestrator.runs"
    label = "runs"

    def ready(self) -> None:
        """Register the sentences of the record, where runs are found and how they are counted; listen for decisions."""
        from audit.verbs import register
        from orchestrator.runs import activity, links, verbs

        register(verbs.SENTENCES)
        links.register_links()
        activity.register_activity()
        import_module("orchestrator.runs.receivers")
