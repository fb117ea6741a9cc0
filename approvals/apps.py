from importlib import import_module

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "approvals"
    label = "approvals"

    def ready(self) -> None:
        """Tell the layers below what this app knows: its sentences, who consented, what a changed contract voids.

        Then listen for decisions.
        """
        from agents import consent, hooks
        from approvals import consents, verbs
        from approvals.actions.closing import void_for
        from audit.verbs import register

        register(verbs.SENTENCES)
        consent.register(consents.consent_for)
        hooks.on_contracts_changed(void_for)
        import_module("approvals.receivers")
