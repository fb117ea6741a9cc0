from importlib import import_module

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "orchestrator.runs"
    label = "runs"

    def ready(self) -> None:
        """Register the sentences of the record, and how runs are found, counted and stopped; listen for decisions."""
        from agents.notes import places
        from audit.verbs import register
        from orchestrator.runs import activity, links, noting, stopping, verbs

        register(verbs.SENTENCES)
        links.register_links()
        activity.register_activity()
        places.register(noting.place_of)
        stopping.register_runs()
        import_module("orchestrator.runs.receivers")
