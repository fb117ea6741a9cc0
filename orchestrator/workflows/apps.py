from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "orchestrator.workflows"
    label = "workflows"

    def ready(self) -> None:
        """Teach the record the sentences of this app."""
        from audit.verbs import register
        from orchestrator.workflows import verbs

        register(verbs.SENTENCES)
