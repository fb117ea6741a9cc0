from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"
    label = "agents"

    def ready(self) -> None:
        """Teach the record the sentences of this app, and say what of it can be stopped."""
        from agents import links, stoppable, verbs
        from agents.gateway import verbs as call_verbs
        from agents.notes import verbs as note_verbs
        from audit.verbs import register

        register(verbs.SENTENCES)
        register(call_verbs.SENTENCES)
        register(note_verbs.SENTENCES)
        links.register_links()
        stoppable.register_own()
