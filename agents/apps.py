from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"
    label = "agents"

    def ready(self) -> None:
        """Teach the record the sentences of this app."""
        from agents import verbs
        from agents.gateway import verbs as call_verbs
        from audit.verbs import register

        register(verbs.SENTENCES)
        register(call_verbs.SENTENCES)
