from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "orchestrator.runs"
    label = "runs"

    def ready(self) -> None:
        """Register the sentences of the record and the addresses of runs, and listen for decisions."""
        from audit.verbs import register
        from orchestrator.runs import links, receivers, verbs

        register(verbs.SENTENCES)
        links.register_links()
        assert receivers.advance_due_run
