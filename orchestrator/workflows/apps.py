from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "orchestrator.workflows"
    label = "workflows"

    def ready(self) -> None:
        """Teach the record the sentences of this app and where its things are found; say how they are stopped."""
        from audit.verbs import register
        from orchestrator.workflows import links, stopping, verbs

        register(verbs.SENTENCES)
        links.register_links()
        stopping.register_workflows()
