from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "orchestrator.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Register the sentences of the record, and listen for sign-ins.

        The roles are made once every app is migrated and permissions exist.
        """
        from audit.verbs import register
        from orchestrator.accounts import verbs
        from orchestrator.accounts.roles import ensure_roles

        register(verbs.SENTENCES)
        import_module("orchestrator.accounts.receivers")
        post_migrate.connect(ensure_roles, dispatch_uid="ensure_roles")
