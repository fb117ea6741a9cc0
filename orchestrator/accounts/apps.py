from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "orchestrator.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Register the sentences of the record; make the roles once every app is migrated and permissions exist."""
        from audit.verbs import register
        from orchestrator.accounts import verbs
        from orchestrator.accounts.roles import ensure_roles

        register(verbs.SENTENCES)
        post_migrate.connect(ensure_roles, dispatch_uid="ensure_roles")
